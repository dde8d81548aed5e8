//! Search expressions: predicates, time ranges, subsearches, searches inside searches.

pub mod inner_search;
pub mod predicate;
pub mod saved_search;
pub mod subsearch;
pub mod time_range;
