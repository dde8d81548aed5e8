//! The hidden column that carries the order of rows, and the numbers that it is made of.

/// The hidden column that carries the order of rows: ascending, `Int64`, not always without gaps.
pub const ORDINAL: &str = "__ordinal";

/// The numbers that a sort gives rows. Only their order counts, so that rows may go before they are numbered.
pub const FRESH: &str = "__fresh";

/// The numbers that a sort gives rows which are found by them: none may be left out.
pub const PLACE: &str = "__place";
