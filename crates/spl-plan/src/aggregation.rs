//! Aggregations as stats and its kin write them, planned as calls of statistical functions.

pub mod function;
pub mod groups;
pub mod prestats;

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{AggregateUDF, Expr, WindowFunctionDefinition, lit};
use indexmap::IndexMap;
use spl_functions::aggregate::{AggregateSpec, Inputs};
use spl_functions::column::ValueType;
use spl_operators::errors::engine_error;
use spl_operators::nodes::mv_expand::MvExpand;
use spl_operators::nodes::optimizer_fence::OptimizerFence;
use spl_operators::ordinal::ORDINAL;
use spl_parser::syntax::{Aggregation, AggregationArgument, Argument, CommandCall};
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::scope::Typed;
use crate::frame::{Frame, FrameField, column, null, ordinal};
use crate::function_call;
use crate::function_call::choose;
use crate::names::wildcards::wildcard_captures;

/// An aggregation ready to be put into a plan.
#[derive(Clone)]
pub struct Planned {
    /// Name of the result.
    pub name: String,
    /// The function.
    pub function: Arc<AggregateUDF>,
    /// Its registry entry.
    pub spec: &'static AggregateSpec,
    /// Its arguments.
    pub arguments: Vec<Expr>,
}

impl Planned {
    /// The call.
    pub fn expression(&self) -> Expr {
        self.function.call(self.arguments.clone())
    }
}

/// Plans the aggregations of a command.
pub fn plan_all(context: &PlanContext, call: &CommandCall, frame: &Frame) -> Result<Vec<Planned>, Diagnostic> {
    let by = call.by_fields().iter().filter_map(|argument| argument.as_field());
    let by: Vec<String> = by.flat_map(|field| crate::arguments::expand(frame, field)).map(|field| field.name).collect();
    let mut planned: IndexMap<String, Planned> = IndexMap::new();
    let mut of_patterns: HashSet<String> = HashSet::new();
    for aggregation in call.aggregations() {
        let any = matches!(&aggregation.argument, AggregationArgument::Field(field) if field.has_wildcard());
        for one in plan_one(context, aggregation, frame, None)? {
            // A pattern takes no group its name: `sum(*) AS * BY user` keeps `user`.
            if any && by.contains(&one.name) {
                continue;
            }
            if planned.contains_key(&one.name) {
                let named_before = !of_patterns.contains(&one.name);
                warn_of_same_name(context, aggregation, &one.name);
                if any && named_before {
                    continue;
                }
                planned.shift_remove(&one.name);
                of_patterns.remove(&one.name);
            }
            if any {
                of_patterns.insert(one.name.clone());
            }
            planned.insert(one.name.clone(), one);
        }
    }
    Ok(planned.into_values().collect())
}

/// Says that two results have one name: one that is named counts more than one of a pattern, else the last one counts.
pub fn warn_of_same_name(context: &PlanContext, aggregation: &Aggregation, name: &str) {
    let span = aggregation.alias.as_ref().map_or(aggregation.span, |alias| alias.span);
    context.warn(
        Diagnostic::warning("plan/same-name", format!("two results are named `{name}`: only one of them is kept"), Some(span))
            .with_help("a result that is named counts more than one of a pattern, else the last one; `AS` gives another name"),
    );
}

/// The statistics that read numbers and nothing else.
const NUMERIC: &[&str] = &[
    "avg",
    "sum",
    "sumsq",
    "stdev",
    "stdevp",
    "var",
    "varp",
    "range",
    "median",
    "perc",
    "exactperc",
    "upperperc",
    "rate",
    "per_second",
    "per_minute",
    "per_hour",
    "per_day",
];

/// The hidden column with a field's values as `allnum` leaves them.
fn all_numbers(field: &str) -> String {
    format!("__all_numbers_{field}")
}

/// With `allnum=true` numeric statistics are computed of a field only when all its values are numbers: adds a hidden column
/// for each field that may hold texts, without values when one of them is none. The names of these columns come along.
///
/// Source: Splunk search reference, stats, eventstats, streamstats.
pub fn with_all_numbers(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<(Frame, Vec<String>), Diagnostic> {
    if !call.flag("allnum") {
        return Ok((frame, Vec::new()));
    }
    let mut fields: Vec<FrameField> = Vec::new();
    for aggregation in call.aggregations() {
        let AggregationArgument::Field(field) = &aggregation.argument else { continue };
        let spec = spl_functions::aggregate::lookup(&aggregation.function.value);
        if !spec.is_some_and(|(spec, _)| NUMERIC.contains(&spec.name)) {
            continue;
        }
        for found in crate::arguments::expand(&frame, field) {
            if !found.value_type().is_number() && !fields.contains(&found) {
                fields.push(found);
            }
        }
    }
    let mut frame = frame;
    let mut names = Vec::new();
    for field in fields {
        let value = Typed::new(column(&field.name), field.value_type());
        let as_numbers = function_call::call(context, "isnum", vec![value.clone()])?.expression;
        let texts = value.expression.clone().is_not_null().and(datafusion::logical_expr::not(as_numbers));
        let marked = datafusion::prelude::when(texts, lit(1_i64)).otherwise(lit(0_i64)).map_err(engine_error)?;
        const MARK: &str = "__is_text";
        const ANY: &str = "__any_text";
        let most = Expr::from(WindowFunction::new(
            WindowFunctionDefinition::AggregateUDF(datafusion::functions_aggregate::min_max::max_udaf()),
            vec![column(MARK)],
        ));
        let widened = frame
            .assign(vec![(MARK.to_owned(), marked)])?
            .build(|plan| plan.window(vec![most.alias(ANY)]))?
            .operate(OptimizerFence { ordered: true })?;
        let kept = choose(context, vec![(column(ANY).eq(lit(0_i64)), value)], None)?;
        let name = all_numbers(&field.name);
        frame = widened.assign(vec![(name.clone(), kept.expression)])?.without(&[MARK.to_owned(), ANY.to_owned()])?;
        names.push(name);
    }
    Ok((frame, names))
}

/// Plans one aggregation; several when it names fields by wildcard. `length` is the length of a group's time bucket in
/// seconds, where groups are buckets.
pub fn plan_one(
    context: &PlanContext,
    aggregation: &Aggregation,
    frame: &Frame,
    length: Option<&Expr>,
) -> Result<Vec<Planned>, Diagnostic> {
    let (spec, function) = function::lookup(context, &aggregation.function.value, aggregation.function.span)?;
    let name = || aggregation.alias.as_ref().map_or_else(|| aggregation.text.clone(), |alias| alias.name.clone());
    let make = |name: String, value: Typed| {
        Ok::<_, Diagnostic>(Planned {
            name,
            function: function.clone(),
            spec,
            arguments: arguments(context, spec, value, frame, length, aggregation.span)?,
        })
    };
    match &aggregation.argument {
        AggregationArgument::None => {
            if spec.inputs != Inputs::Optional {
                return Err(Diagnostic::error(
                    "plan/argument-count",
                    format!("`{}` needs a field in brackets", spec.name),
                    aggregation.span,
                )
                .with_help(spec.syntax.to_owned()));
            }
            let each = match prestats::value(frame, spec.name, "")? {
                Some(value) => value,
                None => Typed::new(lit(1_i64), ValueType::Integer),
            };
            Ok(vec![make(name(), each)?])
        }
        AggregationArgument::Field(field) if field.has_wildcard() => {
            let mut planned = Vec::new();
            for found in frame.matching(&field.name) {
                if found.name.starts_with('_') {
                    continue;
                }
                let result = match &aggregation.alias {
                    Some(alias) if alias.has_wildcard() => {
                        let captures = wildcard_captures(&field.name, &found.name).unwrap_or_default();
                        let mut captures = captures.into_iter();
                        let mut result = String::new();
                        for (index, piece) in alias.name.split('*').enumerate() {
                            if index > 0 {
                                result.push_str(captures.next().unwrap_or_default());
                            }
                            result.push_str(piece);
                        }
                        result
                    }
                    Some(alias) => alias.name.clone(),
                    None => aggregation.text.replace(&field.name, &found.name),
                };
                planned.push(make(result, value_of(spec, frame, &found))?);
            }
            Ok(planned)
        }
        AggregationArgument::Field(field) => {
            let value = match (prestats::value(frame, spec.name, &field.name)?, frame.field(&field.name)) {
                (Some(value), _) => value,
                (None, Some(found)) => value_of(spec, frame, &found),
                (None, None) if field.name.starts_with("PREFIX(") => {
                    return Err(Diagnostic::error("plan/not-here", "`PREFIX` works only in tstats", field.span));
                }
                (None, None) => Typed::new(null(ValueType::Text), ValueType::Text),
            };
            Ok(vec![make(name(), value)?])
        }
        AggregationArgument::Eval(inner) => {
            let value = expression::plan(context, inner, frame)?;
            let value = if value.value_type == ValueType::Boolean {
                choose(context, vec![(value.expression, Typed::new(lit(1_i64), ValueType::Integer))], None)?
            } else {
                value
            };
            Ok(vec![make(name(), value)?])
        }
        AggregationArgument::Sparkline { .. } => {
            Err(Diagnostic::error("plan/not-here", "`sparkline` works in stats, chart and timechart", aggregation.span))
        }
    }
}

/// The functions whose results are values of their field, not numbers that are computed of them.
const GIVES_VALUES: [&str; 7] = ["earliest", "first", "last", "latest", "list", "mode", "values"];

/// A field's values for a function: those that `allnum` leaves, when it is given.
fn value_of(spec: &AggregateSpec, frame: &Frame, field: &FrameField) -> Typed {
    let left = frame.field(&all_numbers(&field.name)).filter(|_| NUMERIC.contains(&spec.name));
    let field = left.as_ref().unwrap_or(field);
    Typed::new(column(&field.name), field.value_type()).known_to(field.precision)
}

fn arguments(
    context: &PlanContext,
    spec: &AggregateSpec,
    value: Typed,
    frame: &Frame,
    length: Option<&Expr>,
    span: Span,
) -> Result<Vec<Expr>, Diagnostic> {
    // What gives values back gives them as they are written: the zeros that `round` keeps come along.
    let value = if GIVES_VALUES.contains(&spec.name) { function_call::printed(context, value)? } else { value };
    let value = if value.value_type == ValueType::Null { null(ValueType::Text) } else { value.expression };
    let time = || -> Result<Expr, Diagnostic> {
        match frame.field("_time") {
            Some(field) => function_call::convert(context, Typed::new(column("_time"), field.value_type()), ValueType::Float),
            None => Ok(null(ValueType::Float)),
        }
    };
    Ok(match spec.inputs {
        Inputs::Optional | Inputs::Value => vec![value],
        Inputs::ValueAndTime if spec.name == "rate" => vec![value, time()?],
        Inputs::ValueAndTime => vec![value, time()?, ordinal()],
        Inputs::ValueAndOrder => vec![value, ordinal()],
        Inputs::ValueTimeAndSeries => vec![value, time()?],
        Inputs::ValueAndSpan => {
            if let Some(length) = length {
                return Ok(vec![value, length.clone()]);
            }
            return Err(Diagnostic::error("plan/not-here", format!("`{}` works only in timechart", spec.name), span));
        }
    })
}

/// The fields of a by-clause; `None` when no row has one of them, so that no group is left.
pub fn by_fields(call: &CommandCall, frame: &Frame) -> Result<Option<Vec<String>>, Diagnostic> {
    let mut fields: Vec<String> = Vec::new();
    for argument in call.by_fields() {
        match argument {
            Argument::Field(field) => {
                let found = crate::arguments::expand(frame, field);
                if found.is_empty() {
                    return Ok(None);
                }
                for found in found {
                    if !fields.contains(&found.name) && found.name != ORDINAL {
                        fields.push(found.name);
                    }
                }
            }
            Argument::Pair { name, value } => {
                return Err(Diagnostic::error(
                    "plan/argument",
                    format!("`{}={}` can't stand in the by-clause of `{}`", name.value, value.value, call.spec.name),
                    name.span.to(value.span),
                )
                .with_help("`| bin _time span=1h` before it makes the same groups"));
            }
            _ => return Err(Diagnostic::error("plan/argument", "a by-clause takes fields", call.span)),
        }
    }
    Ok(Some(fields))
}

/// Each value of a multivalue by-field is a group of its own; rows without a by-field are in none.
pub fn expand_groups(context: &PlanContext, frame: Frame, fields: &[String]) -> Result<Frame, Diagnostic> {
    let mut frame = frame;
    for field in fields {
        if frame.field(field).is_some_and(|found| found.value_type() == ValueType::Multivalue) {
            frame = frame.operate(MvExpand { field: field.clone(), limit: 0, drop_null: true })?;
        }
    }
    let present = fields
        .iter()
        .filter(|field| !frame.carried(field).is_some_and(|carried| context.data().is_in_all_events(carried)))
        .map(|field| column(field).is_not_null())
        .reduce(Expr::and);
    match present {
        Some(present) => frame.filter(present),
        None => Ok(frame),
    }
}
