//! Planning of `timewrap`: the periods of a timechart beside each other, one column each.

use std::collections::{HashMap, HashSet};

use futures::future::BoxFuture;
use spl_functions::time::{TimeSpan, TimeUnit, parse_span, relative_time, strftime};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::fields::bin::span_text;

/// Most periods that a chart can be wrapped into.
const MOST_PERIODS: u32 = 10_000;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`timewrap` needs rows", call.span))?;
        let Some(Argument::Text { text, .. }) = call.arguments.first() else {
            return Err(
                Diagnostic::error("plan/argument", "`timewrap` needs a span", call.span).with_help("for example `timewrap 1day`")
            );
        };
        // Unlike elsewhere a lone `m` means months here.
        let written = match text.value.trim().strip_suffix('m') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{digits}mon")
            }
            _ => text.value.clone(),
        };
        let span = parse_span(&written).map_err(|message| Diagnostic::error("plan/span", message, text.span))?;
        if frame.field("_time").is_none() {
            return Err(Diagnostic::error("plan/argument", "`timewrap` needs rows with `_time`", call.span)
                .with_help("it belongs behind `timechart`"));
        }
        let table = Table::of(context, frame).await?;
        wrapped(context, call, &table, &span)?.frame(context)
    })
}

/// A time, a number of periods later; in the calendar of the zone.
fn later(context: &PlanContext, time: f64, span: &TimeSpan, periods: u32) -> Option<f64> {
    let unit = span_text(&TimeSpan::new(1, span.unit()));
    let unit = unit.trim_start_matches(|c: char| c.is_ascii_digit());
    let amount = span.amount().checked_mul(periods)?;
    relative_time(time, &format!("+{amount}{unit}"), context.time_zone())
}

fn wrapped(context: &PlanContext, call: &CommandCall, table: &Table, span: &TimeSpan) -> Result<Table, Diagnostic> {
    let option = |name: &str| call.option(name).map(|option| option.value.value.as_str());
    let times: Vec<Option<f64>> = (0..table.rows()).map(|row| table.cell(row, "_time").number()).collect();
    let mut sorted: Vec<f64> = times.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let names: Vec<String> = table.names().filter(|name| !name.starts_with('_')).cloned().collect();
    let mut result = Table::new(0);
    result.add_column("_time");
    let Some(last) = sorted.last().copied() else {
        return Ok(result);
    };
    // A row stands for the time until the next row.
    let bucket = sorted.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let bucket = if bucket.is_finite() { bucket } else { span.seconds() };
    let end = match option("align") {
        Some(align) if align.eq_ignore_ascii_case("now") => {
            let now = context.now();
            last + ((now - last) / bucket).floor().max(0.0) * bucket + bucket
        }
        _ => last + bucket,
    };
    // Rows by the time that they have in the latest period.
    let mut placed: Vec<(f64, u32, usize)> = Vec::new();
    for (row, time) in times.iter().enumerate() {
        let Some(time) = *time else { continue };
        let mut periods = (((end - time) / span.seconds()).floor().max(0.0) as u32).saturating_sub(2);
        let mut moved = later(context, time, span, periods).unwrap_or(time);
        while let Some(next) = later(context, time, span, periods + 1).filter(|next| *next < end) {
            periods += 1;
            moved = next;
        }
        if periods > MOST_PERIODS {
            return Err(Diagnostic::error(
                "run/too-many-columns",
                format!("the span makes more than {MOST_PERIODS} periods"),
                call.span,
            ));
        }
        placed.push((moved, periods, row));
    }
    let mut rows: Vec<f64> = placed.iter().map(|(moved, _, _)| *moved).collect();
    rows.sort_by(f64::total_cmp);
    rows.dedup();
    let columns = placed.iter().map(|(_, periods, _)| *periods).collect::<HashSet<u32>>().len() * names.len();
    Table::check_size(context, rows.len(), columns)?;
    let mut places: HashMap<u64, usize> = HashMap::new();
    for time in rows {
        let place = result.add_row();
        result.set(place, "_time", Cell::Float(time));
        places.insert(time.to_bits(), place);
    }
    let mut periods: Vec<u32> = placed.iter().map(|(_, periods, _)| *periods).collect();
    periods.sort_unstable_by(|left, right| right.cmp(left));
    periods.dedup();
    let several = names.len() > 1;
    let name_of = |field: &str, periods: u32| {
        let period = match option("series").map(str::to_ascii_lowercase).as_deref() {
            Some("short") => format!("s{periods}"),
            Some("exact") => {
                let start = earlier(context, end, span, periods + 1);
                strftime(start, option("time_format").unwrap_or("%Y-%m-%d %H:%M:%S"), context.time_zone())
            }
            _ => relative_name(span, periods),
        };
        if several { format!("{field}_{period}") } else { period }
    };
    for periods in &periods {
        for name in &names {
            result.add_column(&name_of(name, *periods));
        }
    }
    for (moved, periods, row) in placed {
        let Some(place) = places.get(&moved.to_bits()) else {
            continue;
        };
        for name in &names {
            let cell = table.cell(row, name);
            if !cell.is_null() {
                result.set(*place, &name_of(name, periods), cell.clone());
            }
        }
    }
    Ok(result)
}

fn earlier(context: &PlanContext, time: f64, span: &TimeSpan, periods: u32) -> f64 {
    let unit = span_text(&TimeSpan::new(1, span.unit()));
    let unit = unit.trim_start_matches(|c: char| c.is_ascii_digit());
    let amount = span.amount().saturating_mul(periods);
    relative_time(time, &format!("-{amount}{unit}"), context.time_zone()).unwrap_or(time)
}

/// `latest_week`, `1week_before`, `2weeks_before`; periods of several units count the units.
fn relative_name(span: &TimeSpan, periods: u32) -> String {
    use TimeUnit as U;
    let unit = match span.unit() {
        U::Microsecond => "microsecond",
        U::Millisecond => "millisecond",
        U::Centisecond => "centisecond",
        U::Decisecond => "decisecond",
        U::Second => "second",
        U::Minute => "minute",
        U::Hour => "hour",
        U::Day => "day",
        U::Week => "week",
        U::Month => "month",
        U::Quarter => "quarter",
        U::Year => "year",
    };
    let plural = |count: u32| {
        if count == 1 { unit.to_owned() } else { format!("{unit}s") }
    };
    if periods == 0 {
        return match span.amount() {
            1 => format!("latest_{unit}"),
            amount => format!("latest_{amount}{}", plural(amount)),
        };
    }
    let count = span.amount().saturating_mul(periods);
    format!("{count}{}_before", plural(count))
}
