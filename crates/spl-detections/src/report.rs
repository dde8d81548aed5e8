//! Reports for other tools, as texts and values.

pub mod junit;
pub mod sarif;
