//! The row operator of `lookup`: finds the rows of a table that match and adds their fields.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_knowledge::LookupTable;
use spl_knowledge::lookup::MatchType;

use crate::lookup::form::{MatchTypeForm, TableForm, fingerprint};
use crate::lookup::matcher::{EntryTimes, Found, Matcher};
use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// A field that the lookup adds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Output {
    /// Column of the table.
    pub column: usize,
    /// Field of the row.
    pub field: String,
    /// Keeps the value of rows that have one (`OUTPUTNEW`).
    pub only_new: bool,
}

/// A field of the row that is looked up in a column of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Input {
    column: usize,
    #[serde(with = "MatchTypeForm")]
    kind: MatchType,
    field: String,
}

/// Matches rows against a table.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lookup {
    name: String,
    #[serde(skip)]
    table: Arc<LookupTable>,
    /// Of the table.
    fingerprint: u64,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    case_sensitive: bool,
    max_matches: usize,
    min_matches: usize,
    default_match: String,
    /// The times of the table's rows, for a lookup by time.
    #[serde(skip)]
    times: Option<EntryTimes>,
    /// The field with the time of a row, for a lookup by time.
    time_field: Option<String>,
}

/// The table of a lookup and its times.
#[derive(Serialize, Deserialize)]
struct Data {
    table: TableForm,
    times: Option<EntryTimes>,
}

impl Lookup {
    /// Describes the lookup.
    #[allow(clippy::too_many_arguments, reason = "one per setting of a lookup definition")]
    pub fn new(
        name: String,
        table: Arc<LookupTable>,
        inputs: Vec<(usize, MatchType, String)>,
        outputs: Vec<Output>,
        case_sensitive: bool,
        max_matches: usize,
        min_matches: usize,
        default_match: String,
    ) -> Self {
        let inputs = inputs.into_iter().map(|(column, kind, field)| Input { column, kind, field }).collect();
        Self {
            name,
            fingerprint: fingerprint(&table),
            table,
            inputs,
            outputs,
            case_sensitive,
            max_matches,
            min_matches,
            default_match,
            times: None,
            time_field: None,
        }
    }

    /// The lookup of parameters and data.
    ///
    /// # Errors
    /// Values that are of no lookup.
    pub fn read(parameters: Json, data: Json) -> serde_json::Result<Self> {
        let data: Data = serde_json::from_value(data)?;
        let lookup: Self = serde_json::from_value(parameters)?;
        Ok(Self { table: Arc::new(data.table.table()), times: data.times, ..lookup })
    }

    /// The same as a lookup by time; the field has the time of a row in epoch seconds.
    pub fn by_time(mut self, times: EntryTimes, field: String) -> Self {
        self.times = Some(times);
        self.time_field = Some(field);
        self
    }

    /// The type that an output field has afterwards: one value unless several rows can match.
    fn output_type(&self) -> ValueType {
        if self.max_matches > 1 { ValueType::Multivalue } else { ValueType::Text }
    }
}

impl Operator for Lookup {
    fn name(&self) -> &'static str {
        "lookup"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let mut fields: Vec<Arc<Field>> = input.fields().iter().cloned().collect();
        for output in &self.outputs {
            let field = Arc::new(Field::new(&output.field, self.output_type().arrow(), true));
            match fields.iter_mut().find(|known| *known.name() == output.field) {
                Some(known) => *known = field,
                None => fields.push(field),
            }
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn data(&self) -> Result<Option<Json>> {
        to_json(&Data { table: TableForm::of(&self.table), times: self.times.clone() }).map(Some)
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        let inputs = self.inputs.iter().map(|input| (input.column, input.kind)).collect();
        let matcher = Matcher::new(self.table.clone(), inputs, self.case_sensitive, self.max_matches).by_time(self.times.clone());
        Box::new(State {
            matcher,
            time: self.time_field.clone(),
            inputs: self.inputs.iter().map(|input| input.field.clone()).collect(),
            outputs: self.outputs.clone(),
            min_matches: self.min_matches,
            default_match: self.default_match.clone(),
            output_type: self.output_type(),
            found: Found::new(),
            schema: output.clone(),
        })
    }
}

struct State {
    matcher: Matcher,
    /// The field with the time of a row, for lookups by time.
    time: Option<String>,
    /// Fields of the row that are looked up.
    inputs: Vec<String>,
    outputs: Vec<Output>,
    min_matches: usize,
    default_match: String,
    output_type: ValueType,
    /// Rows found for values seen before.
    found: Found,
    schema: SchemaRef,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let rows = batch.num_rows();
        let read = |name: &str| -> Result<Column> {
            match batch.column_by_name(name) {
                Some(array) => Column::new(array),
                None => Ok(Column::Null),
            }
        };
        let inputs: Vec<Column> = self.inputs.iter().map(|field| read(field)).collect::<Result<_>>()?;
        let times = self.time.as_deref().map_or(Ok(Column::Null), read)?;
        let before: Vec<Column> = self.outputs.iter().map(|output| read(&output.field)).collect::<Result<_>>()?;
        let mut built: Vec<ColumnBuilder> = self.outputs.iter().map(|_| ColumnBuilder::new(self.output_type, rows)).collect();
        for row in 0..rows {
            let looked_up = self.matcher.find(&inputs, row, times.value(row).number(), &mut self.found);
            let present = looked_up.is_some();
            let found = looked_up.unwrap_or_default();
            let matched = found.len();
            for (place, output) in self.outputs.iter().enumerate() {
                let old = before[place].value(row);
                if output.only_new && !old.is_null() {
                    built[place].append(old);
                    continue;
                }
                let mut values: Vec<&str> = self.matcher.values(&found, output.column).collect();
                if matched < self.min_matches && present && !self.default_match.is_empty() {
                    values.resize(self.min_matches.max(values.len()), self.default_match.as_str());
                }
                if values.is_empty() && matched == 0 {
                    // Without a match the row keeps what it has.
                    built[place].append(old);
                } else {
                    built[place].append_values(values);
                }
            }
        }
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        let mut built: HashMap<String, ArrayRef> =
            self.outputs.iter().map(|output| output.field.clone()).zip(built.into_iter().map(ColumnBuilder::finish)).collect();
        for field in self.schema.fields() {
            match built.remove(field.name()) {
                Some(array) => columns.push(array),
                None => columns.push(batch.column(batch.schema().index_of(field.name())?).clone()),
            }
        }
        Ok(Some(RecordBatch::try_new(self.schema.clone(), columns)?))
    }

    fn size(&self) -> usize {
        self.found.size()
    }
}
