//! Datasets of data models as rows.
//!
//! It builds on `scan` and what lies below. Read `dataset.rs` first.

pub mod dataset;
pub mod dataset_name;
pub mod required;
pub mod search_text;
pub mod summary_rows;
