//! Content repositories, detections, their tests and risk, batches of searches and reports, as values: nothing here prints,
//! reads the clock or looks at the environment. Read `detection.rs` first, then `queries.rs` and `batch.rs`.

pub mod batch;
pub mod content;
pub mod deployment;
pub mod detection;
pub mod detection_test;
pub mod effects;
pub mod expectation;
pub mod metadata;
pub mod queries;
pub mod report;
pub mod repository;
pub mod risk;
pub mod selection;
pub mod source;
pub mod test_run;
pub mod times;
pub mod verdict;
pub mod yaml;
