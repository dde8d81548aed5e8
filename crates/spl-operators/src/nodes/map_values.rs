//! The row operator of `replace` and `rangemap`: values mapped one by one, each distinct value once.

use std::collections::HashMap;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::Value;

use crate::columns::{Places, with_columns, with_fields};
use crate::held::{MOST_REMEMBERED, text_size};
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::nodes::value_map::ValueMap;

/// Maps the values of fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MapValues {
    /// Field read and field set.
    pub fields: Vec<(String, String)>,
    /// Whether one value can become several.
    pub several: bool,
    /// The mapping.
    pub map: ValueMap,
}

impl Operator for MapValues {
    fn name(&self) -> &'static str {
        self.map.command()
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn ordered(&self) -> bool {
        false
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let places = Places::of(input);
        let set = self.fields.iter().map(|(source, target)| {
            let list = places.field(source).is_some_and(|field| ValueType::of(field.data_type()) == ValueType::Multivalue);
            let value_type = if self.several || list { ValueType::Multivalue } else { ValueType::Text };
            (target.as_str(), value_type.arrow())
        });
        Ok(with_fields(input, set))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State { operator: self.clone(), output: output.clone(), known: HashMap::new(), size: 0 })
    }
}

struct State {
    operator: MapValues,
    output: SchemaRef,
    /// Values seen before, and what became of them.
    known: HashMap<Option<String>, Vec<String>>,
    /// Bytes of these.
    size: usize,
}

impl State {
    fn mapped(&mut self, value: Option<&str>) -> &[String] {
        if self.size > MOST_REMEMBERED {
            self.known = HashMap::new();
            self.size = 0;
        }
        let key = value.map(str::to_owned);
        let (map, size) = (&self.operator.map, &mut self.size);
        self.known.entry(key).or_insert_with(|| {
            let mapped = map.map(value);
            *size += size_of::<Vec<String>>() + text_size(value.unwrap_or_default());
            *size += mapped.iter().map(|text| text_size(text)).sum::<usize>();
            mapped
        })
    }
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let mut computed: Vec<(String, ArrayRef)> = Vec::new();
        let (schema, output) = (batch.schema(), self.output.clone());
        let (read, written) = (Places::of(&schema), Places::of(&output));
        for (source, target) in self.operator.fields.clone() {
            let column = match read.get(&source) {
                Some(place) => Column::new(batch.column(place))?,
                None => Column::Null,
            };
            let mut built =
                ColumnBuilder::new(ValueType::of(output.field(written.place(&target)?).data_type()), batch.num_rows());
            for row in 0..batch.num_rows() {
                match column.value(row) {
                    Value::Multivalue(values) => {
                        let mut all: Vec<String> = Vec::new();
                        for value in values.iter() {
                            all.extend(self.mapped(Some(value)).iter().cloned());
                        }
                        built.append_values(&all);
                    }
                    value => {
                        let text = value.text();
                        built.append_values(self.mapped(text.as_deref()));
                    }
                }
            }
            computed.push((target, built.finish()));
        }
        with_columns(&batch, &self.output, &computed).map(Some)
    }

    fn size(&self) -> usize {
        self.size
    }
}
