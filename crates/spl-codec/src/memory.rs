//! Rows in memory, made ready to be written: DataFusion reads the order of a source with a projection back against the
//! columns that the projection leaves out, so that sources are written without projections.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::datasource::memory::{DataSourceExec, MemorySourceConfig};
use datafusion::physical_plan::ExecutionPlan;

/// The same plan, over sources whose rows have the projected columns only.
///
/// # Errors
/// None that is known.
pub fn projected(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| match source(&node)? {
        Some(source) => Ok(Transformed::yes(DataSourceExec::from_data_source(source) as Arc<dyn ExecutionPlan>)),
        None => Ok(Transformed::no(node)),
    })
    .data()
}

fn source(node: &Arc<dyn ExecutionPlan>) -> Result<Option<MemorySourceConfig>> {
    let Some(source) =
        node.downcast_ref::<DataSourceExec>().and_then(|exec| exec.data_source().downcast_ref::<MemorySourceConfig>())
    else {
        return Ok(None);
    };
    let Some(projection) = source.projection() else { return Ok(None) };
    let partitions = source
        .partitions()
        .iter()
        .map(|batches| batches.iter().map(|batch| Ok(batch.project(projection)?)).collect())
        .collect::<Result<Vec<_>>>()?;
    let fetch = node.fetch();
    let projected = MemorySourceConfig::try_new(&partitions, node.schema(), None)?.with_limit(fetch);
    Ok(Some(projected.try_with_sort_information(source.sort_information().to_vec())?))
}
