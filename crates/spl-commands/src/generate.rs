//! Commands that make rows, and those that turn rows into the text of a search.
//!
//! Read `makeresults.rs` first. The family uses `output`.

pub mod eventcount;
pub mod format;
pub mod from;
pub mod gentimes;
pub mod inputcsv;
pub mod inputlookup;
pub mod makeresults;
pub mod metadata;
pub mod metasearch;
pub mod return_command;
pub mod savedsearch;
