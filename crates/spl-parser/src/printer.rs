//! The tree back to text: one canonical line whose parse gives an equal tree, spans aside.

mod command;
mod expression;
mod names;
mod pivot;
mod search;
mod spans;

use crate::syntax::{Expression, Pipeline, SearchExpression};

pub use spans::{clear_spans, move_spans};

/// The search on one line. Comments and the writer's layout are not kept.
pub fn print(pipeline: &Pipeline) -> String {
    let mut output = String::new();
    command::pipeline(&mut output, pipeline);
    output
}

/// An eval expression on one line.
pub fn print_expression(expression: &Expression) -> String {
    let mut output = String::new();
    expression::expression(&mut output, expression, 0);
    output
}

/// A search expression on one line; `*` when it matches everything.
pub fn print_search_expression(expression: &SearchExpression) -> String {
    let mut output = String::new();
    search::whole(&mut output, expression);
    output
}
