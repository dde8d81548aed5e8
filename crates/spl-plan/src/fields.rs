//! Required fields.

pub mod required;
