//! All that can give one field of an event, in Splunk's order, and the function that runs it over columns.

use arrow::array::ArrayRef;
use datafusion_common::{DataFusionError, Result, exec_err};
use serde::{Deserialize, Serialize};

use super::rule::{Compiled, Rule};
use crate::column::{Column, ColumnBuilder, ValueType};
use crate::pattern::PatternCache;
use crate::scalar::Call;
use crate::value::Value;

/// How a field is found. The first step that finds it gives it; one with `MV_ADD` adds its values to those before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FieldSteps {
    /// The field.
    pub field: String,
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// How a field is found, with the fields that its rules read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extraction {
    /// The field.
    pub wanted: FieldSteps,
    /// Fields that rules read. Their own rules may read those before them.
    pub sources: Vec<FieldSteps>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Step {
    /// The value of a column.
    Value {
        /// Its number.
        column: usize,
        /// It is added to what is found before.
        adds: bool,
    },
    /// What a rule finds in a text.
    Rule {
        /// The text.
        source: Source,
        /// The rule.
        rule: Rule,
    },
}

/// The text that a rule reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A column by its number.
    Column(usize),
    /// A field that other steps find, by its number among the sources.
    Field(usize),
}

impl Extraction {
    /// The type of the field, over columns of these types.
    pub fn value_type(&self, columns: &[ValueType]) -> ValueType {
        let of_step = |step: &Step| match step {
            Step::Value { column, adds: false } => columns.get(*column).copied().unwrap_or(ValueType::Null),
            Step::Value { adds: true, .. } => ValueType::Multivalue,
            Step::Rule { rule, .. } if rule.several => ValueType::Multivalue,
            Step::Rule { .. } => ValueType::Text,
        };
        self.wanted.steps.iter().map(of_step).fold(ValueType::Null, ValueType::common)
    }

    /// Ready for use.
    ///
    /// # Errors
    /// A regular expression that can't be read.
    pub fn compile(&self, patterns: &PatternCache) -> std::result::Result<CompiledExtraction<'_>, String> {
        Ok(CompiledExtraction {
            wanted: self.wanted.compile(patterns)?,
            sources: self.sources.iter().map(|source| source.compile(patterns)).collect::<std::result::Result<_, _>>()?,
        })
    }
}

impl FieldSteps {
    fn compile(&self, patterns: &PatternCache) -> std::result::Result<CompiledSteps<'_>, String> {
        let mut steps = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            steps.push(match step {
                Step::Value { column, adds } => CompiledStep::Value { column: *column, adds: *adds },
                Step::Rule { source, rule } => {
                    CompiledStep::Rule { source: source.clone(), rule: rule.compile(Some(&self.field), patterns)? }
                }
            });
        }
        Ok(CompiledSteps { field: &self.field, steps })
    }
}

/// An extraction that is ready for use.
pub struct CompiledExtraction<'r> {
    wanted: CompiledSteps<'r>,
    sources: Vec<CompiledSteps<'r>>,
}

struct CompiledSteps<'r> {
    field: &'r str,
    steps: Vec<CompiledStep<'r>>,
}

enum CompiledStep<'r> {
    Value { column: usize, adds: bool },
    Rule { source: Source, rule: Compiled<'r> },
}

/// What steps find in a row.
enum FoundField<'a> {
    /// The value of a column.
    Value(Value<'a>),
    /// Texts; none when the row lacks the field.
    Texts(Vec<String>),
}

/// The columns at a row, and the sources that were read there.
struct Row<'a> {
    columns: &'a [Column],
    row: usize,
    read: Vec<Option<Vec<String>>>,
}

impl<'a> Row<'a> {
    fn value(&self, column: usize) -> Value<'a> {
        self.columns.get(column).map_or(Value::Null, |column| column.value(self.row))
    }
}

impl CompiledExtraction<'_> {
    /// The values of the field in a row.
    pub fn texts(&self, columns: &[Column], row: usize) -> Vec<String> {
        match self.find(columns, row) {
            FoundField::Value(value) => owned(value),
            FoundField::Texts(texts) => texts,
        }
    }

    fn find<'a>(&self, columns: &'a [Column], row: usize) -> FoundField<'a> {
        let mut row = Row { columns, row, read: vec![None; self.sources.len()] };
        self.run(&self.wanted, &mut row)
    }

    /// Reads a source, and those that it reads, once for each row.
    fn read_source(&self, number: usize, row: &mut Row<'_>) {
        if row.read.get(number).is_some_and(Option::is_none)
            && let Some(steps) = self.sources.get(number)
        {
            // Whoever refers to itself finds nothing.
            row.read[number] = Some(Vec::new());
            let found = match self.run(steps, row) {
                FoundField::Value(value) => owned(value),
                FoundField::Texts(texts) => texts,
            };
            row.read[number] = Some(found);
        }
    }

    fn run<'a>(&self, steps: &CompiledSteps<'_>, row: &mut Row<'a>) -> FoundField<'a> {
        let mut kept = Value::Null;
        let mut found: Vec<String> = Vec::new();
        for step in &steps.steps {
            let has_none = kept.is_null() && found.is_empty();
            let adds = match step {
                CompiledStep::Value { adds, .. } => *adds,
                CompiledStep::Rule { rule, .. } => rule.gives_several(),
            };
            if !has_none && !adds {
                continue;
            }
            match step {
                CompiledStep::Value { column, .. } if has_none => kept = row.value(*column),
                CompiledStep::Value { column, .. } => {
                    found.extend(owned(std::mem::replace(&mut kept, Value::Null)));
                    found.extend(owned(row.value(*column)));
                }
                CompiledStep::Rule { source, rule } => {
                    found.extend(owned(std::mem::replace(&mut kept, Value::Null)));
                    let before = found.len();
                    let mut read = |text: &str| {
                        if found.len() == before || rule.gives_several() {
                            rule.add_values(steps.field, text, &mut found);
                        }
                    };
                    match source {
                        Source::Column(column) => match row.value(*column) {
                            Value::Null => {}
                            Value::Text(text) => read(text),
                            other => other.each_text().iter().for_each(|text| read(text)),
                        },
                        Source::Field(number) => {
                            self.read_source(*number, row);
                            row.read.get(*number).into_iter().flatten().flatten().for_each(|text| read(text));
                        }
                    }
                }
            }
        }
        if found.is_empty() { FoundField::Value(kept) } else { FoundField::Texts(found) }
    }
}

fn owned(value: Value<'_>) -> Vec<String> {
    value.each_text().into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// The function `spl_extract(<steps as JSON>, <null of the result's type>, <columns>…)`.
pub(crate) fn extract(call: &Call<'_>) -> Result<ArrayRef> {
    let written = call.arguments.first().and_then(Column::literal).and_then(|value| value.text().map(|text| text.into_owned()));
    let Some(written) = written else { return exec_err!("the steps of an extraction must be a literal") };
    let steps: Extraction = serde_json::from_str(&written).map_err(|error| DataFusionError::External(Box::new(error)))?;
    let compiled = steps.compile(call.patterns).map_err(DataFusionError::Execution)?;
    let columns = call.arguments.get(2..).unwrap_or_default();
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        match compiled.find(columns, row) {
            FoundField::Value(value) => built.append(value),
            FoundField::Texts(texts) => match (texts.first(), call.returns) {
                (None, _) => built.append_null(),
                (Some(_), ValueType::Multivalue) => built.append_values(&texts),
                (Some(first), _) => built.append_text(first),
            },
        }
    }
    Ok(built.finish())
}
