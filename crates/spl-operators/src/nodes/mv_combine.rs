//! The row operator of `mvcombine`: rows that are equal but for one field become one row with all its values.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};

use crate::held::HeldRows;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::nodes::transaction::DELIMITER;

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

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State { field: self.field.clone(), output: output.clone(), held: HeldRows::default() })
    }
}

struct State {
    field: String,
    output: SchemaRef,
    held: HeldRows,
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
        let mut others: Vec<Column> = Vec::new();
        for (field, array) in schema.fields().iter().zip(rows.columns()) {
            if *field.name() != self.field && !field.name().starts_with("__") {
                others.push(Column::new(array)?);
            }
        }
        let gathered = Column::new(rows.column(schema.index_of(&self.field)?))?;
        let mut groups: HashMap<String, usize> = HashMap::new();
        let mut members: Vec<(u64, Vec<String>)> = Vec::new();
        for row in 0..rows.num_rows() {
            let values = gathered.value(row).each_text();
            if values.is_empty() {
                members.push((row as u64, Vec::new()));
                continue;
            }
            let mut key = String::new();
            for column in &others {
                let value = column.value(row);
                key.push(if value.is_null() { '\u{3}' } else { '\u{2}' });
                for text in value.each_text() {
                    key.push_str(&text);
                    key.push('\u{1}');
                }
            }
            let place = *groups.entry(key).or_insert_with(|| {
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
