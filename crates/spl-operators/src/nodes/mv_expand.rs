//! `mvexpand`: one row per value of a multivalue field.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, StringViewBuilder, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::ValueType;

use crate::held::ListLengths;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::ordinal::ORDINAL;

/// Expands one list column; other rows pass as they are, rows without the field too.
#[derive(Debug, Serialize, Deserialize)]
pub struct MvExpand {
    /// The field.
    pub field: String,
    /// Most values per row; 0 = all.
    pub limit: usize,
    /// Rows without a value are dropped (as a by-clause does) instead of kept.
    pub drop_null: bool,
}

impl Operator for MvExpand {
    fn name(&self) -> &'static str {
        "mvexpand"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let fields: Vec<Arc<Field>> = input
            .fields()
            .iter()
            .map(|field| match ValueType::of(field.data_type()) {
                ValueType::Multivalue if *field.name() == self.field => {
                    Arc::new(Field::new(field.name(), DataType::Utf8View, true))
                }
                _ => field.clone(),
            })
            .collect();
        Ok(Arc::new(Schema::new(fields)))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            field: self.field.clone(),
            limit: self.limit,
            drop_null: self.drop_null,
            output: output.clone(),
            next: 0,
            rest: None,
        })
    }
}

struct State {
    field: String,
    limit: usize,
    drop_null: bool,
    output: SchemaRef,
    next: i64,
    /// Rows of the batch that is given in pieces.
    rest: Option<Expanded>,
}

/// The rows that come of a batch.
struct Expanded {
    batch: RecordBatch,
    /// The row of the batch that each is of.
    rows: UInt32Array,
    values: StringViewArray,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let place = batch.schema().index_of(&self.field)?;
        let DataType::List(_) = batch.column(place).data_type() else {
            return Ok(Some(batch));
        };
        let lists = batch.column(place).as_list::<i32>();
        let mut rows: Vec<u32> = Vec::new();
        let mut values = StringViewBuilder::new();
        for row in 0..batch.num_rows() {
            let items = lists.is_valid(row).then(|| lists.value(row)).filter(|items| !items.is_empty());
            match items {
                None if self.drop_null => {}
                None => {
                    rows.push(row as u32);
                    values.append_null();
                }
                Some(items) => {
                    let items = items.as_string_view();
                    let count = if self.limit == 0 { items.len() } else { items.len().min(self.limit) };
                    for item in 0..count {
                        rows.push(row as u32);
                        values.append_value(items.value(item));
                    }
                }
            }
        }
        self.given(Expanded { rows: rows.into(), values: values.finish(), batch })
    }

    fn pending(&mut self) -> Result<Option<RecordBatch>> {
        match self.rest.take() {
            Some(rest) => self.given(rest),
            None => Ok(None),
        }
    }
}

impl State {
    /// Rows with their values; those with long lists beside the field come out in pieces.
    fn given(&mut self, expanded: Expanded) -> Result<Option<RecordBatch>> {
        let Expanded { batch, mut rows, mut values } = expanded;
        let schema = batch.schema();
        let place = schema.index_of(&self.field)?;
        let others = batch.columns().iter().enumerate().filter(|(index, _)| *index != place).map(|(_, column)| column);
        let piece = ListLengths::of(others).piece(rows.values().iter().map(|row| Some(*row as usize)));
        if piece < rows.len() {
            let left = rows.len() - piece;
            let rest = Expanded { batch: batch.clone(), rows: rows.slice(piece, left), values: values.slice(piece, left) };
            self.rest = Some(rest);
            (rows, values) = (rows.slice(0, piece), values.slice(0, piece));
        }
        let expanded: ArrayRef = Arc::new(values);
        let ordinals: ArrayRef = Arc::new(Int64Array::from_iter_values(self.next..self.next + rows.len() as i64));
        self.next += rows.len() as i64;
        let columns: Vec<ArrayRef> = schema
            .fields()
            .iter()
            .enumerate()
            .map(|(index, field)| {
                if index == place {
                    Ok(expanded.clone())
                } else if field.name() == ORDINAL {
                    Ok(ordinals.clone())
                } else {
                    arrow::compute::take(batch.column(index), &rows, None)
                }
            })
            .collect::<std::result::Result<_, _>>()?;
        Ok(Some(RecordBatch::try_new(self.output.clone(), columns)?))
    }
}
