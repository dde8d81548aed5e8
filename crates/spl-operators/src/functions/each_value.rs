//! The function of `mvmap` and `mvfilter`: an expression evaluated for each value of a multivalue field.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::Value;

use crate::compiled::compile;

/// Evaluates an expression over the items of its first argument, the others repeated per item.
#[derive(Debug, PartialEq, Eq)]
pub struct EachValue {
    signature: Signature,
    body: Expr,
    schema: Arc<Schema>,
    filter: bool,
}

impl EachValue {
    /// The function of a body over columns of this schema: the item first, then the other arguments. As a filter it keeps the
    /// items for which the body is true; else it gives the body's values.
    pub fn new(body: Expr, schema: Arc<Schema>, filter: bool) -> Self {
        Self { signature: Signature::variadic_any(Volatility::Immutable), body, schema, filter }
    }

    /// What is evaluated for each item.
    pub fn body(&self) -> &Expr {
        &self.body
    }

    /// The columns that the body reads.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Whether it keeps items rather than to make values of them.
    pub fn is_filter(&self) -> bool {
        self.filter
    }
}

impl Hash for EachValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.body.hash(state);
        self.filter.hash(state);
    }
}

impl ScalarUDFImpl for EachValue {
    fn name(&self) -> &str {
        if self.filter { "mvfilter" } else { "mvmap" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(ValueType::Multivalue.arrow())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays: Vec<ArrayRef> =
            call.args.iter().map(|argument| argument.to_array(call.number_rows)).collect::<Result<_>>()?;
        let lists: &ListArray = arrays[0].as_list::<i32>();
        let (mut rows, mut places) = (Vec::<u32>::new(), Vec::<u32>::new());
        for row in 0..lists.len() {
            if lists.is_valid(row) {
                for place in lists.value_offsets()[row]..lists.value_offsets()[row + 1] {
                    rows.push(row as u32);
                    places.push(place as u32);
                }
            }
        }
        let count = rows.len();
        let (rows_index, places) = (UInt32Array::from(rows.clone()), UInt32Array::from(places));
        let mut columns: Vec<ArrayRef> = vec![arrow::compute::take(lists.values(), &places, None)?];
        for array in &arrays[1..] {
            columns.push(arrow::compute::take(array, &rows_index, None)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        let body = compile(&self.body, &self.schema, &call.config_options)?;
        let results = body.evaluate(&batch)?.into_array(count)?;
        let (items, results) = (Column::new(batch.column(0))?, Column::new(&results)?);
        let mut built = ColumnBuilder::new(ValueType::Multivalue, lists.len());
        let mut at = 0;
        for row in 0..lists.len() {
            let mut values: Vec<String> = Vec::new();
            while at < count && rows[at] as usize == row {
                if self.filter {
                    if results.value(at) == Value::Boolean(true) {
                        values.extend(items.value(at).text().map(|text| text.into_owned()));
                    }
                } else {
                    values.extend(results.value(at).each_text().into_iter().map(|text| text.into_owned()));
                }
                at += 1;
            }
            built.append_values(values);
        }
        Ok(ColumnarValue::Array(built.finish()))
    }
}
