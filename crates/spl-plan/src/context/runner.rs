//! Running what was planned, while planning goes on: the end of a stage needs the rows of the plan so far.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::config::ConfigOptions;
use datafusion::execution::spill_file::SpillFile;
use datafusion::logical_expr::LogicalPlan;
use spl_parser::Diagnostic;

use crate::context::notes::SearchNotes;

/// The rows of a plan: its schema, and its batches in result order.
pub type CollectedRows = (SchemaRef, Vec<RecordBatch>);

/// Runs plans for one search.
#[async_trait]
pub trait Runner: Send + Sync {
    /// Runs a plan to its end, and notes the limits that it reached.
    ///
    /// # Errors
    /// What the engine or an operator fails with.
    async fn collect(&self, plan: LogicalPlan, notes: &SearchNotes) -> Result<CollectedRows, Diagnostic>;

    /// Whether the search is run. A search that is only checked or explained reads no events and has no effects.
    fn is_running(&self) -> bool;

    /// The number of threads that a plan runs on.
    fn threads(&self) -> usize;

    /// The options that functions read while they run: the time zone and the now of the search among them.
    fn options(&self) -> &Arc<ConfigOptions>;

    /// A temporary file for rows that do not fit into memory.
    ///
    /// # Errors
    /// A disk that is full, a folder that can't be written.
    fn spill_file(&self, what: &str) -> Result<Arc<dyn SpillFile>, Diagnostic>;
}
