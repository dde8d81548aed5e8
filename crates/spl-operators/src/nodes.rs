//! Row operators: one file each with its parameters and its running state.

pub mod barrier;
pub mod cut;
pub mod dedup_consecutive;
pub mod delimited;
pub mod lookup;
pub mod map_values;
pub mod mv_combine;
pub mod mv_expand;
pub mod running;
pub mod streamstats;
pub mod take_while;
pub mod to_json;
pub mod totals;
pub mod transaction;
pub mod uniq;
pub mod whole_table;
