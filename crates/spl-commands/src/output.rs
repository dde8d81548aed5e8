//! Commands that hand rows out of the search.

pub mod collect;
pub mod outputcsv;
pub mod outputlookup;
pub mod outputtext;
