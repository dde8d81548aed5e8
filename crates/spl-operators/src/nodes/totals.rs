//! The row operator of `addcoltotals` and of `addtotals col=true`: a row of totals at the end.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::{Value, parse_number};

use crate::columns::{Places, with_fields};
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::ordinal::ORDINAL;

/// Adds a row with the totals of columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ColumnTotals {
    /// The columns added up.
    pub fields: Vec<String>,
    /// Field and text of the label.
    pub label: Option<(String, String)>,
}

impl Operator for ColumnTotals {
    fn name(&self) -> &'static str {
        "addcoltotals"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        // The row of totals lacks what is no number, whatever the other rows have.
        let nullable = |field: &Arc<Field>| match field.name().as_str() {
            ORDINAL => field.clone(),
            _ => Arc::new(field.as_ref().clone().with_nullable(true)),
        };
        let input: SchemaRef = Arc::new(Schema::new(input.fields().iter().map(nullable).collect::<Vec<_>>()));
        let Some((name, _)) = &self.label else { return Ok(input) };
        match input.field_with_name(name).map(|field| ValueType::of(field.data_type())) {
            Ok(ValueType::Text | ValueType::Multivalue) => Ok(input),
            _ => Ok(with_fields(&input, [(name.as_str(), ValueType::Text.arrow())])),
        }
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(ColumnState { operator: self.clone(), output: output.clone(), sums: vec![None; self.fields.len()], last: -1 })
    }
}

struct ColumnState {
    operator: ColumnTotals,
    output: SchemaRef,
    sums: Vec<Option<f64>>,
    last: i64,
}

impl OperatorState for ColumnState {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let schema = batch.schema();
        let places = Places::of(&schema);
        for (name, sum) in self.operator.fields.iter().zip(&mut self.sums) {
            let Some(place) = places.get(name) else { continue };
            let column = Column::new(batch.column(place))?;
            let mut add = |number: f64| *sum = Some(sum.unwrap_or(0.0) + number);
            for row in 0..batch.num_rows() {
                match column.value(row) {
                    Value::Multivalue(values) => values.iter().filter_map(parse_number).for_each(&mut add),
                    value => value.number().into_iter().for_each(&mut add),
                }
            }
        }
        if let Some(array) = batch.column_by_name(ORDINAL) {
            let column = Column::new(array)?;
            if let Some(last) = batch.num_rows().checked_sub(1).and_then(|row| column.value(row).number()) {
                self.last = last as i64;
            }
        }
        let columns = self
            .output
            .fields()
            .iter()
            .map(|field| match places.get(field.name()).map(|place| batch.column(place)) {
                None => Ok(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
                Some(column) if column.data_type() == field.data_type() => Ok(column.clone()),
                Some(column) => {
                    let values = Column::new(column)?;
                    let mut built = ColumnBuilder::new(ValueType::of(field.data_type()), batch.num_rows());
                    (0..batch.num_rows()).for_each(|row| built.append(values.value(row)));
                    Ok(built.finish())
                }
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Some(RecordBatch::try_new(self.output.clone(), columns)?))
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        let mut sums: HashMap<&str, Option<f64>> = HashMap::with_capacity(self.sums.len());
        for (name, sum) in self.operator.fields.iter().zip(&self.sums) {
            sums.entry(name.as_str()).or_insert(*sum);
        }
        let columns = self
            .output
            .fields()
            .iter()
            .map(|field| {
                if field.name() == ORDINAL {
                    return Ok(Arc::new(Int64Array::from(vec![self.last + 1])) as ArrayRef);
                }
                let mut built = ColumnBuilder::new(ValueType::of(field.data_type()), 1);
                let label = self.operator.label.as_ref().filter(|(name, _)| name == field.name());
                let sum = sums.get(field.name().as_str()).copied().flatten();
                match (label, sum) {
                    (Some((_, label)), _) => built.append_text(label),
                    (None, Some(sum)) => built.append(Value::Float(sum)),
                    (None, None) => built.append_null(),
                }
                let built = built.finish();
                Ok(if built.data_type() == field.data_type() { built } else { cast(&built, field.data_type())? })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Some(RecordBatch::try_new(self.output.clone(), columns)?))
    }
}
