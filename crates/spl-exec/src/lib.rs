//! Searches to rows: macro expansion, planning onto DataFusion command by command, and running.

pub mod engine;

pub use engine::{Engine, Failure, Results, Search, Settings, Stage};
