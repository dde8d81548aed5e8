//! The commands, in the families of Splunk's search manual: how each of them is planned.
//!
//! One file plans one command. Families may use each other, never in a circle. Read `filter/head.rs` first, then `table.rs`.

// A family may have the name of one of its commands: a command is found by its name first.
#![allow(clippy::module_inception)]

pub mod charts;
pub mod combine;
pub mod extract;
pub mod fields;
pub mod filter;
pub mod generate;
pub mod metrics;
pub mod mining;
pub mod models;
pub mod multivalue;
pub mod output;
pub mod statistics;
pub mod table;

pub use table::Commands;
