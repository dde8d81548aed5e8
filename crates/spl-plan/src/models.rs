//! Datasets of data models as rows.

pub mod dataset;
pub mod required;
pub mod search_text;
pub mod summary_rows;
