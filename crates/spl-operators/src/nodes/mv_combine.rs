//! The row operator of `mvcombine`: rows that are equal but for one field become one row with all its values.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::row::{Row, RowConverter, SortField};
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};

use crate::held::HeldRows;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::nodes::transaction::DELIMITER;
use crate::same_rows::comparable;

/// Merges rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MvCombine {
    /// The field whose values are gathered.
    pub field: String,
    /// Between values in the single-value form.
    pub delimiter: String,
}

impl Operator for MvCombine {
    fn name(&self) -> &'static str {
        "mvcombine"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let fields: Vec<Arc<Field>> = input
            .fields()
            .iter()
            .map(|field| {
                if *field.name() != self.field {
                    return field.clone();
                }
                let mut made = Field::new(field.name(), ValueType::Multivalue.arrow(), true);
                made.set_metadata([(DELIMITER.to_owned(), self.delimiter.clone())].into());
                Arc::new(made)
            })
            .collect();
        Ok(Arc::new(Schema::new(fields)))
    }

    fn start(&self, output: &SchemaRef, context: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            field: self.field.clone(),
            output: output.clone(),
            held: HeldRows::default(),
            keys: context.reservation(self.name()),
        })
    }
}

struct State {
    field: String,
    output: SchemaRef,
    held: HeldRows,
    /// Memory of the keys at the end.
    keys: MemoryReservation,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        self.held.push(batch);
        Ok(None)
    }

    fn size(&self) -> usize {
        self.held.size()
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        let Some(rows) = self.held.take()? else { return Ok(None) };
        let schema = rows.schema();
        let others: Vec<ArrayRef> = schema
            .fields()
            .iter()
            .zip(rows.columns())
            .filter(|(field, _)| *field.name() != self.field && !field.name().starts_with("__"))
            .map(|(_, array)| comparable(array))
            .collect();
        let types = others.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let keys = match others.is_empty() {
            true => None,
            false => Some(RowConverter::new(types)?.convert_columns(&others)?),
        };
        self.keys.try_resize(keys.as_ref().map_or(0, |keys| keys.size()))?;
        let gathered = Column::new(rows.column(schema.index_of(&self.field)?))?;
        let mut groups: HashMap<Option<Row<'_>>, usize> = HashMap::new();
        let mut members: Vec<(u64, Vec<String>)> = Vec::new();
        for row in 0..rows.num_rows() {
            let values = gathered.value(row).each_text();
            if values.is_empty() {
                members.push((row as u64, Vec::new()));
                continue;
            }
            let place = *groups.entry(keys.as_ref().map(|keys| keys.row(row))).or_insert_with(|| {
                members.push((row as u64, Vec::new()));
                members.len() - 1
            });
            members[place].1.extend(values.into_iter().map(|text| text.into_owned()));
        }
        let kept = UInt64Array::from_iter_values(members.iter().map(|(row, _)| *row));
        let columns = self
            .output
            .fields()
            .iter()
            .map(|field| {
                if *field.name() == self.field {
                    let mut built = ColumnBuilder::new(ValueType::Multivalue, members.len());
                    members.iter().for_each(|(_, values)| built.append_values(values));
                    return Ok(built.finish());
                }
                Ok(take(rows.column(schema.index_of(field.name())?), &kept, None)?)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Some(RecordBatch::try_new(self.output.clone(), columns)?))
    }
}
