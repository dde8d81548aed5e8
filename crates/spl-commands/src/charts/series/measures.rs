//! What `chart` and `timechart` compute for each cell.

use datafusion::logical_expr::{Expr, lit};
use indexmap::IndexMap;
use spl_functions::column::ValueType;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Aggregation, AggregationArgument, CommandCall, Expression, ExpressionKind, FieldName, Quoting};
use spl_plan::aggregation::Planned;
use spl_plan::aggregation::groups::grouped;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column, scope};
use spl_plan::rows::table::Table;
use spl_plan::{aggregation, expression};

use crate::charts::series::sparkline::Sparkline;

/// Something computed for each cell.
pub struct Measure {
    pub(super) name: String,
    parts: Vec<Planned>,
    /// For `eval(avg(x)/max(y))`: the expression over the parts.
    formula: Option<Expression>,
    /// For `sparkline(...)`: what is drawn.
    sparkline: Option<Sparkline>,
    /// A cell without events is 0, as for counts.
    pub(super) zero: bool,
}

/// Plans what a command computes. `length` is the length of a row's time bucket in seconds, where rows are buckets.
///
/// Source: Splunk search reference, chart and timechart, eval-expression.
pub fn measures(
    context: &PlanContext,
    call: &CommandCall,
    frame: &Frame,
    length: Option<&Expr>,
) -> Result<Vec<Measure>, Diagnostic> {
    let mut measures: IndexMap<String, Measure> = IndexMap::new();
    for aggregation in call.aggregations() {
        for measure in measure(context, aggregation, frame, length)? {
            if measures.shift_remove(&measure.name).is_some() {
                aggregation::warn_of_same_name(context, aggregation, &measure.name);
            }
            measures.insert(measure.name.clone(), measure);
        }
    }
    Ok(measures.into_values().collect())
}

fn measure(
    context: &PlanContext,
    aggregation: &Aggregation,
    frame: &Frame,
    length: Option<&Expr>,
) -> Result<Vec<Measure>, Diagnostic> {
    if let AggregationArgument::Sparkline { aggregation: drawn, time_span } = &aggregation.argument {
        let name = aggregation.alias.as_ref().map_or_else(|| aggregation.text.clone(), |alias| alias.name.clone());
        let sparkline = Sparkline::read(context, drawn, time_span.as_ref(), frame)?;
        return Ok(vec![Measure { name, parts: Vec::new(), formula: None, sparkline: Some(sparkline), zero: false }]);
    }
    if aggregation.function.value == "eval"
        && let AggregationArgument::Eval(expression) = &aggregation.argument
    {
        let mut parts = Vec::new();
        let formula = over_parts(context, expression, frame, length, &mut parts)?;
        if parts.is_empty() {
            return Err(Diagnostic::error("plan/argument", "the expression has no statistical function", aggregation.span)
                .with_help("for example `eval(sum(bytes)/count(host))`"));
        }
        let name = aggregation.alias.as_ref().map_or_else(|| aggregation.text.clone(), |alias| alias.name.clone());
        return Ok(vec![Measure { name, parts, formula: Some(formula), sparkline: None, zero: false }]);
    }
    let zero = |planned: &Planned| matches!(planned.spec.name, "count" | "dc" | "distinct_count" | "estdc");
    Ok(aggregation::plan_one(context, aggregation, frame, length)?
        .into_iter()
        .map(|planned| Measure {
            name: planned.name.clone(),
            zero: zero(&planned),
            parts: vec![planned],
            formula: None,
            sparkline: None,
        })
        .collect())
}

fn part_name(place: usize) -> String {
    format!("__part{place}")
}

/// The expression with each statistical function replaced by the field that will hold its result.
fn over_parts(
    context: &PlanContext,
    expression: &Expression,
    frame: &Frame,
    length: Option<&Expr>,
    parts: &mut Vec<Planned>,
) -> Result<Expression, Diagnostic> {
    let span = expression.span;
    let mut inner = |expression: &Expression| over_parts(context, expression, frame, length, parts);
    let kind = match &expression.kind {
        ExpressionKind::Unary { operator, operand } => {
            ExpressionKind::Unary { operator: *operator, operand: Box::new(inner(operand)?) }
        }
        ExpressionKind::Binary { operator, left, right } => {
            ExpressionKind::Binary { operator: operator.clone(), left: Box::new(inner(left)?), right: Box::new(inner(right)?) }
        }
        ExpressionKind::In { operand, list } => {
            ExpressionKind::In { operand: Box::new(inner(operand)?), list: list.iter().map(inner).collect::<Result<_, _>>()? }
        }
        ExpressionKind::Field(field) if field.quoting == Quoting::None && matches!(field.name.as_str(), "count" | "c") => {
            let name = spl_parser::Spanned::new("count".to_owned(), span);
            return inner(&Expression { kind: ExpressionKind::Call { name, arguments: Vec::new() }, span });
        }
        ExpressionKind::Call { name, arguments } => {
            let function = name.value.to_ascii_lowercase();
            // `max(a, b)` compares values, `max(a)` is the maximum of a field.
            if arguments.len() > 1 || spl_functions::aggregate::lookup(&function).is_none() {
                let arguments = arguments.iter().map(inner).collect::<Result<_, _>>()?;
                ExpressionKind::Call { name: name.clone(), arguments }
            } else {
                let argument = match arguments.first() {
                    None => AggregationArgument::None,
                    Some(Expression { kind: ExpressionKind::Field(field), .. }) => AggregationArgument::Field(field.clone()),
                    Some(other) => AggregationArgument::Eval(other.clone()),
                };
                let aggregation = Aggregation {
                    function: spl_parser::Spanned::new(function, name.span),
                    argument,
                    alias: None,
                    text: name.value.clone(),
                    span,
                };
                let planned = aggregation::plan_one(context, &aggregation, frame, length)?;
                let [planned] = <[Planned; 1]>::try_from(planned)
                    .map_err(|_| Diagnostic::error("plan/argument", "a wildcard can't stand in an expression", span))?;
                parts.push(planned);
                let name = part_name(parts.len() - 1);
                ExpressionKind::Field(FieldName { name, span, quoting: Quoting::Single })
            }
        }
        ExpressionKind::Field(field) => {
            return Err(Diagnostic::error(
                "plan/argument",
                format!("`{}` stands outside of a statistical function", field.name),
                span,
            )
            .with_help(format!("for example `avg({})`", field.name)));
        }
        other => other.clone(),
    };
    Ok(Expression { kind, span })
}

/// How many events each group of [`cells`] has.
pub const FREQUENCY: &str = "__frequency";

/// The measures of each group, as a table of the group columns, `__measure0`, `__measure1`, ... and [`FREQUENCY`].
pub async fn cells(context: &PlanContext, frame: Frame, groups: &[&str], measures: &[Measure]) -> Result<Table, Diagnostic> {
    let mut results = Vec::new();
    for (place, measure) in measures.iter().enumerate() {
        for (part, planned) in measure.parts.iter().enumerate() {
            results.push((format!("__{place}_{part}"), planned));
        }
    }
    let by: Vec<String> = groups.iter().map(|name| (*name).to_owned()).collect();
    let drawn = frame.clone();
    let grouped = grouped(context, frame, &by, results, Some(FREQUENCY))?;
    let mut columns: Vec<(String, Expr)> = groups.iter().map(|name| ((*name).to_owned(), column(name))).collect();
    for (place, measure) in measures.iter().enumerate() {
        if measure.sparkline.is_some() {
            continue;
        }
        let value = match &measure.formula {
            None => column(&format!("__{place}_0")),
            Some(formula) => {
                let scope = Parts { frame: &grouped, place, count: measure.parts.len() };
                let value = expression::value(context, formula, &scope)?;
                if value.value_type == ValueType::Null { spl_plan::frame::null(ValueType::Text) } else { value.expression }
            }
        };
        columns.push((measure_name(place), value));
    }
    columns.push((FREQUENCY.to_owned(), column(FREQUENCY)));
    columns.push((ORDINAL.to_owned(), lit(0_i64)));
    let mut table = Table::of(context, grouped.select(columns)?).await?;
    for (place, measure) in measures.iter().enumerate() {
        if let Some(sparkline) = &measure.sparkline {
            sparkline.draw(context, &drawn, groups, &measure_name(place), &mut table).await?;
        }
    }
    Ok(table)
}

/// The column that [`cells`] gives a measure.
pub fn measure_name(place: usize) -> String {
    format!("__measure{place}")
}

/// The parts of one measure by the names that its formula has for them.
struct Parts<'a> {
    frame: &'a Frame,
    place: usize,
    count: usize,
}

impl scope::Scope for Parts<'_> {
    fn resolve(&self, name: &str) -> Result<Option<scope::Typed>, Diagnostic> {
        let Some(part) = (0..self.count).find(|part| part_name(*part) == name) else {
            return Ok(None);
        };
        self.frame.resolve(&format!("__{}_{part}", self.place))
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Measure {
    /// The name of its column where nothing splits the columns.
    pub fn name(&self) -> &str {
        &self.name
    }
}
