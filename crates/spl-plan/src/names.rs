//! Names and values as they are written in a search.

pub mod quoting;
pub mod wildcards;
