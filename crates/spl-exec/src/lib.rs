//! Searches to rows: macro expansion, planning onto DataFusion command by command, and running.

pub mod commands;
pub mod constant;
pub mod engine;
pub mod event_data;
pub mod events;
pub mod expression;
pub mod frame;
pub mod limits;
pub mod mv_expression;
pub mod needed;
pub mod operators;
pub mod planner;
pub mod search;
pub mod subsearch;

pub use engine::{Engine, Failure, Results, Search, Settings, Stage};
