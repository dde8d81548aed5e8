//! Bytes to event tables: finds files, recognises their formats, and reads their events into Arrow columns.

mod access;
mod audit;
mod breaking;
mod cef;
mod chunk;
mod columnar;
mod detect;
mod event;
mod evtx_log;
mod fields;
mod headed;
mod input;
mod json;
mod load;
mod number;
mod options;
mod pairs;
mod parts;
mod report;
mod role;
mod rules;
mod separated;
mod sourcetype;
mod syslog;
mod table;
mod text;
mod timestamp;
mod windows;
mod xml;

pub use load::{Loaded, load};
pub use options::{FieldSelection, Format, LoadOptions, Progress};
pub use report::{FileReport, LoadError, LoadReport, Warning, WarningKind};
pub use rules::{IndexTimeRules, RuleSource};
pub use separated::read_csv_table;
pub use table::EventTable;
