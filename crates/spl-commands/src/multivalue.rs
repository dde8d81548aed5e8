//! Commands over fields with several values.

pub mod makemv;
pub mod mvcombine;
pub mod mvexpand;
pub mod nomv;
