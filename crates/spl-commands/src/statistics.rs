//! Commands that compute statistics of rows.
//!
//! Read `stats.rs` first. The family uses `charts`.

pub mod addcoltotals;
pub mod addtotals;
pub mod concurrency;
pub mod contingency;
pub mod eventstats;
pub mod fieldsummary;
pub mod geostats;
pub mod stats;
pub mod streamstats;
pub mod top;
pub mod transaction;
pub mod trendline;
