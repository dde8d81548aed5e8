//! Stages: what was planned so far is run, and planning goes on from its rows.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{LogicalPlanBuilder, SortExpr, lit};
use spl_operators::errors::engine_error;
use spl_operators::nodes::cut::Cut;
use spl_parser::syntax::Subsearch;
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::context::runner::CollectedRows;
use crate::frame::ordinals::with_fresh_ordinal;
use crate::frame::{Frame, column, ordinal};
use spl_parser::effects::RequiredFields;

/// The name of a table of rows that were computed.
const TABLE: &str = "results";

impl PlanContext {
    /// Runs a frame and gives its rows in order.
    ///
    /// # Errors
    /// What the engine or an operator fails with.
    pub async fn collect(&self, frame: Frame) -> Result<CollectedRows, Diagnostic> {
        self.runner().collect(frame.finished()?, self.notes()).await
    }

    /// Runs a frame and goes on from its rows: the end of a stage.
    ///
    /// # Errors
    /// As [`Self::collect`].
    pub async fn materialise(&self, frame: Frame) -> Result<Frame, Diagnostic> {
        let (schema, batches) = self.collect(frame).await?;
        self.from_batches(schema, batches)
    }

    /// A frame over rows; an ordinal is added when there is none.
    ///
    /// # Errors
    /// Batches that are not of this schema.
    pub fn from_batches(&self, schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Frame, Diagnostic> {
        self.from_batches_by(schema, batches, false)
    }

    /// The same, of rows that may also be known to be in the order of time, from the latest to the earliest.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn from_batches_by(&self, schema: SchemaRef, batches: Vec<RecordBatch>, by_time: bool) -> Result<Frame, Diagnostic> {
        let (schema, batches) = with_fresh_ordinal(schema, batches)?;
        let is_empty = batches.iter().all(|batch| batch.num_rows() == 0);
        let table = MemTable::try_new(schema.clone(), vec![batches])
            .map_err(engine_error)?
            .with_sort_order(vec![vec![ordinal().sort(true, false)], order_of(&schema, by_time)]);
        let scan = LogicalPlanBuilder::scan(TABLE, provider_as_source(Arc::new(table)), None).map_err(engine_error)?;
        let frame = Frame::of_table(scan, TABLE)?;
        // The optimiser sees that nothing can come of no rows.
        if is_empty { frame.filter(lit(false)) } else { Ok(frame) }
    }

    /// The first rows of a frame, by a limit of Splunk's; a run that has more rows warns.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn cut(&self, frame: Frame, limit: usize, limit_name: &'static str, span: Span, help: &str) -> Result<Frame, Diagnostic> {
        let warning = Diagnostic::warning("limit/reached", format!("results were cut to {limit} rows"), Some(span))
            .with_help(format!("{help}; the limit is `{limit_name}`"));
        let warning = self.notes().expect_limit(warning);
        frame.operate(Cut { limit, warning })
    }

    /// Plans a subsearch without running it.
    ///
    /// # Errors
    /// What its commands refuse.
    pub async fn subpipeline(&self, subsearch: &Subsearch, required: RequiredFields) -> Result<Frame, Diagnostic> {
        let inner = self.nested(subsearch.span)?;
        inner.pipeline(&subsearch.pipeline, required).await
    }

    /// Plans and runs a subsearch; at most `limit` rows, with a warning when it had more.
    ///
    /// # Errors
    /// What its commands refuse, what the engine fails with.
    pub async fn subsearch(
        &self,
        subsearch: &Subsearch,
        limit_name: &'static str,
        required: RequiredFields,
    ) -> Result<Frame, Diagnostic> {
        let limit = self.limits().get(limit_name);
        let frame = self.subpipeline(subsearch, required).await?;
        self.limited(frame, limit_name, limit, subsearch.span).await
    }

    /// Runs a frame for at most `limit` rows (0 = all), with a warning when it had more.
    ///
    /// # Errors
    /// What the engine or an operator fails with.
    pub async fn limited(&self, frame: Frame, limit_name: &'static str, limit: u64, span: Span) -> Result<Frame, Diagnostic> {
        let frame = if limit > 0 {
            let probe = usize::try_from(limit).unwrap_or(usize::MAX - 1) + 1;
            frame.ordered()?.build(|plan| plan.limit(0, Some(probe)))?
        } else {
            frame
        };
        let (schema, mut batches) = self.collect(frame).await?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if limit > 0 && rows as u64 > limit {
            self.warn(
                Diagnostic::warning("limit/reached", format!("results were cut to {limit} rows"), Some(span))
                    .with_help(format!("the limit is `{limit_name}`")),
            );
            let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
            batches = batches
                .into_iter()
                .map(|batch| {
                    let kept = batch.slice(0, left.min(batch.num_rows()));
                    left -= kept.num_rows();
                    kept
                })
                .collect();
        }
        self.from_batches(schema, batches)
    }
}

/// The order that rows with a fresh ordinal have: that of the ordinal, and before it the order of time when they are in it.
pub fn order_of(schema: &Schema, by_time: bool) -> Vec<SortExpr> {
    let mut keys = vec![ordinal().sort(true, false)];
    if by_time && schema.index_of("_time").is_ok() {
        keys.insert(0, column("_time").sort(false, false));
    }
    keys
}
