//! Lookup tables as operators and functions read them.

pub mod candidates;
pub mod form;
pub mod matcher;
