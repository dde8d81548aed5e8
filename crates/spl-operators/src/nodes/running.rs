//! The row operator of `accum`, `delta`, `autoregress`, `filldown` and `trendline`: a field from the rows before.

use std::collections::VecDeque;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::Value;

use crate::columns::{Places, with_columns, with_fields};
use crate::held::text_size;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// How a value follows from the rows before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// The total so far; a value that is no number stays what it is in the field itself.
    Total,
    /// The difference to the value so many rows before.
    Difference(usize),
    /// The value so many rows before.
    Earlier(usize),
    /// The last value that was there.
    LastPresent,
    /// The mean of the last values.
    SimpleAverage(usize),
    /// The mean that forgets exponentially.
    ExponentialAverage(usize),
    /// The mean of the last values, the later the heavier.
    WeightedAverage(usize),
}

/// A field computed from the rows before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunningField {
    /// What is read.
    pub source: String,
    /// What is set.
    pub target: String,
    /// How.
    pub step: Step,
}

impl RunningField {
    fn value_type(&self, input: &Places<'_>) -> ValueType {
        let source = input.field(&self.source).map_or(ValueType::Text, |field| ValueType::of(field.data_type()));
        match self.step {
            Step::Earlier(_) | Step::LastPresent if source == ValueType::Null => ValueType::Text,
            Step::Earlier(_) | Step::LastPresent => source,
            Step::Total if self.source == self.target && !source.is_number() => ValueType::Text,
            _ => ValueType::Float,
        }
    }
}

/// The name of a command.
pub type CommandName = &'static str;

/// Computes fields from the rows before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// The command.
    #[serde(serialize_with = "as_text", deserialize_with = "command")]
    pub command: CommandName,
    /// The fields.
    pub fields: Vec<RunningField>,
}

/// The commands that this operator does the work of.
pub const COMMANDS: [&str; 5] = ["accum", "autoregress", "delta", "filldown", "trendline"];

fn as_text<S: Serializer>(command: &CommandName, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(command)
}

fn command<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<CommandName, D::Error> {
    let name = String::deserialize(deserializer)?;
    let known = COMMANDS.into_iter().find(|known| *known == name);
    known.ok_or_else(|| serde::de::Error::custom(format!("`{name}` is none of {}", COMMANDS.join(", "))))
}

impl Operator for Running {
    fn name(&self) -> &'static str {
        self.command
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let places = Places::of(input);
        let set = self.fields.iter().map(|running| (running.target.as_str(), running.value_type(&places).arrow()));
        Ok(with_fields(input, set))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        let memories = self.fields.iter().map(|_| Memory::default()).collect();
        Box::new(State { fields: self.fields.clone(), memories, output: output.clone() })
    }
}

/// An owned value.
#[derive(Clone, Debug)]
enum Kept {
    Null,
    Number(f64),
    Integer(i64),
    Texts(Vec<String>),
}

impl Kept {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(number) => Self::Integer(number),
            Value::Float(number) => Self::Number(number),
            other => Self::Texts(other.each_text().into_iter().map(|text| text.into_owned()).collect()),
        }
    }

    fn size(&self) -> usize {
        let texts = match self {
            Self::Texts(texts) => texts.iter().map(|text| text_size(text)).sum(),
            Self::Null | Self::Number(_) | Self::Integer(_) => 0,
        };
        size_of::<Self>() + texts
    }

    fn append_to(&self, column: &mut ColumnBuilder) {
        match self {
            Self::Null => column.append_null(),
            Self::Number(number) => column.append(Value::Float(*number)),
            Self::Integer(number) => column.append(Value::Integer(*number)),
            Self::Texts(texts) => match (texts.as_slice(), column.value_type()) {
                ([text], ValueType::Text) => column.append_text(text),
                _ => column.append_values(texts),
            },
        }
    }
}

/// What a field remembers of the rows before.
#[derive(Default)]
struct Memory {
    total: f64,
    average: Option<f64>,
    rows: usize,
    numbers: VecDeque<Option<f64>>,
    values: VecDeque<Kept>,
    /// Bytes of the values.
    values_size: usize,
}

struct State {
    fields: Vec<RunningField>,
    memories: Vec<Memory>,
    output: SchemaRef,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let mut computed: Vec<(String, ArrayRef)> = Vec::new();
        let schema = batch.schema();
        let (read, written) = (Places::of(&schema), Places::of(&self.output));
        for (running, memory) in self.fields.iter().zip(&mut self.memories) {
            let column = match read.get(&running.source) {
                Some(place) => Column::new(batch.column(place))?,
                None => Column::Null,
            };
            let place = written.place(&running.target)?;
            let value_type = ValueType::of(self.output.field(place).data_type());
            let mut built = ColumnBuilder::new(value_type, batch.num_rows());
            for row in 0..batch.num_rows() {
                memory.step(running, column.value(row), &mut built);
            }
            computed.push((running.target.clone(), built.finish()));
        }
        with_columns(&batch, &self.output, &computed).map(Some)
    }

    fn size(&self) -> usize {
        self.memories.iter().map(Memory::size).sum()
    }
}

impl Memory {
    fn size(&self) -> usize {
        self.numbers.len() * size_of::<Option<f64>>() + self.values_size
    }

    fn keep(&mut self, value: Kept) {
        self.values_size += value.size();
        self.values.push_back(value);
    }

    fn oldest(&mut self) -> Kept {
        let oldest = self.values.pop_front().unwrap_or(Kept::Null);
        self.values_size = self.values_size.saturating_sub(oldest.size());
        oldest
    }

    fn step(&mut self, running: &RunningField, value: Value<'_>, built: &mut ColumnBuilder) {
        let number = value.number();
        match running.step {
            Step::Total => match number {
                Some(number) => {
                    self.total += number;
                    built.append(Value::Float(self.total));
                }
                None if running.source == running.target => Kept::of(value).append_to(built),
                None => built.append_null(),
            },
            Step::Difference(distance) => {
                let before = if self.numbers.len() >= distance { self.numbers.pop_front().flatten() } else { None };
                self.numbers.push_back(number);
                append_number(built, number.zip(before).map(|(now, before)| now - before));
            }
            Step::Earlier(distance) => {
                self.keep(Kept::of(value));
                if self.values.len() > distance {
                    self.oldest().append_to(built);
                } else {
                    built.append_null();
                }
            }
            Step::LastPresent => {
                if !value.is_null() {
                    self.oldest();
                    self.keep(Kept::of(value));
                }
                match self.values.front() {
                    Some(last) => last.append_to(built),
                    None => built.append_null(),
                }
            }
            Step::SimpleAverage(period) => {
                let Some(number) = number else { return built.append_null() };
                let full = self.hold(number, period);
                let sum: f64 = self.numbers.iter().flatten().sum();
                append_number(built, full.then(|| sum / period as f64));
            }
            Step::WeightedAverage(period) => {
                let Some(number) = number else { return built.append_null() };
                let full = self.hold(number, period);
                let weighted: f64 =
                    self.numbers.iter().flatten().enumerate().map(|(place, number)| (place + 1) as f64 * number).sum();
                let weights = (period * (period + 1)) as f64 / 2.0;
                append_number(built, full.then(|| weighted / weights));
            }
            Step::ExponentialAverage(period) => {
                let Some(number) = number else { return built.append_null() };
                let kept = 1.0 - 2.0 / (period as f64 + 1.0);
                let average = self.average.map_or(number, |before| kept * before + (1.0 - kept) * number);
                self.average = Some(average);
                self.rows += 1;
                append_number(built, (self.rows >= period).then_some(average));
            }
        }
    }

    /// Keeps the last numbers of a period; true once there are enough of them.
    fn hold(&mut self, number: f64, period: usize) -> bool {
        self.numbers.push_back(Some(number));
        if self.numbers.len() > period {
            self.numbers.pop_front();
        }
        self.numbers.len() == period
    }
}

fn append_number(built: &mut ColumnBuilder, number: Option<f64>) {
    match number {
        Some(number) => built.append(Value::Float(number)),
        None => built.append_null(),
    }
}
