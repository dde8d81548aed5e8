//! Grouping by codes: a physical rule, its node, and the tables that number groups.

pub mod codes;
pub mod indices;
pub mod rule;
