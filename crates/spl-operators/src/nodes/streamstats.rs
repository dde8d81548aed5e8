//! The row operator of `streamstats`: statistics of the rows so far, or of a window that moves with the rows.

mod ordered;
mod state;
mod window;

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use spl_functions::aggregate::state::GroupedState;
use spl_functions::aggregate::{AggregateCall, AggregateSpec, ValueLimit};
use spl_functions::column::ValueType;

use self::state::State;
use crate::columns::{Places, with_fields};
use crate::held::MostListed;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// A statistic to compute.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Statistic {
    /// Field that gets the result.
    pub name: String,
    /// The function.
    #[serde(serialize_with = "name_of", deserialize_with = "named")]
    pub spec: &'static AggregateSpec,
    /// Most values, for functions that gather them.
    #[serde(serialize_with = "most_of", deserialize_with = "at_most")]
    pub limit: ValueLimit,
    /// The number in the function's name.
    pub parameter: Option<f64>,
    /// The columns with its arguments.
    pub arguments: Vec<String>,
}

impl Statistic {
    pub(super) fn value_type(&self, input: &Places<'_>) -> ValueType {
        self.arguments
            .first()
            .and_then(|name| input.field(name))
            .map_or(ValueType::Null, |field| ValueType::of(field.data_type()))
    }

    /// The type of the result.
    pub(super) fn returns(&self, input: &Places<'_>) -> ValueType {
        match (self.spec.returns)(self.value_type(input)) {
            ValueType::Null => ValueType::Text,
            other => other,
        }
    }

    /// An empty state.
    pub(super) fn create(&self, input: &Places<'_>) -> Result<Box<dyn GroupedState>> {
        let value = self.value_type(input);
        let returns = (self.spec.returns)(value);
        (self.spec.create)(&AggregateCall { value, returns, parameter: self.parameter, limit: self.limit.clone() })
    }
}

fn name_of<S: Serializer>(spec: &&'static AggregateSpec, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(spec.name)
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<&'static AggregateSpec, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = spl_functions::aggregate::all().find(|spec| spec.name == name);
    found.ok_or_else(|| serde::de::Error::custom(format!("`{name}` is no statistical function")))
}

fn most_of<S: Serializer>(limit: &ValueLimit, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    limit.most.serialize(serializer)
}

fn at_most<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<ValueLimit, D::Error> {
    Ok(ValueLimit { most: usize::deserialize(deserializer)?, ..ValueLimit::default() })
}

/// A condition over a row with its results. It can be shown, but not be read back: the expression is compiled.
#[derive(Clone, Debug, Serialize)]
pub struct ResultCondition {
    /// The columns that it reads, in the order of its own schema.
    pub columns: Vec<String>,
    /// The condition over these columns.
    #[serde(serialize_with = "shown")]
    pub condition: Arc<dyn PhysicalExpr>,
}

fn shown<S: Serializer>(condition: &Arc<dyn PhysicalExpr>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(condition)
}

fn no_condition<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<ResultCondition>, D::Error> {
    match Option::<Json>::deserialize(deserializer)? {
        None => Ok(None),
        Some(_) => Err(serde::de::Error::custom("a condition over results can't be read back")),
    }
}

/// The limit of the values of the lists that rows get.
pub const LISTS_LIMIT: &str = "streamstats_maxvalues";

/// What `streamstats` does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StreamStatistics {
    /// The statistics.
    pub statistics: Vec<Statistic>,
    /// The by-fields; rows without one of them get no results.
    pub by: Vec<String>,
    /// Whether a row counts for its own results.
    pub current: bool,
    /// Rows in a window; 0 = all so far.
    pub window: usize,
    /// Length of a window in seconds of the column; none = no limit.
    pub time_window: Option<(String, f64)>,
    /// Whether one window spans the rows of all groups.
    pub global: bool,
    /// Forgets everything where the by-fields change.
    pub reset_on_change: bool,
    /// Boolean column: forgets everything before a row.
    pub reset_before: Option<String>,
    /// Boolean column: forgets everything after a row.
    pub reset_after: Option<String>,
    /// Forgets everything after a row whose results meet the condition.
    #[serde(deserialize_with = "no_condition")]
    pub reset_after_result: Option<ResultCondition>,
    /// Most values of the lists that the rows get; 0 = no bound.
    pub most_listed: usize,
}

impl Operator for StreamStatistics {
    fn name(&self) -> &'static str {
        "streamstats"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let places = Places::of(input);
        let set = self.statistics.iter().map(|statistic| (statistic.name.as_str(), statistic.returns(&places).arrow()));
        Ok(with_fields(input, set))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            operator: self.clone(),
            output: output.clone(),
            empty: Vec::new(),
            row_ids: None,
            places: Vec::new(),
            turn: 0,
            groups: Vec::new(),
            window: VecDeque::new(),
            last_row: None,
            size: 0,
            changed: Vec::new(),
            rest: None,
            listed: MostListed::new("streamstats", LISTS_LIMIT, self.most_listed),
        })
    }
}
