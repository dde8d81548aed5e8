//! Commands over metrics.

pub mod mcatalog;
pub mod mpreview;
pub mod mstats;
