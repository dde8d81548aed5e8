//! Commands that lay rows out as series, for charts.
//!
//! Read `chart.rs` first. `series` lays out what `timechart`, `stats` with sparklines and `geostats` share; the family uses
//! `fields` for spans of time.

pub mod chart;
pub mod gauge;
pub mod makecontinuous;
pub mod series;
pub mod timechart;
pub mod timewrap;
pub mod transpose;
pub mod untable;
pub mod xyseries;
