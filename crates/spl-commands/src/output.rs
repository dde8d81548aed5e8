//! Commands that hand rows out of the search.
//!
//! They write nothing themselves: each adds an effect to the notes of the search. Read `outputlookup.rs` first. The family uses
//! no other.

pub mod collect;
pub mod outputcsv;
pub mod outputlookup;
pub mod outputtext;
