//! Evaluation once per distinct value: a rule that finds expressions over one dictionary column, and the function that
//! evaluates them.

pub mod function;
pub mod rule;

pub use function::dictionary_type;
