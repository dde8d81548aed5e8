//! Bytes to event tables: finds files, recognises their formats, and reads their events into Arrow columns.
//!
//! Read `load.rs` first, then `detect.rs` and the reader of one format, such as `json.rs`. It knows no search.

mod access;
mod audit;
mod automatic;
mod automatic_fields;
mod breaking;
mod cef;
mod chunk;
mod columnar;
mod detect;
mod embedded;
mod encoding;
mod envelope;
mod event;
mod evtx_log;
mod fields;
mod file_plan;
mod headed;
mod in_parts;
mod index_time;
mod input;
mod joined;
mod json;
mod likely;
mod load;
mod number;
mod options;
mod pairs;
mod parts;
mod report;
mod required_texts;
mod results;
mod role;
mod rules;
mod separated;
mod sourcetype;
mod stream;
mod syslog;
mod table;
mod text;
mod timestamp;
mod unpack;
mod windows;
mod xml;

pub use automatic_fields::{AutomaticFields, PairRules};
pub use columnar::STORE_KEY;
pub use in_parts::{PartTables, bytes_of, load_in_parts};
pub use index_time::{IndexTransform, IngestEvaluator, IngestExpression, IngestValue};
pub use load::{Loaded, load, load_sets};
pub use options::{FieldSelection, Format, InputStream, KeptTexts, LoadOptions, Progress};
pub use report::{FileReport, Likely, LoadError, LoadReport, Warning, WarningKind};
pub use required_texts::RequiredTexts;
pub use rules::{IndexTimeRules, RuleSource};
pub use separated::read_csv_table;
pub use table::EventTable;
