//! Rows in memory: the ends of stages, and tables made of rows.
//!
//! It builds on `aggregation` and what lies below. Read `stages.rs` first.

pub mod collected;
pub mod extraction;
pub mod lookup_table;
pub mod sort_keys;
pub mod stages;
pub mod table;
pub mod texts;
pub mod union;
