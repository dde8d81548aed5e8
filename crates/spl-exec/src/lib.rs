//! Searches to rows: macro expansion, planning onto DataFusion command by command, and running.

pub mod cell;
pub mod column_facts;
pub mod commands;
pub mod compiled;
pub mod constant;
pub mod dataset;
pub mod engine;
pub mod event_data;
pub mod events;
pub mod expression;
pub mod extraction;
pub mod frame;
pub mod geo_database;
pub mod group_codes;
pub mod inner_search;
pub mod limits;
pub mod lookup_expression;
pub mod lookup_matcher;
pub mod mv_expression;
pub mod needed;
pub mod operators;
pub mod parsed_knowledge;
pub mod per_distinct;
pub mod planner;
pub mod prestats;
pub mod rows;
pub mod search;
pub mod series;
mod significance;
pub mod subsearch;
pub mod written;
pub mod xml_path;

pub use engine::{Engine, Failure, Results, Search, Settings, Stage};
pub use spl_functions::xml_document;
