//! Values of rows, one by one.

pub mod cell;
pub mod transform_reader;
