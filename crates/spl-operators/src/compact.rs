//! Batches that hold no more than their rows, for sorts under a memory limit: a rule and the node that it puts below sorts and merges.
//!
//! A batch shares the texts of its table, and a sort accounts for all that a batch keeps alive. A table of texts that is
//! larger than the sort's share of the memory would end the search, however few rows the batch has.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, ListArray, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::distinct::dictionary_type;

/// Puts a [`CompactExec`] below each sort and each merge of sorted partitions.
#[derive(Debug)]
pub struct CompactBelowSorts {
    /// Bytes that a batch should not exceed.
    pub batch_bytes: usize,
}

impl PhysicalOptimizerRule for CompactBelowSorts {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            // A batch that a sort gives shares the texts of all batches that its rows come from.
            let input = match (node.downcast_ref::<SortExec>(), node.downcast_ref::<SortPreservingMergeExec>()) {
                (Some(sort), _) => sort.input(),
                (_, Some(merge)) => merge.input(),
                _ => return Ok(Transformed::no(node)),
            };
            if input.downcast_ref::<CompactExec>().is_some() {
                return Ok(Transformed::no(node));
            }
            let input = Arc::new(CompactExec { input: input.clone(), batch_bytes: self.batch_bytes });
            Ok(Transformed::yes(replace_children_if_necessary(node, vec![input])?))
        })
        .data()
    }

    fn name(&self) -> &str {
        "CompactBelowSorts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Passes rows on in batches of their own texts.
#[derive(Debug)]
pub struct CompactExec {
    input: Arc<dyn ExecutionPlan>,
    batch_bytes: usize,
}

impl DisplayAs for CompactExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompactExec: batch_bytes={}", self.batch_bytes)
    }
}

impl ExecutionPlan for CompactExec {
    fn name(&self) -> &str {
        "CompactExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) => Ok(Arc::new(Self { input, batch_bytes: self.batch_bytes })),
            None => internal_err!("a node that compacts needs an input"),
        }
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let (schema, batch_bytes) = (input.schema(), self.batch_bytes);
        let stream = futures::stream::try_unfold((input, VecDeque::new()), move |(mut input, mut ready)| async move {
            loop {
                if let Some(batch) = ready.pop_front() {
                    return Ok(Some((batch, (input, ready))));
                }
                match input.next().await {
                    Some(batch) => compacted(&batch?, batch_bytes, &mut ready)?,
                    None => return Ok(None),
                }
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
    }
}

/// Appends the rows of a batch, in batches of about so many bytes that hold nothing else.
fn compacted(batch: &RecordBatch, batch_bytes: usize, out: &mut VecDeque<RecordBatch>) -> Result<()> {
    let rows = batch.num_rows();
    if rows == 0 {
        return Ok(());
    }
    let columns = batch.columns().iter().map(|array| compact(array, &mut own_texts)).collect::<Result<Vec<_>>>()?;
    let whole = RecordBatch::try_new(batch.schema(), columns)?;
    let parts = whole.get_array_memory_size().div_ceil(batch_bytes.max(1)).min(rows);
    if parts <= 1 {
        out.push_back(whole);
        return Ok(());
    }
    drop(whole);
    let part_rows = rows.div_ceil(parts);
    for from in (0..rows).step_by(part_rows) {
        let part = batch.slice(from, part_rows.min(rows - from));
        let columns = part.columns().iter().map(|array| compact(array, &mut own_texts)).collect::<Result<Vec<_>>>()?;
        out.push_back(RecordBatch::try_new(batch.schema(), columns)?);
    }
    Ok(())
}

/// The same values, with no memory beside their own. Of a dictionary stays what `dictionary` makes of it.
///
/// # Errors
/// What `dictionary` fails with.
pub fn compact(
    array: &ArrayRef,
    dictionary: &mut dyn FnMut(&DictionaryArray<Int32Type>) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    // A slice keeps all of the whole.
    let all = || UInt32Array::from_iter_values(0..array.len() as u32);
    match array.data_type() {
        DataType::Utf8View => Ok(Arc::new(array.as_string_view().gc())),
        DataType::List(item) => {
            let taken = take(array, &all(), None)?;
            let lists = taken.as_list::<i32>();
            let values = compact(lists.values(), dictionary)?;
            Ok(Arc::new(ListArray::try_new(item.clone(), lists.offsets().clone(), values, lists.nulls().cloned())?))
        }
        data_type if *data_type == dictionary_type() => dictionary(array.as_dictionary::<Int32Type>()),
        _ => Ok(take(array, &all(), None)?),
    }
}

/// A dictionary of the texts that its rows have.
fn own_texts(dictionary: &DictionaryArray<Int32Type>) -> Result<ArrayRef> {
    let mut used: Vec<i32> = Vec::new();
    let mut places: HashMap<i32, i32, FxBuildHasher> = HashMap::default();
    let mut place_of = |key: i32| {
        *places.entry(key).or_insert_with(|| {
            used.push(key);
            used.len() as i32 - 1
        })
    };
    let keys: Int32Array = dictionary.keys().iter().map(|key| key.map(&mut place_of)).collect();
    let values = take(dictionary.values(), &Int32Array::from(used), None)?;
    let values: ArrayRef = Arc::new(values.as_string_view().gc());
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::{Int64Array, ListBuilder, StringViewArray, StringViewBuilder};
    use arrow::compute::{cast, concat_batches};

    use super::*;

    #[test]
    fn rows_stay_and_batches_become_small() {
        let rows = 10_000;
        let texts: Vec<Option<String>> =
            (0..rows).map(|row| (row % 7 > 0).then(|| format!("a text that is longer than a view: {row}"))).collect();
        let texts: ArrayRef = Arc::new(texts.into_iter().collect::<StringViewArray>());
        let mut lists = ListBuilder::new(StringViewBuilder::new());
        for row in 0..rows {
            lists.values().append_value(format!("an item that is longer than a view: {row}"));
            lists.append(row % 3 > 0);
        }
        let columns: [(&str, ArrayRef); 4] = [
            ("number", Arc::new(Int64Array::from_iter_values(0..rows))),
            ("text", texts.clone()),
            ("dictionary", cast(&texts, &dictionary_type()).unwrap()),
            ("list", Arc::new(lists.finish())),
        ];
        let table = RecordBatch::try_from_iter(columns).unwrap();
        let slice = table.slice(4_000, 500);
        let mut parts = VecDeque::new();
        compacted(&slice, 16 << 10, &mut parts).unwrap();
        assert!(parts.len() > 3, "{}", parts.len());
        assert!(parts.iter().all(|part| part.get_array_memory_size() < 32 << 10));
        let parts: Vec<RecordBatch> = parts.into();
        let together = concat_batches(&slice.schema(), &parts).unwrap();
        for (name, left, right) in [(0, &slice, &together), (1, &slice, &together), (3, &slice, &together)] {
            assert_eq!(left.column(name), right.column(name));
        }
        let plain = |batch: &RecordBatch| cast(batch.column(2), &DataType::Utf8View).unwrap();
        assert_eq!(&plain(&slice), &plain(&together));
    }
}
