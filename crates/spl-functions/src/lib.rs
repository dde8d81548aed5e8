//! SPL's eval and statistical functions over Arrow columns, and the rules of SPL's values.
//!
//! [`value`] is the only home of the value rules (what is a number, how it prints, how values compare); [`column`]
//! reads and builds Arrow columns in those terms; [`scalar`] and [`aggregate`] hold the functions, listed in one
//! registry each that also feeds `splq functions` and the reference pages.

pub mod aggregate;
pub mod column;
pub mod convert;
pub mod dictionary;
pub mod extraction;
pub mod interner;
pub mod json_path;
pub mod numeric_bins;
pub mod pattern;
pub mod scalar;
pub mod search;
pub mod settings;
pub mod time;
pub mod value;
mod wildcard;
pub mod xml_document;
