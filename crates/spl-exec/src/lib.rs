//! The executor: searches to rows. An [`Engine`] holds knowledge, settings and data; it compiles, checks, explains and runs
//! searches.
//!
//! Read `engine.rs` first: it holds the settings of DataFusion's session and the order of its rules. Of the
//! commands it names only `fieldformat`, whose formats apply to the last rows.

pub mod empty_reasons;
mod engine;
mod memory_pool;
mod row_counts;
mod session_runner;

pub use engine::{Engine, Failure, Results, Rewrites, Search, Settings, Stage, Timer};
pub use row_counts::{RowCount, ValuesBefore};
pub use session_runner::Passage;
pub use spl_functions::column;
pub use spl_functions::time;
pub use spl_functions::value;
pub use spl_functions::xml_document;
pub use spl_operators::functions::location as geo_database;
pub use spl_plan::context::clock::SearchClock;
pub use spl_plan::context::limits;
pub use spl_plan::events::parts::EventParts;
pub use spl_plan::events::summaries::Summaries;
pub use spl_plan::expression;
