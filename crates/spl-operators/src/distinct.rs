//! Evaluation once per distinct value: a rule that finds expressions over one dictionary column, and the function that
//! evaluates them.
//!
//! Read `rule.rs` first; decision 0015 says why it is a rule over logical plans.

pub mod function;
pub mod rule;

pub use function::dictionary_type;
