//! The row operator of `lookup`: finds the rows of a table that match and adds their fields.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_knowledge::LookupTable;
use spl_knowledge::lookup::MatchType;

use crate::lookup::matcher::{EntryTimes, Found, Matcher};
use crate::node::{Operator, OperatorContext, OperatorState};

/// A field that the lookup adds.
#[derive(Clone, Debug)]
pub struct Output {
    /// Column of the table.
    pub column: usize,
    /// Field of the row.
    pub field: String,
    /// Keeps the value of rows that have one (`OUTPUTNEW`).
    pub only_new: bool,
}

/// Matches rows against a table.
#[derive(Debug)]
pub struct Lookup {
    name: String,
    table: Arc<LookupTable>,
    /// Column of the table, how it matches, field of the row.
    inputs: Vec<(usize, MatchType, String)>,
    outputs: Vec<Output>,
    case_sensitive: bool,
    max_matches: usize,
    min_matches: usize,
    default_match: String,
    /// For a lookup by time, and the field with the time of a row.
    times: Option<(EntryTimes, String)>,
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
        Self { name, table, inputs, outputs, case_sensitive, max_matches, min_matches, default_match, times: None }
    }

    /// The same as a lookup by time; the field has the time of a row in epoch seconds.
    pub fn by_time(mut self, times: EntryTimes, field: String) -> Self {
        self.times = Some((times, field));
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

    fn parameters(&self) -> String {
        format!("{} {:?} -> {:?}", self.name, self.inputs, self.outputs)
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

    fn ordered(&self) -> bool {
        true
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        let inputs = self.inputs.iter().map(|(column, kind, _)| (*column, *kind)).collect();
        let times = self.times.as_ref().map(|(times, _)| times.clone());
        let matcher = Matcher::new(self.table.clone(), inputs, self.case_sensitive, self.max_matches).by_time(times);
        Box::new(State {
            matcher,
            time: self.times.as_ref().map(|(_, field)| field.clone()),
            inputs: self.inputs.iter().map(|(_, _, field)| field.clone()).collect(),
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
