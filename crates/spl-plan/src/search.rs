//! Search expressions: predicates, time ranges, subsearches, searches inside searches.
//!
//! It builds on `context` and `function_call`, and knows no scan. Read `predicate.rs` first.

pub mod inner_search;
pub mod lookup_table;
pub mod predicate;
pub mod saved_search;
pub mod subsearch;
pub mod substitution;
pub mod time_range;
