//! Commands that combine the results of several searches.
//!
//! Read `append.rs` first. The family uses `generate`.

pub mod append;
pub mod appendcols;
pub mod appendpipe;
pub mod join;
pub mod map;
pub mod multisearch;
pub mod selfjoin;
pub mod set;
pub mod union_command;
