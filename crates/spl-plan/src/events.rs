//! Loaded events: their profiles, statistics and the knowledge that applies to them.
//!
//! It builds on `frame` and `cells`, and knows no search. Read `data.rs` first.

pub mod data;
pub mod extractions;
pub mod keyed_extraction;
pub mod level;
pub mod origin_condition;
pub mod parsed_knowledge;
pub mod parts;
pub mod planned_knowledge;
pub mod profile;
pub mod shared_lookups;
pub mod statistics;
pub mod summaries;
