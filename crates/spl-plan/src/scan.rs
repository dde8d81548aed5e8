//! The scan of events with search-time knowledge.

pub mod events;
pub mod parts;
pub mod settle;
