//! Planning of `timechart`: aggregations per bucket of time, one column per series.

use datafusion::logical_expr::{Expr, lit};
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_functions::time::{TimeSpan, parse_span};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::cells::cell::Cell;
use spl_plan::context::clock::TimeRange;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::function_call::call as function;
use spl_plan::rows::table::Table;

use crate::charts::chart::{SplitField, aligned, with_series};
use crate::charts::series;
use crate::charts::series::columns::ROW;
use crate::charts::series::time_buckets::{MOST_ROWS, bounds, time_buckets};
use crate::fields::bin::span_text;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`timechart` needs rows", call.span))?;
        for name in ["start", "end"] {
            if let Some(option) = call.option(name) {
                return Err(Diagnostic::error("plan/argument", format!("`{name}` has no meaning for time"), option.name.span)
                    .with_help("set the time range of the search with `earliest` and `latest`"));
            }
        }
        let split = split_field(call)?;
        let Some(time) = frame.field("_time") else {
            return Table::new(0).frame(context);
        };
        let source = Typed::new(column("_time"), time.value_type());
        // Without `fixedrange` the chart reaches from the first event to the last.
        let range = if call.flag("fixedrange") { context.time_range() } else { TimeRange::default() };
        let span = bucket_span(context, call, &frame, source.clone(), range).await?;
        let align = match call.option("aligntime") {
            Some(option) => Some(aligned(context, &option.value.value, option.value.span)?),
            None => None,
        };
        let start_of = |time: Typed| {
            let written = Typed::new(
                text(call.option("span").map_or_else(|| span_text(&span), |option| option.value.value.clone())),
                ValueType::Text,
            );
            let align = Typed::new(align.map_or_else(|| null(ValueType::Float), lit), ValueType::Float);
            function(context, "bin_time", vec![time, written, align])
        };
        let bucket = start_of(source)?;
        let mut frame = frame.assign(vec![(ROW.to_owned(), bucket.expression)])?.filter(column(ROW).is_not_null())?;
        if let Some(split) = &split {
            frame = with_series(context, call, frame, split).await?;
        }
        // A day can have 23 hours and a month 28 days: the length of a bucket is the way to the next one.
        let in_next = Typed::new(column(ROW) + lit(span.seconds() * 1.1), ValueType::Float);
        let length: Expr = start_of(in_next)?.expression - column(ROW);
        let measures = series::measures(context, call, &frame, Some(&length))?;
        let order = |rows: Vec<Cell>| buckets(context, call, rows, &span, align, range);
        series::pivot(context, call, frame, "_time", split.is_some(), &measures, order).await
    })
}

fn split_field(call: &CommandCall) -> Result<Option<SplitField>, Diagnostic> {
    let mut split: Option<SplitField> = None;
    for argument in call.by_fields() {
        match argument {
            Argument::Field(field) if field.has_wildcard() => {
                return Err(Diagnostic::error("plan/argument", "a field that splits a chart can't have a wildcard", field.span));
            }
            Argument::Field(field) => {
                if split.is_some() {
                    return Err(Diagnostic::error("plan/argument", "`timechart` splits by one field", field.span)
                        .with_help("join the fields first: `eval both=a.\":\".b`, or use `bin _time` with `stats`"));
                }
                split = Some(SplitField { field: field.name.clone(), options: Vec::new() });
            }
            Argument::Pair { name, value } => match &mut split {
                Some(split) => split.options.push((name.clone(), value.clone())),
                None => {
                    return Err(Diagnostic::error("plan/argument", "a field is needed here", name.span));
                }
            },
            _ => {
                return Err(Diagnostic::error("plan/argument", "a by-clause takes fields", call.span));
            }
        }
    }
    Ok(split)
}

/// The span as given, or the one that cuts the time range, or else the time of the events, into `bins` buckets.
async fn bucket_span(
    context: &PlanContext,
    call: &CommandCall,
    frame: &Frame,
    source: Typed,
    range: TimeRange,
) -> Result<TimeSpan, Diagnostic> {
    let parsed = |name: &str| {
        let Some(option) = call.option(name) else {
            return Ok(None);
        };
        parse_span(&option.value.value).map(Some).map_err(|message| Diagnostic::error("plan/span", message, option.value.span))
    };
    if let Some(span) = parsed("span")? {
        return Ok(span);
    }
    let smallest = parsed("minspan")?;
    let bins = usize::try_from(call.count("bins")?).unwrap_or(usize::MAX);
    if bins < 1 {
        return Err(Diagnostic::error("plan/number", "`bins` must be at least 1", call.span));
    }
    let events = if range.earliest.is_some() && range.latest.is_some() { None } else { bounds(context, frame, source).await? };
    let low = range.earliest.or(events.map(|(low, _)| low));
    let high = range.latest.or(events.map(|(_, high)| high));
    let seconds = low.zip(high).map_or(0.0, |(low, high)| (high - low).max(0.0));
    Ok(TimeSpan::for_range(seconds, bins, smallest))
}

/// The starts of the buckets in order: gaps filled with `cont`, up to the ends of the time range.
fn buckets(
    context: &PlanContext,
    call: &CommandCall,
    rows: Vec<Cell>,
    span: &TimeSpan,
    align: Option<f64>,
    range: TimeRange,
) -> Result<Vec<Cell>, Diagnostic> {
    let zone = context.time_zone();
    let mut starts: Vec<f64> = rows.iter().filter_map(Cell::number).collect();
    starts.sort_by(f64::total_cmp);
    let (Some(mut first), Some(mut last)) = (starts.first().copied(), starts.last().copied()) else {
        return Ok(Vec::new());
    };
    if call.flag("cont") {
        if let Some(earliest) = range.earliest {
            first = first.min(span.floor(earliest, zone, align));
        }
        if let Some(latest) = range.latest {
            let bucket = span.floor(latest, zone, align);
            // The latest time itself is outside: a bucket that starts with it is empty.
            while last < bucket {
                let next = span.next(last, zone);
                if next >= latest || next <= last {
                    break;
                }
                let steps = ((bucket - next) / span.seconds()).floor();
                last = if steps > 2.0 { span.floor(next + (steps - 1.0) * span.seconds(), zone, align) } else { next };
            }
        }
        starts = time_buckets(context, span, first, last).ok_or_else(|| {
            let place = call.option("span").map_or(call.span, |option| option.name.span.to(option.value.span));
            Diagnostic::error("run/too-many-rows", format!("the span makes more than {MOST_ROWS} rows"), place)
                .with_help("use a longer span, a shorter time range, or `cont=false`")
        })?;
    }
    if !call.flag("partial") {
        let range = context.time_range();
        starts.retain(|start| {
            range.earliest.is_none_or(|earliest| *start >= earliest)
                && range.latest.is_none_or(|latest| span.next(*start, zone) <= latest)
        });
    }
    Ok(starts.into_iter().map(Cell::Float).collect())
}
