//! Grouping by codes: the rules that make plans group by them, the node that groups, and the tables that number groups.

pub mod codes;
pub mod indices;
pub mod rewrite;
pub mod rule;
