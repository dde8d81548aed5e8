//! Sorts by texts that many rows share: a physical rule that takes them from DataFusion's sorts, and the node that sorts by ranks.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::{StreamExt, TryStreamExt};
use spl_functions::settings::SplOptions;

use crate::grouping::ranks::{RankedKey, row_order};

/// Replaces sorts; see [`RankedSortExec`]. It is not for plans that run under a memory limit.
#[derive(Debug)]
pub struct SortByRanks;

impl PhysicalOptimizerRule for SortByRanks {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, options: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        if options.extensions.get::<SplOptions>().is_some_and(|options| !options.sort_by_ranks) {
            return Ok(plan);
        }
        plan.transform_down(|node| {
            Ok(match replaced(&node)? {
                Some(sort) => Transformed::yes(sort),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "SortByRanks"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The node in place of a sort of all rows: a sort of one partition, or the merge of the sorts of several.
fn replaced(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let (sort, is_merged) = match node.downcast_ref::<SortPreservingMergeExec>() {
        Some(merge) if merge.fetch().is_none() => (merge.input(), Some(merge.expr())),
        Some(_) => return Ok(None),
        None => (node, None),
    };
    let Some(sort) = sort.downcast_ref::<SortExec>() else { return Ok(None) };
    let same_keys = is_merged.is_none_or(|keys| keys == sort.expr());
    let several = sort.input().output_partitioning().partition_count() > 1;
    if sort.fetch().is_some() || !same_keys || (is_merged.is_none() && several) || keys(sort)?.is_none() {
        return Ok(None);
    }
    let input = if several { Arc::new(CoalescePartitionsExec::new(sort.input().clone())) as _ } else { sort.input().clone() };
    RankedSortExec::in_place_of(Arc::new(SortExec::new(sort.expr().clone(), input))).map(Some)
}

/// The keys of a sort, when each is made of one column, and one of them is shared by many rows.
fn keys(sort: &SortExec) -> Result<Option<Vec<RankedKey>>> {
    let mut keys = Vec::new();
    for key in sort.expr() {
        let Some(key) = RankedKey::new(key)? else { return Ok(None) };
        keys.push(key);
    }
    let schema = sort.input().schema();
    Ok(keys.iter().any(|key| key.is_shared(&schema)).then_some(keys))
}

/// Sorts all rows by ranks. Under a memory limit the sort in whose place it stands sorts, as it can go to disk.
#[derive(Debug)]
pub struct RankedSortExec {
    /// The sort in whose place it stands.
    sort: Arc<dyn ExecutionPlan>,
}

impl RankedSortExec {
    /// The node in place of a sort of one partition; the sort itself where its keys are not ranked.
    ///
    /// # Errors
    /// Keys that can't be written over their column alone.
    pub fn in_place_of(sort: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let keys = sort.downcast_ref::<SortExec>().map(keys).transpose()?.flatten();
        Ok(if keys.is_some() { Arc::new(Self { sort }) } else { sort })
    }

    /// The sort in whose place it stands.
    pub fn replaced(&self) -> &Arc<dyn ExecutionPlan> {
        &self.sort
    }
}

impl DisplayAs for RankedSortExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RankedSortExec: ")?;
        match self.sort.downcast_ref::<SortExec>() {
            Some(sort) => sort.fmt_as(kind, f),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for RankedSortExec {
    fn name(&self) -> &str {
        "RankedSortExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.sort.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.sort.children()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Self::in_place_of(replace_children_if_necessary(self.sort.clone(), children)?)
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.sort.apply_expressions(visit)
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        self.sort.benefits_from_input_partitioning()
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let is_limited = matches!(context.memory_pool().memory_limit(), MemoryLimit::Finite(_));
        let sort = self.sort.downcast_ref::<SortExec>();
        let (Some(sort), false) = (sort, is_limited) else { return self.sort.execute(partition, context) };
        let Some(keys) = keys(sort)? else { return self.sort.execute(partition, context) };
        let input = sort.input().execute(partition, context.clone())?;
        let (schema, batch_rows) = (self.schema(), context.session_config().batch_size());
        let reservation = MemoryConsumer::new(format!("RankedSortExec[{partition}]")).register(context.memory_pool());
        let rows = async move {
            let mut input = input;
            let mut batches: Vec<RecordBatch> = Vec::new();
            while let Some(batch) = input.next().await {
                let batch = batch?;
                reservation.try_grow(batch.columns().iter().map(row_bytes).sum())?;
                batches.push(batch);
            }
            let batch = concat_batches(&input.schema(), &batches)?;
            drop(batches);
            let order = row_order(&batch, &keys)?;
            let parts = (0..order.len()).step_by(batch_rows.max(1));
            let ends: Vec<(usize, usize)> = parts.map(|start| (start, (start + batch_rows.max(1)).min(order.len()))).collect();
            Ok::<_, DataFusionError>(futures::stream::iter(ends).map(move |(start, end)| {
                let _held = &reservation;
                Ok(take_record_batch(&batch, &UInt32Array::from(order[start..end].to_vec()))?)
            }))
        };
        let stream = futures::stream::once(rows).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
    }
}

/// The bytes that the rows of a column take by themselves. Texts and dictionaries are shared with other batches.
fn row_bytes(column: &ArrayRef) -> usize {
    match column.data_type() {
        DataType::Dictionary(..) => column.len() * size_of::<i32>(),
        DataType::Utf8View => column.len() * size_of::<u128>(),
        _ => column.to_data().get_slice_memory_size().unwrap_or_default(),
    }
}
