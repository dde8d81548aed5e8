//! Lookup tables as operators and functions read them.

pub mod form;
pub mod matcher;
