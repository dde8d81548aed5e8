//! Commands that lay rows out as series, for charts.

pub mod chart;
pub mod gauge;
pub mod makecontinuous;
pub mod series;
pub mod timechart;
pub mod timewrap;
pub mod transpose;
pub mod untable;
pub mod xyseries;
