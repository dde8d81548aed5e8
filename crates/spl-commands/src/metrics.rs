//! Commands over metrics.
//!
//! Read `mstats.rs` first. The family uses `charts`, `fields` and `statistics`.

pub mod mcatalog;
pub mod mpreview;
pub mod mstats;
