//! Content repositories, detections, their tests and risk, batches of searches and reports, as values: nothing here prints,
//! reads the clock or looks at the environment. Read `detection.rs` first, then `queries.rs` and `batch.rs`.

pub mod attack;
pub mod batch;
pub mod changes;
pub mod content;
pub mod coverage_run;
pub mod deployment;
pub mod detection;
pub mod detection_test;
pub mod effects;
pub mod event_facts;
pub mod event_needs;
pub mod expectation;
pub mod expected_rows;
pub mod integration;
pub mod log_coverage;
pub mod metadata;
pub mod mutation;
pub mod queries;
pub mod report;
pub mod repository;
pub mod risk;
pub mod risk_event;
pub mod risk_run;
pub mod rows;
pub mod selection;
pub mod source;
pub mod test_data;
pub mod test_run;
pub mod tests_file;
pub mod times;
pub mod validate;
pub mod verdict;
pub mod why;
pub mod yaml;
