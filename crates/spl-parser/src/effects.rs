//! What commands do to fields and rows, read from the tables of the syntax: pure functions over the syntax tree.
//!
//! [`required`] walks a pipeline from its end: which fields must the data yield? [`fields`] walks it from its start: which
//! fields can rows have at a place? [`pipeline`] tells what a whole search reads and writes outside of itself. What each
//! command does stands in its own file, as [`crate::spec::Effects`].

pub mod fields;
pub mod pipeline;
pub mod read;
pub mod relied;
pub mod required;
mod template;
pub mod walk;
mod wildcard;

#[cfg(test)]
mod tests;

pub use fields::FieldsBehind;
pub use pipeline::{PipelineEffects, pipeline_effects, reads_events};
pub use read::{Mention, expression_fields, listed_by_name, search_fields};
pub use relied::relied_on;
pub use required::{RequiredFields, makes_own_rows, of_pipeline, required_before};
pub use template::{as_patterns, map_pipeline, over_rows};
pub use walk::walk_expression;
pub use wildcard::{captures, matches};
