//! Commands that look for patterns, outliers and groups in all rows.
//!
//! Read `outlier.rs` first. The family uses no other.

pub mod analyzefields;
pub mod anomalies;
pub mod anomalousvalue;
pub mod anomalydetection;
pub mod arules;
pub mod associate;
pub mod bucketdir;
pub mod cluster;
pub mod cofilter;
pub mod correlate;
pub mod diff;
pub mod findtypes;
pub mod folderize;
pub mod forecast;
pub mod kmeans;
pub mod localize;
pub mod outlier;
pub mod overlap;
pub mod periodicity;
pub mod predict;
pub mod statistics;
pub mod typelearner;
pub mod typer;
pub mod x11;
