//! Nodes, functions and rules that a plan names; they know no syntax and no planning.
//!
//! Read `node.rs` first, then `nodes/take_while.rs` and `exec.rs`. The rules are `filter_below_numbers.rs`, `distinct/rule.rs`, `grouping/rewrite.rs` and
//! `grouping/rule.rs`; `spl-exec` says in which order they run.

pub mod columns;
pub mod compact;
pub mod compiled;
pub mod distinct;
pub mod errors;
pub mod exec;
pub mod filter_below_numbers;
pub mod functions;
pub mod grouping;
pub mod held;
pub mod lookup;
pub mod node;
pub mod nodes;
pub mod ordinal;
pub mod row_ids;
pub mod same_rows;
pub mod stored_rows;
pub mod wildcards;
