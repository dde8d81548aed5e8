//! Walks over the syntax tree: every command with those before it, every condition, every expression.

pub use spl_parser::effects::walk::{
    arguments, commands, condition_parts, conditions, expression_parts, expressions, search_conditions, subsearches,
};
