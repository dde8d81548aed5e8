//! Grouping by codes: the rules that make plans group by them, the node that groups, and the tables that number groups. Groups are
//! sorted by the ranks of their texts (`order.rs`).
//!
//! Read `rewrite.rs` first (codes in the logical plan), then `rule.rs` (the node in the physical plan).

pub mod codes;
pub mod indices;
pub mod order;
pub mod ranks;
pub mod rewrite;
pub mod rule;
