//! The scan of events with search-time knowledge.
//!
//! It builds on `rows`, `search`, `expression` and what lies below. Read `events.rs` first.

pub mod carried;
pub mod default_fields;
pub mod event_type_texts;
pub mod events;
mod field_definitions;
mod needed_texts;
pub mod nulls;
pub mod required_texts;
pub mod scope;
pub mod settle;
mod stanzas;
mod text_pieces;
