//! Field names with wildcards.

pub use spl_operators::wildcards::{wildcard_captures, wildcard_matches};
