//! Required fields under the names that this crate uses; they are worked out in [`spl_parser::effects`].

pub use spl_parser::effects::{RequiredFields as Needed, expression_fields, of_pipeline, search_fields, walk_expression};
