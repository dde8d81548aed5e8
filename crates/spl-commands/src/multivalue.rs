//! Commands over fields with several values.
//!
//! Read `mvexpand.rs` first. The family uses no other.

pub mod makemv;
pub mod mvcombine;
pub mod mvexpand;
pub mod nomv;
