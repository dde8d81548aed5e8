//! Searches to logical plans: frames, expressions, predicates, events, data models. It knows no command by name.

pub mod aggregation;
pub mod arguments;
pub mod cells;
pub mod context;
pub mod events;
pub mod expression;
pub mod frame;
pub mod function_call;
pub mod models;
pub mod names;
pub mod pipeline;
pub mod rows;
pub mod scan;
pub mod search;
