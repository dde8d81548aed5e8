//! The hidden column that carries the order of rows.

/// The hidden column that carries the order of rows: ascending, `Int64`, not always without gaps.
pub const ORDINAL: &str = "__ordinal";
