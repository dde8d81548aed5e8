//! Names and values as they are written in a search.
//!
//! It builds on nothing else of the crate.

pub mod quoting;
pub mod wildcards;
