//! The row operator of `lookup`: finds the rows of a table that match and adds their fields.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::search::SearchPattern;
use spl_knowledge::LookupTable;
use spl_knowledge::lookup::MatchType;

use super::{Operator, OperatorState};

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
        Self { name, table, inputs, outputs, case_sensitive, max_matches, min_matches, default_match }
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

    fn start(&self, output: &SchemaRef) -> Box<dyn OperatorState> {
        let exact: Vec<usize> = (0..self.inputs.len()).filter(|place| self.inputs[*place].1 == MatchType::Exact).collect();
        let fold = |text: &str| if self.case_sensitive { text.to_owned() } else { text.to_lowercase() };
        let mut index: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for (row, cells) in self.table.rows.iter().enumerate() {
            let key = exact.iter().map(|place| fold(cells.get(self.inputs[*place].0).map_or("", String::as_str))).collect();
            index.entry(key).or_default().push(row);
        }
        Box::new(State {
            table: self.table.clone(),
            inputs: self.inputs.clone(),
            outputs: self.outputs.clone(),
            case_sensitive: self.case_sensitive,
            max_matches: self.max_matches.max(1),
            min_matches: self.min_matches,
            default_match: self.default_match.clone(),
            output_type: self.output_type(),
            exact,
            index,
            found: HashMap::new(),
            schema: output.clone(),
        })
    }
}

struct State {
    table: Arc<LookupTable>,
    inputs: Vec<(usize, MatchType, String)>,
    outputs: Vec<Output>,
    case_sensitive: bool,
    max_matches: usize,
    min_matches: usize,
    default_match: String,
    output_type: ValueType,
    exact: Vec<usize>,
    index: HashMap<Vec<String>, Vec<usize>>,
    /// Rows found for values seen before.
    found: HashMap<Vec<String>, Arc<Vec<usize>>>,
    schema: SchemaRef,
}

impl State {
    fn rows_for(&mut self, values: &[String]) -> Arc<Vec<usize>> {
        if let Some(found) = self.found.get(values) {
            return found.clone();
        }
        let fold = |text: &str| if self.case_sensitive { text.to_owned() } else { text.to_lowercase() };
        let key: Vec<String> = self.exact.iter().map(|place| fold(&values[*place])).collect();
        let mut rows = Vec::new();
        for row in self.index.get(&key).map(Vec::as_slice).unwrap_or_default() {
            let matches = self.inputs.iter().zip(values).all(|((column, kind, _), value)| {
                let cell = self.table.rows[*row].get(*column).map_or("", String::as_str);
                match kind {
                    MatchType::Exact => true,
                    MatchType::Wildcard => {
                        let pattern = SearchPattern::new(cell);
                        let pattern = if self.case_sensitive { pattern.with_case() } else { pattern };
                        pattern.matcher().matches(value)
                    }
                    MatchType::Cidr => SearchPattern::literal(cell).matcher().matches(value),
                }
            });
            if matches {
                rows.push(*row);
                if rows.len() >= self.max_matches {
                    break;
                }
            }
        }
        let rows = Arc::new(rows);
        self.found.insert(values.to_vec(), rows.clone());
        rows
    }
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
        let inputs: Vec<Column> = self.inputs.iter().map(|(_, _, field)| read(field)).collect::<Result<_>>()?;
        let before: Vec<Column> = self.outputs.iter().map(|output| read(&output.field)).collect::<Result<_>>()?;
        let mut built: Vec<ColumnBuilder> = self.outputs.iter().map(|_| ColumnBuilder::new(self.output_type, rows)).collect();
        for row in 0..rows {
            // A multivalue field matches with any of its values, the first that does.
            let mut candidates: Vec<Vec<String>> = vec![Vec::new()];
            for input in &inputs {
                let values: Vec<String> = input.value(row).each_text().into_iter().map(|text| text.into_owned()).collect();
                candidates = candidates
                    .into_iter()
                    .flat_map(|candidate| {
                        values.iter().take(100).map(move |value| {
                            let mut longer = candidate.clone();
                            longer.push(value.clone());
                            longer
                        }).collect::<Vec<_>>()
                    })
                    .take(1_000)
                    .collect();
            }
            let mut found: Vec<usize> = Vec::new();
            let present = !candidates.is_empty();
            for candidate in &candidates {
                for row in self.rows_for(candidate).iter() {
                    if !found.contains(row) && found.len() < self.max_matches {
                        found.push(*row);
                    }
                }
            }
            let matched = found.len();
            for (place, output) in self.outputs.iter().enumerate() {
                let old = before[place].value(row);
                if output.only_new && !old.is_null() {
                    built[place].append(old);
                    continue;
                }
                let mut values: Vec<&str> = found
                    .iter()
                    .filter_map(|row| self.table.rows[*row].get(output.column).map(String::as_str))
                    .filter(|value| !value.is_empty())
                    .collect();
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
}
