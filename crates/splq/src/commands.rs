//! The subcommands, one module each.
//!
//! Read `query.rs` first.

pub mod accelerate;
pub mod backtest;
pub mod check;
pub mod completions;
pub mod coverage;
pub mod explain;
pub mod fmt;
pub mod ingest;
pub mod inspect;
pub mod list;
pub mod man;
pub mod query;
pub mod repl;
pub mod run;
pub mod test;
pub mod watch;
