//! Commands over data models.
//!
//! Read `tstats.rs` first. The family uses `fields` and `statistics`.

pub mod datamodel;
pub mod pivot;
pub mod tstats;
