//! Commands over data models.

pub mod datamodel;
pub mod pivot;
pub mod tstats;
