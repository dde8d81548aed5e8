//! Which series of `chart` and `timechart` are kept, and how their columns are named.

use std::collections::{HashMap, HashSet};

use spl_parser::syntax::{Argument, CommandCall, OptionArgument};
use spl_parser::{Diagnostic, Span, diagnostic::nearest};
use spl_plan::arguments::boolean;
use spl_plan::rows::table::Table;

use crate::charts::series::columns::SERIES;
use crate::charts::series::measures::{FREQUENCY, measure_name};

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
    /// Several measures are scored by the number of events, as nothing says otherwise.
    by_frequency: bool,
    pub(super) use_other: bool,
    pub(super) use_null: bool,
    pub(super) other: String,
    pub(super) null: String,
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
        Diagnostic::error("plan/number", format!("`{written}` is not a number of series"), span)
            .with_help("for example `10`, `top5`, `bottom5`")
    })?;
    Ok(if count == 0 && !inverted { Keep::All } else { Keep::Ranked { top, count, inverted } })
}

impl SeriesOptions {
    /// Reads them. A where-clause decides over `limit` and `agg`.
    ///
    /// Source: Splunk search reference, chart and timechart.
    pub fn read(call: &CommandCall) -> Result<Self, Diagnostic> {
        let value =
            |name: &str, default: &str| call.option(name).map_or_else(|| default.to_owned(), |option| option.value.value.clone());
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
                    number: value.value.trim().parse().map_err(|_| {
                        Diagnostic::error("plan/number", format!("`{}` is not a number", value.value), value.span)
                    })?,
                },
            };
        }
        Ok(Self {
            keep,
            score,
            by_frequency: call.option("agg").is_none() && call.clause("where").is_none(),
            use_other: boolean(call, "useother", true),
            use_null: call.flag("usenull"),
            other: value("otherstr", "OTHER"),
            null: value("nullstr", "NULL"),
            separator: value("sep", ": "),
            format: call.option("format").map(|option| option.value.value.clone()),
        })
    }

    /// The name of a column: the series alone when there is one measure, else both.
    pub(super) fn column_name(&self, measure: &str, series: &str, several: bool) -> String {
        // Fields that start with an underscore are internal, so such a value must not be a whole name.
        let plain = |name: &str| {
            if name.starts_with('_') { format!("VALUE{name}") } else { name.to_owned() }
        };
        if !several {
            return plain(series);
        }
        plain(&match &self.format {
            Some(format) => format.replace("$AGG$", measure).replace("$VAL$", series),
            None => format!("{measure}{}{series}", self.separator),
        })
    }

    /// The series that are kept, of those with a split value; none when all are. Series of one measure are scored by its
    /// values, those of several by their number of events.
    ///
    /// Source: Splunk search reference, timechart, limit.
    pub(super) fn kept(&self, table: &Table, measures: usize) -> Option<HashSet<String>> {
        let mut values: HashMap<String, Vec<f64>> = HashMap::new();
        let mut texts: HashMap<String, Vec<String>> = HashMap::new();
        let measured = if measures > 1 && self.by_frequency { FREQUENCY.to_owned() } else { measure_name(0) };
        for row in 0..table.rows() {
            let Some(series) = table.cell(row, SERIES).text() else {
                continue;
            };
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
            let at = |place: usize| sorted.get(place).copied().unwrap_or(0.0);
            let middle = sorted.len() / 2;
            if sorted.len().is_multiple_of(2) { (at(middle - 1) + at(middle)) / 2.0 } else { at(middle) }
        }
        _ => sum,
    }
}
