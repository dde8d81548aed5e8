//! Statistical functions: their registry and their form as DataFusion aggregates.
//!
//! A function is a row in its family's `FUNCTIONS` list: names, inputs, result type and the state it keeps per group.
//! One state type serves grouped aggregation, aggregation without groups and windows; see [`state`].

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::Result;
use datafusion_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, TypeSignature, Volatility};

use self::state::{GroupedState, Groups, OneGroup, SlidingWindow};
use crate::column::ValueType;
use crate::value::format_number;

pub mod count;
pub mod distinct;
pub mod extremes;
mod input;
pub mod list;
mod lists;
mod members;
pub mod mode;
pub mod moments;
pub mod order;
pub mod percentile;
pub mod rate;
pub mod sparkline;
pub mod state;
mod value_ids;

pub use self::value_ids::ValueIds;

/// A statistical function.
pub struct AggregateSpec {
    /// Name as Splunk's search reference spells it, without the percentile number.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// Family as in the search reference: `Aggregate functions`.
    pub category: &'static str,
    /// `perc<number>(<value>)`.
    pub syntax: &'static str,
    /// One line: what it yields.
    pub summary: &'static str,
    /// Whether a number is part of the name, as in `perc95`.
    pub parameter: bool,
    /// The arguments that the planner passes.
    pub inputs: Inputs,
    /// Result type from the type of the value.
    pub returns: fn(ValueType) -> ValueType,
    /// Makes the empty state of a call.
    pub create: fn(&AggregateCall) -> Result<Box<dyn GroupedState>>,
    /// How much of it is built.
    pub status: Status,
}

impl std::fmt::Debug for AggregateSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AggregateSpec").field("name", &self.name).field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl AggregateSpec {
    /// Checks the number in the name; the message names what is wrong.
    pub fn check_parameter(&self, parameter: Option<f64>) -> std::result::Result<(), String> {
        match (self.parameter, parameter) {
            (true, None) => Err(format!("{0} needs a percentile in its name, as in {0}95", self.name)),
            (true, Some(number)) if !(0.0..=100.0).contains(&number) => {
                Err(format!("the percentile of {} must be between 0 and 100, not {}", self.name, format_number(number)))
            }
            _ => Ok(()),
        }
    }
}

/// How much of a function is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All that the search reference describes.
    Full,
    /// All but what the text names.
    Partial(&'static str),
    /// Known, not built: naming it is an error that says so.
    Planned,
}

/// The arguments of a statistical function, as the planner passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// The value, or the literal 1 for each event when none was written (`count`).
    Optional,
    /// The value.
    Value,
    /// The value and `_time` (a number, epoch seconds); the hidden ordinal (Int64) may follow and decides between
    /// equal times: the event that comes first is the later one, as in a search's results.
    ValueAndTime,
    /// The value and the hidden ordinal (Int64), which carries the order of events.
    ValueAndOrder,
    /// The value and the length of the group's time span in seconds (a number, the same in all events of a group).
    ValueAndSpan,
    /// The value, `_time`, and optionally a text that names the metric time series.
    ValueTimeAndSeries,
}

/// How many values a function that gathers them keeps, and whether there were more.
#[derive(Clone, Debug)]
pub struct ValueLimit {
    /// Most values of a group.
    pub most: usize,
    /// Raised when a group had more.
    pub was_cut: Arc<AtomicBool>,
}

impl Default for ValueLimit {
    /// The 100 values of `list` (Splunk search reference, Multivalue stats and chart functions).
    fn default() -> Self {
        Self { most: 100, was_cut: Arc::default() }
    }
}

/// What a function's state depends on.
#[derive(Clone, Debug)]
pub struct AggregateCall {
    /// Type of the value argument.
    pub value: ValueType,
    /// Result type.
    pub returns: ValueType,
    /// The number in the name.
    pub parameter: Option<f64>,
    /// Most values, for functions that gather them.
    pub limit: ValueLimit,
}

/// All statistical functions, family by family.
pub fn all() -> impl Iterator<Item = &'static AggregateSpec> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// What a statistical function of another language is called here.
pub fn name_here(name: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] =
        &[("average", "avg"), ("distinct", "dc"), ("count_distinct", "dc"), ("total", "sum"), ("stddev", "stdev")];
    NAMES.iter().find(|(other, _)| name.eq_ignore_ascii_case(other)).map(|(_, here)| *here)
}

/// Finds a function by name, without case; `perc95` gives `perc` and 95. A percentile function without a number is
/// found too, without a parameter: see [`AggregateSpec::check_parameter`].
pub fn lookup(name: &str) -> Option<(&'static AggregateSpec, Option<f64>)> {
    let names = |spec: &'static AggregateSpec| std::iter::once(spec.name).chain(spec.aliases.iter().copied());
    if let Some(spec) = all().find(|spec| names(spec).any(|known| known.eq_ignore_ascii_case(name))) {
        return Some((spec, None));
    }
    let digits = name.find(|character: char| character.is_ascii_digit() || character == '.')?;
    let (stem, number) = name.split_at(digits);
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let spec = all().filter(|spec| spec.parameter).find(|spec| names(spec).any(|known| known.eq_ignore_ascii_case(stem)))?;
    Some((spec, Some(number)))
}

/// A function as a DataFusion aggregate; its name carries the parameter, so that it can be found again by name.
pub fn udaf(spec: &'static AggregateSpec, parameter: Option<f64>, limit: ValueLimit) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::from(SplAggregate { limit, ..SplAggregate::new(spec, parameter) }))
}

/// The families, in the order in which lists of functions show them.
const FAMILIES: &[&[AggregateSpec]] = &[
    count::FUNCTIONS,
    moments::FUNCTIONS,
    extremes::FUNCTIONS,
    distinct::FUNCTIONS,
    percentile::FUNCTIONS,
    mode::FUNCTIONS,
    order::FUNCTIONS,
    list::FUNCTIONS,
    rate::FUNCTIONS,
    sparkline::FUNCTIONS,
];

/// A function of the registry as DataFusion sees it.
#[derive(Debug)]
pub struct SplAggregate {
    spec: &'static AggregateSpec,
    parameter: Option<f64>,
    name: String,
    limit: ValueLimit,
    signature: Signature,
}

impl SplAggregate {
    /// Wraps a function.
    pub fn new(spec: &'static AggregateSpec, parameter: Option<f64>) -> Self {
        let name = parameter.map_or_else(|| spec.name.to_owned(), |number| format!("{}{}", spec.name, format_number(number)));
        let signature = Signature::one_of(vec![TypeSignature::VariadicAny, TypeSignature::Nullary], Volatility::Immutable);
        Self { spec, parameter, name, limit: ValueLimit::default(), signature }
    }

    /// The function of the registry.
    pub fn spec(&self) -> &'static AggregateSpec {
        self.spec
    }

    /// The number in the function's name.
    pub fn parameter(&self) -> Option<f64> {
        self.parameter
    }

    /// How many values it gathers.
    pub fn limit(&self) -> &ValueLimit {
        &self.limit
    }

    fn state(&self, arguments: &[FieldRef]) -> Result<Box<dyn GroupedState>> {
        let value = arguments.first().map_or(ValueType::Null, |field| ValueType::of(field.data_type()));
        let returns = (self.spec.returns)(value);
        (self.spec.create)(&AggregateCall { value, returns, parameter: self.parameter, limit: self.limit.clone() })
    }
}

impl PartialEq for SplAggregate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for SplAggregate {}

impl Hash for SplAggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl AggregateUDFImpl for SplAggregate {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let value = arguments.first().map_or(ValueType::Null, ValueType::of);
        Ok((self.spec.returns)(value).arrow())
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup::new(self.state(arguments.expr_fields)?)))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let types = self.state(arguments.input_fields)?.state_types();
        Ok(types
            .into_iter()
            .enumerate()
            .map(|(place, data_type)| {
                Arc::new(Field::new(format_state_name(arguments.name, &place.to_string()), data_type, true))
            })
            .collect())
    }

    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::new(self.state(arguments.expr_fields)?)))
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SlidingWindow::new(self.state(arguments.expr_fields)?)))
    }

    /// Order travels as an argument, never as the order of rows.
    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
