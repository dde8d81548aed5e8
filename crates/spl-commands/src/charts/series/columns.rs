//! The hidden columns of a series.

/// Hidden column of the row key.
pub const ROW: &str = "__row";

/// Hidden column of the split value, a text.
pub const SERIES: &str = "__series";
