//! Lookup tables as operators and functions read them.

pub mod matcher;
