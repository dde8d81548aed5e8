//! SPL text to a syntax tree with spans: grammar, diagnostics and printing back. Knows nothing of the engine.
//!
//! [`parse`] reads a whole search (macros already expanded) into a [`Pipeline`]; every node knows the bytes it came
//! from, so that whoever finds a problem later can point at it.

pub mod commands;
pub mod diagnostic;
pub mod effects;
pub mod options;
pub mod parser;
pub mod printer;
pub mod span;
pub mod spec;
pub mod syntax;

pub use diagnostic::{Diagnostic, Label, Severity};
pub use parser::practice::{Practice, parse_with_practice};
pub use parser::{parse, parse_expression, parse_search_expression};
pub use printer::{print, print_expression, print_search_expression};
pub use span::{Span, Spanned};
pub use spec::CommandSpec;
pub use syntax::Pipeline;
