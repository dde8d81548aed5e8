//! Series of `chart` and `timechart`: what is measured per row and split value, which series are kept, how columns are named.

use std::collections::{HashMap, HashSet};

use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::when;
use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::{
    Aggregation, AggregationArgument, Argument, CommandCall, Expression, ExpressionKind, FieldName, OptionArgument, Quoting,
};
use spl_parser::{Span, diagnostic::nearest};

use crate::cell::{Cell, Table};
use crate::commands::aggregation::{self, Planned};
use crate::commands::boolean;
use crate::expression;
use crate::frame::{Frame, ORDINAL, column, engine_error, text};
use crate::planner::Planner;

/// Hidden column of the row key.
pub const ROW: &str = "__row";
/// Hidden column of the split value, a text.
pub const SERIES: &str = "__series";

/// Something computed for each cell.
pub struct Measure {
    name: String,
    parts: Vec<Planned>,
    /// For `eval(avg(x)/max(y))`: the expression over the parts.
    formula: Option<Expression>,
    /// A cell without events is 0, as for counts.
    zero: bool,
}

/// Plans what a command computes. `length` is the length of a row's time bucket in seconds, where rows are buckets.
///
/// Source: Splunk search reference, chart and timechart, eval-expression.
pub fn measures(planner: &Planner, call: &CommandCall, frame: &Frame, length: Option<&Expr>) -> Result<Vec<Measure>, Diagnostic> {
    let mut measures: Vec<Measure> = Vec::new();
    for aggregation in call.aggregations() {
        for measure in measure(planner, aggregation, frame, length)? {
            if measures.iter().any(|known| known.name == measure.name) {
                return Err(Diagnostic::error(
                    "plan/duplicate-name",
                    format!("two aggregations are named `{}`", measure.name),
                    aggregation.alias.as_ref().map_or(aggregation.span, |alias| alias.span),
                )
                .with_help("give one of them another name with `AS`"));
            }
            measures.push(measure);
        }
    }
    Ok(measures)
}

fn measure(planner: &Planner, aggregation: &Aggregation, frame: &Frame, length: Option<&Expr>) -> Result<Vec<Measure>, Diagnostic> {
    if aggregation.function.value == "eval"
        && let AggregationArgument::Eval(expression) = &aggregation.argument
    {
        let mut parts = Vec::new();
        let formula = over_parts(planner, expression, frame, length, &mut parts)?;
        if parts.is_empty() {
            return Err(Diagnostic::error("plan/argument", "the expression has no statistical function", aggregation.span)
                .with_help("for example `eval(sum(bytes)/count(host))`"));
        }
        let name = aggregation.alias.as_ref().map_or_else(|| aggregation.text.clone(), |alias| alias.name.clone());
        return Ok(vec![Measure { name, parts, formula: Some(formula), zero: false }]);
    }
    let zero = |planned: &Planned| matches!(planned.spec.name, "count" | "dc" | "distinct_count" | "estdc");
    Ok(aggregation::plan_one(planner, aggregation, frame, length)?
        .into_iter()
        .map(|planned| Measure { name: planned.name.clone(), zero: zero(&planned), parts: vec![planned], formula: None })
        .collect())
}

fn part_name(place: usize) -> String {
    format!("__part{place}")
}

/// The expression with each statistical function replaced by the field that will hold its result.
fn over_parts(
    planner: &Planner,
    expression: &Expression,
    frame: &Frame,
    length: Option<&Expr>,
    parts: &mut Vec<Planned>,
) -> Result<Expression, Diagnostic> {
    let span = expression.span;
    let mut inner = |expression: &Expression| over_parts(planner, expression, frame, length, parts);
    let kind = match &expression.kind {
        ExpressionKind::Unary { operator, operand } => {
            ExpressionKind::Unary { operator: *operator, operand: Box::new(inner(operand)?) }
        }
        ExpressionKind::Binary { operator, left, right } => ExpressionKind::Binary {
            operator: operator.clone(),
            left: Box::new(inner(left)?),
            right: Box::new(inner(right)?),
        },
        ExpressionKind::In { operand, list } => ExpressionKind::In {
            operand: Box::new(inner(operand)?),
            list: list.iter().map(inner).collect::<Result<_, _>>()?,
        },
        ExpressionKind::Call { name, arguments } => {
            let function = name.value.to_ascii_lowercase();
            // `max(a, b)` compares values, `max(a)` is the maximum of a field.
            if arguments.len() > 1 || planner.aggregate(&function).is_none() {
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
                let planned = aggregation::plan_one(planner, &aggregation, frame, length)?;
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

/// The measures of each group, as a table of the group columns and `__measure0`, `__measure1`, ...
pub async fn cells(planner: &Planner, frame: Frame, groups: &[&str], measures: &[Measure]) -> Result<Table, Diagnostic> {
    let mut calls: Vec<Expr> = Vec::new();
    for (place, measure) in measures.iter().enumerate() {
        for (part, planned) in measure.parts.iter().enumerate() {
            calls.push(planned.expression().alias(format!("__{place}_{part}")));
        }
    }
    let keys: Vec<Expr> = groups.iter().map(|name| column(name)).collect();
    let grouped = frame.build(|plan| plan.aggregate(keys, calls))?;
    let mut columns: Vec<(String, Expr)> = groups.iter().map(|name| ((*name).to_owned(), column(name))).collect();
    for (place, measure) in measures.iter().enumerate() {
        let value = match &measure.formula {
            None => column(&format!("__{place}_0")),
            Some(formula) => {
                let scope = Parts { frame: &grouped, place, count: measure.parts.len() };
                let value = expression::value(planner, formula, &scope)?;
                if value.value_type == ValueType::Null { crate::frame::null(ValueType::Text) } else { value.expression }
            }
        };
        columns.push((measure_name(place), value));
    }
    columns.push((ORDINAL.to_owned(), lit(0_i64)));
    Table::of(planner, grouped.select(columns)?).await
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

impl expression::Scope for Parts<'_> {
    fn resolve(&self, name: &str) -> Result<Option<expression::Typed>, Diagnostic> {
        let Some(part) = (0..self.count).find(|part| part_name(*part) == name) else { return Ok(None) };
        self.frame.resolve(&format!("__{}_{part}", self.place))
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Which series are kept.
#[derive(Clone, Debug)]
enum Keep {
    All,
    Ranked { top: bool, count: usize, inverted: bool },
    Compared { operator: String, number: f64 },
}

/// The options about series.
pub struct SeriesOptions {
    keep: Keep,
    score: &'static str,
    use_other: bool,
    use_null: bool,
    other: String,
    null: String,
    separator: String,
    format: Option<String>,
}

/// The functions that series can be scored by.
const SCORES: &[(&str, &str)] = &[
    ("sum", "sum"),
    ("avg", "avg"),
    ("mean", "avg"),
    ("max", "max"),
    ("min", "min"),
    ("count", "count"),
    ("c", "count"),
    ("range", "range"),
    ("dc", "dc"),
    ("distinct_count", "dc"),
    ("median", "median"),
    ("stdev", "stdev"),
    ("var", "var"),
    ("sumsq", "sumsq"),
    ("first", "first"),
    ("last", "last"),
];

fn score_named(written: &str, span: Span) -> Result<&'static str, Diagnostic> {
    let lower = written.to_ascii_lowercase();
    let name = lower.split('(').next().unwrap_or_default().trim();
    SCORES.iter().find(|(known, _)| *known == name).map(|(_, score)| *score).ok_or_else(|| {
        let error = Diagnostic::error("plan/argument", format!("series can't be scored by `{written}`"), span);
        match nearest(name, SCORES.iter().map(|(known, _)| *known)) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None => error.with_help("one of sum, avg, max, min, count, range, dc, median, stdev, var, sumsq, first, last"),
        }
    })
}

fn ranked(written: &str, span: Span, inverted: bool) -> Result<Keep, Diagnostic> {
    let lower = written.trim().to_ascii_lowercase();
    let (top, digits) = match lower.strip_prefix("bottom") {
        Some(digits) => (false, digits),
        None => (true, lower.strip_prefix("top").unwrap_or(&lower)),
    };
    let count = digits.trim().parse::<usize>().map_err(|_| {
        Diagnostic::error("plan/number", format!("`{written}` is not a number of series"), span).with_help("for example `10`, `top5`, `bottom5`")
    })?;
    Ok(if count == 0 && !inverted { Keep::All } else { Keep::Ranked { top, count, inverted } })
}

impl SeriesOptions {
    /// Reads them. A where-clause decides over `limit` and `agg`.
    ///
    /// Source: Splunk search reference, chart and timechart.
    pub fn read(call: &CommandCall) -> Result<Self, Diagnostic> {
        let value = |name: &str, default: &str| call.option(name).map_or_else(|| default.to_owned(), |option| option.value.value.clone());
        let mut keep = match call.option("limit") {
            Some(OptionArgument { value, .. }) => ranked(&value.value, value.span, false)?,
            None => Keep::Ranked { top: true, count: 10, inverted: false },
        };
        let mut score = match call.option("agg") {
            Some(OptionArgument { value, .. }) => score_named(&value.value, value.span)?,
            None => "sum",
        };
        if let Some(clause) = call.clause("where") {
            let texts: Vec<&spl_parser::Spanned<String>> = clause
                .arguments
                .iter()
                .filter_map(|argument| match argument {
                    Argument::Text { text, .. } => Some(text),
                    _ => None,
                })
                .collect();
            let [function, operator, value] = texts[..] else {
                return Err(Diagnostic::error("plan/argument", "this where-clause can't be read", clause.keyword.span));
            };
            score = score_named(&function.value, function.span)?;
            keep = match operator.value.as_str() {
                "in" => ranked(&value.value, value.span, false)?,
                "notin" => ranked(&value.value, value.span, true)?,
                symbol => Keep::Compared {
                    operator: symbol.to_owned(),
                    number: value
                        .value
                        .trim()
                        .parse()
                        .map_err(|_| Diagnostic::error("plan/number", format!("`{}` is not a number", value.value), value.span))?,
                },
            };
        }
        Ok(Self {
            keep,
            score,
            use_other: boolean(call, "useother", true),
            use_null: boolean(call, "usenull", true),
            other: value("otherstr", "OTHER"),
            null: value("nullstr", "NULL"),
            separator: value("sep", ": "),
            format: call.option("format").map(|option| option.value.value.clone()),
        })
    }

    /// The name of a column: the series alone when there is one measure, else both.
    fn column_name(&self, measure: &str, series: &str, several: bool) -> String {
        // Fields that start with an underscore are internal, so such a value must not be a whole name.
        let plain = |name: &str| if name.starts_with('_') { format!("VALUE{name}") } else { name.to_owned() };
        if !several {
            return plain(series);
        }
        plain(&match &self.format {
            Some(format) => format.replace("$AGG$", measure).replace("$VAL$", series),
            None => format!("{measure}{}{series}", self.separator),
        })
    }

    /// The series that are kept, of those with a split value; none when all are.
    fn kept(&self, table: &Table) -> Option<HashSet<String>> {
        let mut values: HashMap<String, Vec<f64>> = HashMap::new();
        let mut texts: HashMap<String, Vec<String>> = HashMap::new();
        let measured = measure_name(0);
        for row in 0..table.rows() {
            let Some(series) = table.cell(row, SERIES).text() else { continue };
            let cell = table.cell(row, &measured);
            let numbers = values.entry(series.clone()).or_default();
            numbers.extend(cell.number());
            texts.entry(series).or_default().extend(cell.text());
        }
        let mut scored: Vec<(String, f64)> = values
            .into_iter()
            .map(|(series, numbers)| {
                let texts = texts.remove(&series).unwrap_or_default();
                let score = score(self.score, &numbers, &texts);
                (series, score)
            })
            .collect();
        let chosen: HashSet<String> = match &self.keep {
            Keep::All => return None,
            Keep::Compared { operator, number } => scored
                .into_iter()
                .filter(|(_, score)| match operator.as_str() {
                    "<" => score < number,
                    "<=" => score <= number,
                    ">" => score > number,
                    ">=" => score >= number,
                    "!=" => score != number,
                    _ => score == number,
                })
                .map(|(series, _)| series)
                .collect(),
            Keep::Ranked { top, count, inverted } => {
                if scored.len() <= *count && !inverted {
                    return None;
                }
                scored.sort_by(|(left, a), (right, b)| {
                    let order = if *top { b.total_cmp(a) } else { a.total_cmp(b) };
                    order.then_with(|| left.cmp(right))
                });
                let places = scored.into_iter().map(|(series, _)| series);
                if *inverted { places.skip(*count).collect() } else { places.take(*count).collect() }
            }
        };
        Some(chosen)
    }
}

fn score(function: &str, numbers: &[f64], texts: &[String]) -> f64 {
    let count = numbers.len() as f64;
    let sum: f64 = numbers.iter().sum();
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let variance = || {
        let mean = sum / count;
        if count < 2.0 { 0.0 } else { numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / (count - 1.0) }
    };
    match function {
        "count" => return texts.len() as f64,
        "dc" => return texts.iter().collect::<HashSet<_>>().len() as f64,
        _ if numbers.is_empty() => return 0.0,
        _ => {}
    }
    match function {
        "avg" => sum / count,
        "max" => high,
        "min" => low,
        "range" => high - low,
        "sumsq" => numbers.iter().map(|number| number * number).sum(),
        "var" => variance(),
        "stdev" => variance().sqrt(),
        "first" => numbers.first().copied().unwrap_or(0.0),
        "last" => numbers.last().copied().unwrap_or(0.0),
        "median" => {
            let mut sorted = numbers.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
        }
        _ => sum,
    }
}

/// The table of rows and columns. `frame` has [`ROW`] (never absent) and, when `split`, [`SERIES`] (a text); `order`
/// puts the row keys in order and may add rows without events.
pub async fn pivot(
    planner: &Planner,
    call: &CommandCall,
    frame: Frame,
    row_name: &str,
    split: bool,
    measures: &[Measure],
    order: impl FnOnce(Vec<Cell>) -> Result<Vec<Cell>, Diagnostic>,
) -> Result<Frame, Diagnostic> {
    let options = SeriesOptions::read(call)?;
    let groups: &[&str] = if split { &[ROW, SERIES] } else { &[ROW] };
    let frame = if split && !options.use_null { frame.filter(column(SERIES).is_not_null())? } else { frame };
    let mut table = cells(planner, frame.clone(), groups, measures).await?;
    let all_rows = distinct_rows(&table);
    let mut has_other = false;
    if split && let Some(kept) = options.kept(&table) {
        has_other = options.use_other;
        let mut names: Vec<String> = kept.into_iter().collect();
        names.sort();
        let among = column(SERIES).in_list(names.iter().map(|name| text(name.clone())).collect(), false);
        let frame = if options.use_other {
            // What does not fit is computed anew from its events: an average of averages would be wrong.
            let other = when(column(SERIES).is_null(), column(SERIES))
                .when(among, column(SERIES))
                .otherwise(text(OTHER_MARK))
                .map_err(engine_error)?;
            frame.assign(vec![(SERIES.to_owned(), other)])?
        } else {
            frame.filter(column(SERIES).is_null().or(among))?
        };
        table = cells(planner, frame, groups, measures).await?;
    }
    let rows = order(all_rows)?;
    build(&options, &table, row_name, split, measures, &rows, has_other).frame(planner)
}

/// Stands for the series of those left out; no value of a field can be this.
const OTHER_MARK: &str = "\u{0}other";

impl Measure {
    /// The name of its column where nothing splits the columns.
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn distinct_rows(table: &Table) -> Vec<Cell> {
    let mut seen = HashSet::new();
    (0..table.rows()).map(|row| table.cell(row, ROW)).filter(|cell| seen.insert(cell.text())).cloned().collect()
}

fn build(
    options: &SeriesOptions,
    table: &Table,
    row_name: &str,
    split: bool,
    measures: &[Measure],
    rows: &[Cell],
    has_other: bool,
) -> Table {
    let mut result = Table::new(rows.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for (row, cell) in rows.iter().enumerate() {
        if let Some(text) = cell.text() {
            places.insert(text, row);
        }
        result.set(row, row_name, cell.clone());
    }
    result.add_column(row_name);
    let several = measures.len() > 1;
    // Columns: measure by measure, series in order of their names, then those without value, then the rest.
    let mut series: Vec<Option<String>> = Vec::new();
    if split {
        let mut named: Vec<String> =
            table.column(SERIES).unwrap_or_default().iter().filter_map(Cell::text).filter(|name| name != OTHER_MARK).collect();
        named.sort();
        named.dedup();
        series.extend(named.into_iter().map(Some));
        if table.column(SERIES).unwrap_or_default().iter().any(Cell::is_null) {
            series.push(None);
        }
        if has_other && table.column(SERIES).unwrap_or_default().iter().any(|cell| cell.text().as_deref() == Some(OTHER_MARK)) {
            series.push(Some(OTHER_MARK.to_owned()));
        }
    } else {
        series.push(None);
    }
    let name_of = |measure: &Measure, series: &Option<String>| {
        if !split {
            return measure.name.clone();
        }
        let series = match series.as_deref() {
            None => options.null.as_str(),
            Some(OTHER_MARK) => options.other.as_str(),
            Some(name) => name,
        };
        options.column_name(&measure.name, series, several)
    };
    for measure in measures {
        for series in &series {
            let name = name_of(measure, series);
            result.add_column(&name);
            if measure.zero && name != row_name {
                for row in 0..rows.len() {
                    result.set(row, &name, Cell::Integer(0));
                }
            }
        }
    }
    for row in 0..table.rows() {
        let Some(place) = table.cell(row, ROW).text().and_then(|text| places.get(&text)) else { continue };
        let series = if split { table.cell(row, SERIES).text() } else { None };
        for (number, measure) in measures.iter().enumerate() {
            let cell = table.cell(row, &measure_name(number));
            if !cell.is_null() {
                result.set(*place, &name_of(measure, &series), cell.clone());
            }
        }
    }
    result
}
