//! The order of rows by several keys, found by the ranks of their values: a text that many rows share is compared once, and later
//! keys are looked at only where earlier ones are the same.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array, make_comparator};
use arrow::compute::{SortOptions, sort_to_indices, take};
use arrow::datatypes::{DataType, Int32Type, Schema};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{HashMap, Result, exec_err};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr, ScalarFunctionExpr};

/// A key over one column of a batch.
#[derive(Debug)]
pub struct RankedKey {
    /// The place of the column.
    column: usize,
    /// The key over a batch of this column alone.
    value: Arc<dyn PhysicalExpr>,
    options: SortOptions,
}

impl RankedKey {
    /// The key, if it is made of one column.
    pub fn new(key: &PhysicalSortExpr) -> Result<Option<Self>> {
        let mut columns: Vec<usize> = Vec::new();
        key.expr.apply(|part| {
            columns.extend(part.downcast_ref::<Column>().map(Column::index));
            Ok(TreeNodeRecursion::Continue)
        })?;
        let [column] = columns.as_slice() else { return Ok(None) };
        let value = key.expr.clone().transform(|part| {
            Ok(match part.downcast_ref::<Column>() {
                Some(column) => Transformed::yes(Arc::new(Column::new(column.name(), 0)) as Arc<dyn PhysicalExpr>),
                None => Transformed::no(part),
            })
        });
        Ok(Some(Self { column: *column, value: value.data()?, options: key.options }))
    }

    /// Whether the key is a function of a dictionary column: most rows share their value with others.
    pub fn is_shared(&self, schema: &Schema) -> bool {
        let is_dictionary =
            matches!(schema.field(self.column).data_type(), DataType::Dictionary(key, _) if **key == DataType::Int32);
        is_dictionary && self.value.downcast_ref::<ScalarFunctionExpr>().is_some()
    }

    /// The ranks of these rows among each other; equal values have one rank.
    fn ranks(&self, batch: &RecordBatch, rows: &[u32]) -> Result<Vec<u32>> {
        let column = batch.column(self.column);
        if !self.is_shared(&batch.schema()) {
            let values = self.values(batch, take(column, &UInt32Array::from(rows.to_vec()), None)?)?;
            return dense_ranks(&values, self.options);
        }
        // One row of each value.
        let keys = column.as_dictionary::<Int32Type>().keys();
        let mut place_of: HashMap<i32, u32> = HashMap::new();
        let mut chosen: Vec<u32> = Vec::new();
        let mut places: Vec<u32> = Vec::with_capacity(rows.len());
        let mut last = None;
        for &row in rows {
            let key = if keys.is_null(row as usize) { -1 } else { keys.value(row as usize) };
            let place = match last {
                Some((known, place)) if known == key => place,
                _ => *place_of.entry(key).or_insert_with(|| {
                    chosen.push(row);
                    chosen.len() as u32 - 1
                }),
            };
            last = Some((key, place));
            places.push(place);
        }
        let values = self.values(batch, take(column, &UInt32Array::from(chosen), None)?)?;
        let ranks = dense_ranks(&values, self.options)?;
        Ok(places.into_iter().map(|place| ranks[place as usize]).collect())
    }

    /// The key's values over values of its column.
    fn values(&self, batch: &RecordBatch, column: ArrayRef) -> Result<ArrayRef> {
        let rows = column.len();
        let schema = Arc::new(Schema::new(vec![batch.schema().field(self.column).clone().with_nullable(true)]));
        let values = self.value.evaluate(&RecordBatch::try_new(schema, vec![column])?)?.into_array(rows)?;
        Ok(match values.data_type() {
            DataType::Dictionary(_, plain) => arrow::compute::cast(&values, plain)?,
            _ => values,
        })
    }
}

/// The ranks of values; equal values have one rank.
fn dense_ranks(values: &ArrayRef, options: SortOptions) -> Result<Vec<u32>> {
    let order = sort_to_indices(values, Some(options), None)?;
    let compare = make_comparator(values, values, options)?;
    let mut ranks = vec![0_u32; values.len()];
    let mut rank = 0;
    let mut before: Option<u32> = None;
    for &row in order.values() {
        if before.is_some_and(|before| compare(before as usize, row as usize) != Ordering::Equal) {
            rank += 1;
        }
        ranks[row as usize] = rank;
        before = Some(row);
    }
    Ok(ranks)
}

/// The rows of a batch in the order of its keys; rows with the same keys stay in their order.
///
/// # Errors
/// More rows than a 32-bit number counts; keys that can't be evaluated or compared.
pub fn row_order(batch: &RecordBatch, keys: &[RankedKey]) -> Result<Vec<u32>> {
    let Ok(rows) = u32::try_from(batch.num_rows()) else {
        return exec_err!("{} rows are too many to be sorted in memory", batch.num_rows());
    };
    let mut order: Vec<u32> = (0..rows).collect();
    // Places whose row has the same keys so far as one beside it, and where such a run begins.
    let mut open: Vec<u32> = order.clone();
    let mut run_of: Vec<u32> = vec![0; open.len()];
    for key in keys {
        if open.is_empty() {
            break;
        }
        let open_rows: Vec<u32> = open.iter().map(|place| order[*place as usize]).collect();
        let ranks = key.ranks(batch, &open_rows)?;
        let mut items: Vec<(u64, u32)> = run_of
            .iter()
            .zip(&ranks)
            .zip(&open_rows)
            .map(|((run, rank), row)| (u64::from(*run) << 32 | u64::from(*rank), *row))
            .collect();
        items.sort_unstable();
        for (place, (_, row)) in open.iter().zip(&items) {
            order[*place as usize] = *row;
        }
        (open, run_of) = still_open(&open, &items);
    }
    Ok(order)
}

/// The places that are in runs of several rows, each with the first place of its run.
fn still_open(open: &[u32], items: &[(u64, u32)]) -> (Vec<u32>, Vec<u32>) {
    let (mut places, mut runs) = (Vec::new(), Vec::new());
    let mut start = 0;
    for run in items.chunk_by(|one, other| one.0 == other.0) {
        if run.len() > 1 {
            places.extend_from_slice(&open[start..start + run.len()]);
            runs.extend(std::iter::repeat_n(open[start], run.len()));
        }
        start += run.len();
    }
    (places, runs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::{DictionaryArray, Float64Array, StringViewArray};
    use arrow::datatypes::Field;

    use super::*;

    fn key(name: &str, column: usize, descending: bool, nulls_first: bool) -> RankedKey {
        let options = SortOptions { descending, nulls_first };
        RankedKey::new(&PhysicalSortExpr { expr: Arc::new(Column::new(name, column)), options }).unwrap().unwrap()
    }

    #[test]
    fn rows_are_ordered_as_a_sort_orders_them() {
        let texts = StringViewArray::from(vec![Some("b"), None, Some("a"), Some("b"), Some("a"), None, Some("b")]);
        let numbers = Float64Array::from(vec![Some(2.0), Some(1.0), None, Some(1.0), Some(-1.0), Some(0.0), Some(2.0)]);
        let schema = Schema::new(vec![Field::new("t", DataType::Utf8View, true), Field::new("n", DataType::Float64, true)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(texts), Arc::new(numbers)]).unwrap();
        let order = |keys: &[RankedKey]| row_order(&batch, keys).unwrap();
        assert_eq!(order(&[key("t", 0, false, false), key("n", 1, false, false)]), [4, 2, 3, 0, 6, 5, 1]);
        assert_eq!(order(&[key("t", 0, true, true), key("n", 1, true, false)]), [1, 5, 0, 6, 3, 4, 2]);
        assert_eq!(order(&[key("n", 1, false, true)]), [2, 4, 5, 1, 3, 0, 6]);
        assert_eq!(order(&[]), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn values_of_a_dictionary_are_ranked_once() {
        let values: ArrayRef = Arc::new(StringViewArray::from(vec!["z", "unused", "a"]));
        let column: ArrayRef = Arc::new(
            DictionaryArray::<Int32Type>::try_new([Some(0), Some(2), None, Some(0)].into_iter().collect(), values).unwrap(),
        );
        let schema = Schema::new(vec![Field::new("t", column.data_type().clone(), true)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![column]).unwrap();
        assert_eq!(row_order(&batch, &[key("t", 0, false, false)]).unwrap(), [1, 0, 3, 2]);
    }
}
