//! Planning of `predict`: forecasts of series of numbers.
//!
//! Options belong to the fields before them. Each value of a series, and `future_timespan` values after the last one that is
//! used, are forecast from those before it, with an interval that holds a share of the values (Splunk search reference,
//! predict). The models are in `forecast.rs`.
//!
//! # Differences
//!
//! * Splunk does not document how the variances of its models are found. Here they are those that make the series most
//!   likely, so that forecasts are close to Splunk's but not the same.
//! * LLP has a level of its own for each place in the period. The two forecasts of LLP5 are weighted by the squares of
//!   their errors so far. LLB and BiLL take one correlation, that of the changes of the two series.
//! * The first values, which nothing comes before, are forecast as themselves.

use std::collections::HashMap;

use futures::future::BoxFuture;
use spl_parser::syntax::{Argument, CommandCall, FieldName};
use spl_parser::{Diagnostic, Span};
use spl_plan::arguments::parse_count;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::forecast::Estimate;
use crate::mining::statistics::deviations_for;
use crate::mining::{forecast, periodicity};

/// The longest period that is looked for.
const LONGEST_PERIOD: usize = 2000;
/// Forecasts ahead at most.
const MOST_AHEAD: u64 = 100_000;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let forecasts = forecasts(call)?;
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`predict` needs rows", call.span))?;
        let mut table = Table::of(context, frame).await?;
        let rows = table.rows();
        if rows == 0 {
            return table.frame(context);
        }
        if table.column("_time").is_none() {
            return Err(Diagnostic::error("plan/no-time", "`predict` needs rows with `_time`", call.span)
                .with_help("`timechart` before it makes a series over time"));
        }
        let most = forecasts.iter().map(|one| (rows + one.ahead).saturating_sub(one.held_back)).max().unwrap_or(rows);
        add_rows(&mut table, most.saturating_sub(rows));
        for one in &forecasts {
            one.apply(context, &mut table, rows)?;
        }
        table.frame(context)
    })
}

/// Rows after the last one, as far apart as the last two.
fn add_rows(table: &mut Table, count: usize) {
    let rows = table.rows();
    let time = |row: Option<usize>| row.and_then(|row| table.cell(row, "_time").number());
    let last = time(rows.checked_sub(1));
    let step = last.zip(time(rows.checked_sub(2))).map_or(0.0, |(last, before)| last - before);
    let spans: Vec<(&str, Cell)> = ["_span", "_spandays"]
        .into_iter()
        .filter(|name| table.column(name).is_some())
        .map(|name| (name, table.cell(rows - 1, name).clone()))
        .collect();
    for number in 1..=count {
        let row = table.add_row();
        if let Some(last) = last {
            let time = last + step * number as f64;
            table.set(row, "_time", crate::mining::folderize::whole_or_not(time));
        }
        for (name, cell) in &spans {
            table.set(row, name, cell.clone());
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Algorithm {
    Level,
    Trend,
    Seasonal,
    Both,
    Helped,
    Pair,
}

struct Target {
    field: FieldName,
    name: Option<String>,
}

impl Target {
    fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("prediction({})", self.field.name))
    }
}

/// One end of the interval: its share in percent and its field's name.
struct Bound {
    percentage: u32,
    name: Option<String>,
}

/// A run of fields with the options after them.
struct Forecast {
    targets: Vec<Target>,
    algorithm: Algorithm,
    ahead: usize,
    held_back: usize,
    period: Option<usize>,
    correlated: Option<String>,
    suppressed: Option<String>,
    lower: Bound,
    upper: Bound,
    span: Span,
}

type Pair<'c> = (&'c str, &'c str, Span);

fn forecasts(call: &CommandCall) -> Result<Vec<Forecast>, Diagnostic> {
    let mut groups: Vec<(Vec<Target>, Vec<Pair<'_>>)> = vec![Default::default()];
    let mut after_options = false;
    for argument in &call.arguments {
        let target = match argument {
            Argument::Field(field) => Target { field: field.clone(), name: None },
            Argument::Rename { from, to } => Target { field: from.clone(), name: Some(to.name.clone()) },
            Argument::Pair { name, value } => {
                if let Some((targets, options)) = groups.last_mut() {
                    after_options = !targets.is_empty();
                    options.push((&name.value, &value.value, name.span.to(value.span)));
                }
                continue;
            }
            _ => continue,
        };
        if std::mem::take(&mut after_options) {
            groups.push(Default::default());
        }
        if let Some((targets, _)) = groups.last_mut() {
            targets.push(target);
        }
    }
    groups
        .into_iter()
        .filter(|(targets, _)| !targets.is_empty())
        .map(|(targets, options)| forecast(call, targets, &options))
        .collect()
}

fn forecast(call: &CommandCall, targets: Vec<Target>, options: &[Pair<'_>]) -> Result<Forecast, Diagnostic> {
    let wrong = |message: &str, span: Span| Diagnostic::error("plan/option", message, span);
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let bound = |percentage: u32| Bound { percentage, name: None };
    let mut made = Forecast {
        targets,
        algorithm: Algorithm::Both,
        ahead: 5,
        held_back: 0,
        period: None,
        correlated: None,
        suppressed: None,
        lower: bound(95),
        upper: bound(95),
        span: call.span,
    };
    for (name, value, span) in options {
        let kind = match *name {
            "correlate_field" => "correlate",
            name if name.starts_with("lower") => "lower",
            name if name.starts_with("upper") => "upper",
            name => name,
        };
        if seen.insert(kind, *span).is_some() {
            return Err(wrong(&format!("`{kind}` is given twice for the same fields"), *span));
        }
        let size = |least: u64, most: u64| match parse_count(value, *span)? {
            number if number < least || number > most => Err(wrong(&format!("`{name}` is between {least} and {most}"), *span)),
            number => Ok(number as usize),
        };
        match kind {
            "algorithm" => {
                made.algorithm = match value.to_ascii_lowercase().as_str() {
                    "ll" => Algorithm::Level,
                    "llt" => Algorithm::Trend,
                    "llp" => Algorithm::Seasonal,
                    "llb" => Algorithm::Helped,
                    "bill" => Algorithm::Pair,
                    _ => Algorithm::Both,
                }
            }
            "future_timespan" => made.ahead = size(0, MOST_AHEAD)?,
            "holdback" => made.held_back = size(0, u64::MAX)?,
            "period" => made.period = Some(size(2, u64::MAX)?),
            "correlate" => made.correlated = Some((*value).to_owned()),
            "suppress" => made.suppressed = Some((*value).to_owned()),
            kind => {
                let percentage = name.get(kind.len()..).and_then(|digits| digits.parse().ok()).unwrap_or(95);
                let bound = Bound { percentage, name: Some((*value).to_owned()) };
                if kind == "lower" { made.lower = bound } else { made.upper = bound }
            }
        }
    }
    check(&mut made, &seen)?;
    Ok(made)
}

/// Options that do not go together.
fn check(made: &mut Forecast, seen: &HashMap<&str, Span>) -> Result<(), Diagnostic> {
    let wrong = |message: &str, span: Span| Err(Diagnostic::error("plan/option", message, span));
    let named = |name: &str| seen.get(name).copied();
    let is_pair = matches!(made.algorithm, Algorithm::Helped | Algorithm::Pair);
    match (made.algorithm, named("correlate")) {
        (Algorithm::Helped, None) => return wrong("`algorithm=LLB` needs `correlate=<field>`", made.span),
        (Algorithm::Helped, Some(_)) | (_, None) => {}
        (_, Some(span)) => return wrong("`correlate` is for `algorithm=LLB` only", span),
    }
    if let Some(span) = named("period").filter(|_| !matches!(made.algorithm, Algorithm::Seasonal | Algorithm::Both)) {
        return wrong("`period` is for `algorithm=LLP` and `algorithm=LLP5` only", span);
    }
    if let Some(span) = named("suppress").filter(|_| !is_pair) {
        return wrong("`suppress` is for `algorithm=LLB` and `algorithm=BiLL` only", span);
    }
    if made.algorithm == Algorithm::Helped {
        if let Some(span) = named("future_timespan") {
            return wrong("`algorithm=LLB` forecasts the values that `holdback` leaves out, and has no `future_timespan`", span);
        }
        made.ahead = made.held_back;
    }
    if made.algorithm == Algorithm::Pair && made.targets.len() != 2 {
        return wrong("`algorithm=BiLL` takes two fields", made.span);
    }
    if let Some(suppressed) = &made.suppressed
        && !made.targets.iter().any(|target| target.field.name == *suppressed || target.shown() == *suppressed)
    {
        return wrong(&format!("`{suppressed}` is not forecast here"), named("suppress").unwrap_or(made.span));
    }
    let named_bound = named("lower").filter(|_| made.lower.name.is_some()).or_else(|| named("upper"));
    if let Some(span) = named_bound.filter(|_| made.targets.len() > 1) {
        return wrong("a bound's field is for one forecast, but several fields are named", span);
    }
    Ok(())
}

impl Forecast {
    fn apply(&self, context: &PlanContext, table: &mut Table, rows: usize) -> Result<(), Diagnostic> {
        let used = rows.saturating_sub(self.held_back);
        if self.algorithm == Algorithm::Pair {
            let series: Vec<Vec<Option<f64>>> = self
                .targets
                .iter()
                .map(|target| self.series(table, &target.field.name, target.field.span, used, 2))
                .collect::<Result<_, _>>()?;
            if let ([first, second], [one, other]) = (series.as_slice(), self.targets.as_slice()) {
                let [found, beside] = forecast::pair(first, second, self.ahead, false);
                self.write(table, one, &found);
                self.write(table, other, &beside);
            }
            return Ok(());
        }
        for target in &self.targets {
            let (field, span) = (&target.field.name, target.field.span);
            let found = match self.algorithm {
                Algorithm::Level | Algorithm::Pair => forecast::level(&self.series(table, field, span, used, 2)?, self.ahead),
                Algorithm::Trend => forecast::trend(&self.series(table, field, span, used, 3)?, self.ahead),
                Algorithm::Seasonal => {
                    let series = self.series(table, field, span, used, 2)?;
                    let period = self.period_of(&series, span)?.ok_or_else(|| {
                        Diagnostic::error("plan/not-periodic", format!("`{field}` has no period that LLP could go by"), span)
                            .with_help("give its length with `period`, or take algorithm=LL or LLT")
                    })?;
                    forecast::seasonal(&series, period, self.ahead)
                }
                Algorithm::Both => {
                    let series = self.series(table, field, span, used, 3)?;
                    let trend = forecast::trend(&series, self.ahead);
                    match self.period_of(&series, span)? {
                        None => trend,
                        Some(period) => {
                            let seasonal = forecast::seasonal(&series, period, self.ahead);
                            forecast::combined(&series, &trend, &seasonal, period.max(2))
                        }
                    }
                }
                Algorithm::Helped => {
                    let series = self.series(table, field, span, used, 2)?;
                    let other = self.correlated.as_deref().unwrap_or_default();
                    let helping = self.series(table, other, self.span, rows, 2)?;
                    let [found, _] = forecast::pair(&series, &helping, 0, true);
                    found
                }
            };
            self.write(table, target, &found);
        }
        if self.held_back > 0 && self.ahead == 0 && self.algorithm != Algorithm::Helped {
            let message = "`holdback` leaves values out that `future_timespan=0` does not forecast";
            context.warn(Diagnostic::warning("plan/option", message, Some(self.span)));
        }
        Ok(())
    }

    /// The values that are used, at least so many of them.
    fn series(&self, table: &Table, field: &str, span: Span, used: usize, least: usize) -> Result<Vec<Option<f64>>, Diagnostic> {
        let Some(cells) = table.column(field) else {
            return Err(Diagnostic::error(
                "plan/no-values",
                format!("no row has the field `{field}`, which `predict` asks for"),
                span,
            ));
        };
        let series: Vec<Option<f64>> = cells.iter().take(used).map(Cell::number).collect();
        let known = series.iter().flatten().count();
        if known < least {
            let message = format!("`{field}` has {known} values to go by, but at least {least} are needed");
            return Err(Diagnostic::error("plan/too-few-values", message, span));
        }
        Ok(series)
    }

    /// The period that is given, or found in the series.
    fn period_of(&self, series: &[Option<f64>], span: Span) -> Result<Option<usize>, Diagnostic> {
        match self.period {
            Some(period) if series.len() < period.saturating_mul(2) => {
                let message = format!(
                    "a period of {period} needs at least {} values, but there are {}",
                    period.saturating_mul(2),
                    series.len()
                );
                Err(Diagnostic::error("plan/too-few-values", message, span))
            }
            Some(period) => Ok(Some(period)),
            None => Ok(periodicity::detect(&periodicity::filled(series), 2, LONGEST_PERIOD)),
        }
    }

    fn write(&self, table: &mut Table, target: &Target, found: &[Estimate]) {
        let name = target.shown();
        if self.suppressed.as_ref().is_some_and(|suppressed| *suppressed == target.field.name || *suppressed == name) {
            return;
        }
        let bound =
            |kind: &str, bound: &Bound| bound.name.clone().unwrap_or_else(|| format!("{kind}{}({name})", bound.percentage));
        let reach = |bound: &Bound| deviations_for(f64::from(bound.percentage) / 100.0);
        let (lower, upper) = (bound("lower", &self.lower), bound("upper", &self.upper));
        let (below, above) = (reach(&self.lower), reach(&self.upper));
        [&name, &upper, &lower].into_iter().for_each(|name| table.add_column(name));
        for (row, estimate) in found.iter().enumerate().take(table.rows()) {
            let deviation = estimate.variance.max(0.0).sqrt();
            table.set(row, &name, Cell::Float(estimate.mean));
            table.set(row, &upper, Cell::Float(estimate.mean + above * deviation));
            table.set(row, &lower, Cell::Float(estimate.mean - below * deviation));
        }
    }
}
