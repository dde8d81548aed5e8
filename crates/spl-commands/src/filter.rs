//! Commands that keep, order or refuse rows.
//!
//! Read `head.rs` first. The family uses no other.

pub mod dedup;
pub mod head;
pub mod regex;
pub mod require;
pub mod reverse;
pub mod search;
pub mod searchtxn;
pub mod sort;
pub mod tail;
pub mod uniq;
pub mod where_command;
