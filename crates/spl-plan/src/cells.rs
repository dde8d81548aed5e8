//! Values of rows, one by one.
//!
//! It builds on nothing else of the crate. Read `cell.rs` first.

pub mod cell;
pub mod rules;
