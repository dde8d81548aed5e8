//! Eval functions: their registry, and the wrapper that makes each of them a DataFusion function.
//!
//! A function is a row in its family's `FUNCTIONS` list: name, arity, result type and a kernel over [`Column`]s. The
//! wrapper evaluates a kernel once per distinct value when its only column is a dictionary, and keeps what conditions
//! give for the keys of a dictionary.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, UInt32Array};
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type};
use chrono_tz::Tz;
use datafusion_common::config::ConfigOptions;
use datafusion_common::{Result, exec_err};
use datafusion_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

pub use crate::aggregate::Status;
use crate::column::{Column, ColumnBuilder, ValueType};
use crate::pattern::PatternCache;
use crate::settings::{EvaluationSettings, TooLarge};
use crate::value::Value;
use memo::{ConditionMemo, Context};

/// An eval function.
#[derive(Debug)]
pub struct FunctionSpec {
    /// Name as Splunk's search reference spells it.
    pub name: &'static str,
    /// Family as in the search reference: `Text functions`.
    pub category: &'static str,
    /// `substr(<str>,<start>,<length>)`.
    pub syntax: &'static str,
    /// One line: what it yields.
    pub summary: &'static str,
    /// Fewest and most arguments; no most = any number.
    pub arity: (usize, Option<usize>),
    /// Result type from the argument types.
    pub returns: fn(&[ValueType]) -> ValueType,
    /// How it is computed.
    pub kernel: Kernel,
    /// Checks literal arguments (none = not a literal) when the search is planned; the message names what is wrong.
    pub check: Option<Check>,
    /// How much of it is built.
    pub status: Status,
}

/// A check of literal arguments; see [`FunctionSpec::check`].
pub type Check = fn(&[Option<Value<'_>>]) -> std::result::Result<(), String>;

/// Fewest and most arguments; no most = any number.
pub type Arity = (usize, Option<usize>);

impl FunctionSpec {
    /// A row without a check.
    pub(crate) const fn new(
        name: &'static str,
        category: &'static str,
        syntax: &'static str,
        summary: &'static str,
        arity: Arity,
        returns: fn(&[ValueType]) -> ValueType,
        kernel: Kernel,
    ) -> Self {
        Self { name, category, syntax, summary, arity, returns, kernel, check: None, status: Status::Full }
    }

    /// The same row with a check.
    pub(crate) const fn checked(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }

    /// The same row, whose kernel reads the now of the search.
    pub(crate) const fn at_now(self) -> Self {
        let kernel = match self.kernel {
            Kernel::Columns(kernel) => Kernel::AtNow(kernel),
            other => other,
        };
        Self { kernel, ..self }
    }

    /// Whether results depend on the now of the search, so that they can be kept for searches of the same now only.
    pub fn reads_now(&self) -> bool {
        matches!(self.kernel, Kernel::AtNow(_))
    }

    /// Whether this is an operator of the planner (`spl_...`, `search_...`), which users can't call and which lists of
    /// functions leave out.
    pub fn is_operator(&self) -> bool {
        self.name.starts_with("spl_") || self.name.starts_with("search_")
    }
}

/// The category of arithmetic, comparisons and the operators of `search`.
pub const OPERATORS: &str = "Operators";

/// Whether a name is that of an operator; see [`FunctionSpec::is_operator`].
pub fn is_operator(name: &str) -> bool {
    lookup(name).is_some_and(FunctionSpec::is_operator)
}

/// How a function is computed.
#[derive(Clone, Copy)]
pub enum Kernel {
    /// Column by column; immutable.
    Columns(fn(&Call<'_>) -> Result<ArrayRef>),
    /// The same, and it reads the now of the search: what is kept of it belongs to that now.
    AtNow(fn(&Call<'_>) -> Result<ArrayRef>),
    /// The same, but each call yields something new (`random`): never cached or folded.
    Volatile(fn(&Call<'_>) -> Result<ArrayRef>),
    /// Rewritten by the planner: lazily evaluated or about expressions (`if`, `case`, `coalesce`, `mvmap`, `now`).
    Planned,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Columns(_) => "Columns",
            Self::AtNow(_) => "AtNow",
            Self::Volatile(_) => "Volatile",
            Self::Planned => "Planned",
        })
    }
}

/// One evaluation of a kernel over a batch.
pub struct Call<'a> {
    /// The arguments; `rows` long, or literals.
    pub arguments: &'a [Column],
    /// Number of rows.
    pub rows: usize,
    /// What must be built.
    pub returns: ValueType,
    /// Now, in epoch seconds; not a number for a kernel that does not say that it reads it ([`Kernel::AtNow`]).
    pub now: f64,
    /// The time zone of the search.
    pub time_zone: Tz,
    /// Compiled regular expressions, kept between batches.
    pub patterns: &'a PatternCache,
    /// Counts the values that are too large.
    pub too_large: &'a TooLarge,
}

impl Call<'_> {
    /// Builds what must be built.
    pub fn builder(&self) -> ColumnBuilder {
        self.builder_of(self.returns)
    }

    /// Builds a column of this type.
    pub fn builder_of(&self, value_type: ValueType) -> ColumnBuilder {
        ColumnBuilder::new(value_type, self.rows).counting(Arc::clone(&self.too_large.0))
    }

    /// An argument's value in a row; null when it was not given.
    pub fn value(&self, argument: usize, row: usize) -> Value<'_> {
        self.arguments.get(argument).map_or(Value::Null, |column| column.value(row))
    }

    /// Whether the argument was given.
    pub fn has(&self, argument: usize) -> bool {
        argument < self.arguments.len()
    }
}

/// All eval functions, family by family, and the operators ([`FunctionSpec::is_operator`]).
pub fn all() -> impl Iterator<Item = &'static FunctionSpec> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// Finds a function by name; names are matched without case.
pub fn lookup(name: &str) -> Option<&'static FunctionSpec> {
    all().find(|function| function.name.eq_ignore_ascii_case(name))
}

pub mod bitwise;
pub mod casts;
pub mod conditional;
pub mod conversion;
pub mod convert;
pub mod cryptographic;
pub mod default_fields;
pub mod informational;
pub mod json;
pub(crate) mod kernels;
pub mod mathematical;
mod memo;
pub mod multivalue;
pub mod operators;
mod printf;
#[cfg(test)]
mod properties;
pub mod rex;
pub mod significance;
pub mod statistical;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
pub mod text;
pub mod time;
pub mod trigonometric;

/// The families, in the order in which lists of functions show them.
const FAMILIES: &[&[FunctionSpec]] = &[
    operators::FUNCTIONS,
    text::FUNCTIONS,
    conditional::FUNCTIONS,
    conversion::FUNCTIONS,
    informational::FUNCTIONS,
    mathematical::FUNCTIONS,
    cryptographic::FUNCTIONS,
    trigonometric::FUNCTIONS,
    bitwise::FUNCTIONS,
    statistical::FUNCTIONS,
    multivalue::FUNCTIONS,
    json::FUNCTIONS,
    time::FUNCTIONS,
    convert::FUNCTIONS,
    casts::FUNCTIONS,
    rex::FUNCTIONS,
    crate::extraction::FUNCTIONS,
    significance::FUNCTIONS,
    default_fields::FUNCTIONS,
    crate::search::FUNCTIONS,
];

/// A function of the registry as DataFusion sees it.
#[derive(Debug)]
pub struct SplFunction {
    spec: &'static FunctionSpec,
    signature: Signature,
    patterns: PatternCache,
    conditions: ConditionMemo,
}

impl SplFunction {
    /// Wraps a function.
    pub fn new(spec: &'static FunctionSpec) -> Self {
        let volatility = match spec.kernel {
            Kernel::Volatile(_) => Volatility::Volatile,
            _ => Volatility::Immutable,
        };
        Self {
            spec,
            signature: Signature::one_of(vec![TypeSignature::VariadicAny, TypeSignature::Nullary], volatility),
            patterns: PatternCache::default(),
            conditions: ConditionMemo::default(),
        }
    }

    /// The same function, which counts in a counter of the caller on how many texts a limit of regular expressions was reached
    /// (limits.conf, `match_limit`).
    #[must_use]
    pub fn counting_regex_limits(self, reached: Arc<AtomicU64>) -> Self {
        Self { patterns: PatternCache::counted(reached), ..self }
    }

    /// As a DataFusion function.
    pub fn udf(spec: &'static FunctionSpec) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::from(Self::new(spec)))
    }

    fn evaluate(
        &self,
        arguments: &[ColumnarValue],
        rows: usize,
        returns: ValueType,
        options: &ConfigOptions,
    ) -> Result<ArrayRef> {
        let settings = EvaluationSettings::from_options(options);
        let (kernel, now) = match self.spec.kernel {
            // A kernel that does not say that it reads the now gets none, as its results are kept for other searches.
            Kernel::Columns(kernel) | Kernel::Volatile(kernel) => (kernel, f64::NAN),
            Kernel::AtNow(kernel) => (kernel, settings.now),
            Kernel::Planned => return exec_err!("{} was not planned", self.spec.name),
        };
        let columns: Vec<Column> = arguments.iter().map(Column::from_columnar).collect::<Result<_>>()?;
        let too_large = TooLarge::of(options);
        let (time_zone, patterns) = (settings.time_zone, &self.patterns);
        kernel(&Call { arguments: &columns, rows, returns, now, time_zone, patterns, too_large: &too_large })
    }
}

impl PartialEq for SplFunction {
    fn eq(&self, other: &Self) -> bool {
        self.spec.name == other.spec.name
    }
}

impl Eq for SplFunction {}

impl Hash for SplFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spec.name.hash(state);
    }
}

impl ScalarUDFImpl for SplFunction {
    fn name(&self) -> &str {
        self.spec.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let types: Vec<ValueType> = arguments.iter().map(ValueType::of).collect();
        Ok((self.spec.returns)(&types).arrow())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = arguments.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let precision = significance::returned(self.spec.name, arguments.scalar_arguments);
        Ok(Arc::new(Field::new(self.name(), self.return_type(&types)?, true).with_metadata(precision.metadata())))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let returns = ValueType::of(call.return_field.data_type());
        let mut columns = call.args.iter().enumerate().filter(|(_, argument)| matches!(argument, ColumnarValue::Array(_)));
        let (only, more) = (columns.next(), columns.next());
        if let (Some((position, ColumnarValue::Array(array))), None) = (only, more)
            && !matches!(self.spec.kernel, Kernel::Volatile(_))
        {
            let evaluate = |values: ArrayRef| {
                let mut arguments = call.args.clone();
                let rows = values.len();
                arguments[position] = ColumnarValue::Array(values);
                self.evaluate(&arguments, rows, returns, &call.config_options)
            };
            if returns == ValueType::Boolean && matches!(array.data_type(), DataType::Dictionary(..)) {
                let reached = self.patterns.limits_reached();
                let results = self.conditions.evaluate(array, &context(&call), evaluate)?;
                if self.patterns.limits_reached() != reached {
                    // Kept results would hide from the next search that a limit is reached.
                    self.conditions.forget();
                }
                if let Some(results) = results {
                    return Ok(ColumnarValue::Array(results));
                }
            }
            if let Some((distinct, keys)) = distinct_values(array) {
                let results = arrow::compute::take(&evaluate(distinct)?, &keys, None)?;
                return Ok(ColumnarValue::Array(results));
            }
        }
        let array = self.evaluate(&call.args, call.number_rows, returns, &call.config_options)?;
        Ok(ColumnarValue::Array(array))
    }
}

/// What a condition's results depend on beside the values of its column.
fn context(call: &ScalarFunctionArgs) -> Context {
    let literals = call.args.iter().map(|argument| match argument {
        ColumnarValue::Scalar(literal) => Some(literal.clone()),
        ColumnarValue::Array(_) => None,
    });
    let settings = EvaluationSettings::from_options(&call.config_options);
    Context { literals: literals.collect(), now: settings.now, time_zone: settings.time_zone }
}

/// The distinct values that a dictionary column uses in this batch, and for each row its place among them; a null row
/// gets a place whose value is null. None when the column is no dictionary or has hardly a repetition.
pub(crate) fn distinct_values(array: &ArrayRef) -> Option<(ArrayRef, UInt32Array)> {
    match array.data_type() {
        DataType::Dictionary(key, _) if **key == DataType::Int32 => {}
        _ => return None,
    }
    let dictionary = array.as_dictionary::<Int32Type>();
    let mut place_of: hashbrown::HashMap<i32, u32, rustc_hash::FxBuildHasher> = hashbrown::HashMap::default();
    let mut used: Vec<Option<i32>> = Vec::new();
    let mut null_place: Option<u32> = None;
    let mut places: Vec<u32> = Vec::with_capacity(dictionary.len());
    for key in dictionary.keys().iter() {
        let place = match key {
            Some(key) => *place_of.entry(key).or_insert_with(|| {
                used.push(Some(key));
                (used.len() - 1) as u32
            }),
            None => *null_place.get_or_insert_with(|| {
                used.push(None);
                (used.len() - 1) as u32
            }),
        };
        places.push(place);
    }
    let distinct = arrow::compute::take(dictionary.values(), &Int32Array::from(used), None).ok()?;
    Some((distinct, UInt32Array::from(places)))
}

/// Lets the registry be used where DataFusion wants `Any`.
#[allow(dead_code)]
fn _assert_any(function: &SplFunction) -> &dyn Any {
    function
}
