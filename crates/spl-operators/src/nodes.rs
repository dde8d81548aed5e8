//! Row operators: one file each with its parameters and its running state.
//!
//! They build on `node`, `ordinal` and `lookup` only. Read `take_while.rs` first.

pub mod abstract_text;
pub mod assignments;
pub mod concurrency;
pub mod cut;
pub mod dedup;
pub mod delimited;
pub mod eventstats;
pub mod group_statistics;
pub mod map_values;
pub mod most_rows;
pub mod mv_combine;
pub mod mv_expand;
pub mod optimizer_fence;
pub mod outlier;
pub mod running;
pub mod streamstats;
pub mod take_while;
pub mod to_json;
pub mod totals;
pub mod transaction;
pub mod uniq;
pub mod value_map;
pub mod whole_table;
