//! The walk over the commands of a search, and what reads their arguments.

pub mod arguments;
pub mod sort_keys;
pub mod walk;
