//! Planning of `bin`: values into buckets of time or of numbers.

use datafusion::logical_expr::lit;
use futures::future::BoxFuture;
use spl_functions::column::{Column, ValueType};
use spl_functions::numeric_bins::{automatic_size, parse_log_span};
use spl_functions::time::{TimeSpan, parse_span};
use spl_functions::value::format_number;
use spl_operators::errors::engine_error;
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Span};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::{Typed, assign};
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::function_call::call as function;

use crate::charts::chart::aligned;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`bin` needs rows", call.span))?;
        let (field, target) = match call.arguments.first() {
            Some(Argument::Field(field)) => (&field.name, &field.name),
            Some(Argument::Rename { from, to }) => (&from.name, &to.name),
            _ => return Err(Diagnostic::error("plan/argument", "`bin` needs a field", call.span)),
        };
        let Some(found) = frame.field(field) else { return Ok(frame) };
        let source = Typed::new(column(field), found.value_type());
        let span = call.option("span").map(|option| (option.value.value.clone(), option.value.span));
        let (frame, binned) = match span {
            Some((span, place)) => {
                let binned = with_span(context, call, field, source, &span, place)?;
                (frame, binned)
            }
            None => automatic(context, call, frame, field, source).await?,
        };
        assign(frame, target, binned)
    })
}

/// Buckets of a given size. On `_time`, and with a unit of time, they are times.
pub fn with_span(
    context: &PlanContext,
    call: &CommandCall,
    field: &str,
    source: Typed,
    span: &str,
    place: Span,
) -> Result<Typed, Diagnostic> {
    let text_of = |value: &str| Typed::new(text(value), ValueType::Text);
    if let Some(logarithmic) = parse_log_span(span) {
        logarithmic.map_err(|message| Diagnostic::error("plan/span", message, place))?;
        alignment(context, call)?;
        return function(context, "bin_log", vec![source, text_of(span)]);
    }
    if field != "_time"
        && let Ok(size) = span.parse::<f64>()
    {
        if size <= 0.0 {
            return Err(Diagnostic::error("plan/span", "a span must be above 0", place));
        }
        // Only buckets of time are aligned, but what is no time is a mistake anywhere.
        alignment(context, call)?;
        return function(context, "bin_number", vec![source, text_of(span)]);
    }
    parse_span(span).map_err(|message| Diagnostic::error("plan/span", message, place))?;
    function(context, "bin_time", vec![source, text_of(span), alignment(context, call)?])
}

/// The time that buckets of time start from: `earliest` and `latest` are the ends of the search's time range.
///
/// Source: Splunk search reference 10.0, bin, aligntime.
fn alignment(context: &PlanContext, call: &CommandCall) -> Result<Typed, Diagnostic> {
    let when = match call.option("aligntime") {
        Some(option) => lit(aligned(context, &option.value.value, option.value.span)?),
        None => null(ValueType::Float),
    };
    Ok(Typed::new(when, ValueType::Float))
}

/// Buckets whose size follows from the range of the values.
async fn automatic(
    context: &PlanContext,
    call: &CommandCall,
    frame: Frame,
    field: &str,
    source: Typed,
) -> Result<(Frame, Typed), Diagnostic> {
    let frame = context.materialise(frame).await?;
    let (_, batches) = context.collect(frame.clone()).await?;
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for batch in &batches {
        let Some(array) = batch.column_by_name(field) else { continue };
        let values = Column::new(array).map_err(engine_error)?;
        for row in 0..batch.num_rows() {
            if let Some(number) = values.value(row).number() {
                low = low.min(number);
                high = high.max(number);
            }
        }
    }
    let number = |name: &str| call.option(name).and_then(|option| option.value.value.parse::<f64>().ok());
    low = number("start").map_or(low, |start| start.min(low));
    high = number("end").map_or(high, |end| end.max(high));
    if low > high {
        return Ok((frame, source));
    }
    let bins = usize::try_from(call.count("bins")?).unwrap_or(100);
    if bins < 2 {
        return Err(Diagnostic::error("plan/number", "`bins` must be at least 2", call.span));
    }
    let smallest = call.option("minspan");
    let size = if field == "_time" {
        let smallest = match smallest {
            Some(option) => Some(
                parse_span(&option.value.value).map_err(|message| Diagnostic::error("plan/span", message, option.value.span))?,
            ),
            None => None,
        };
        let span = TimeSpan::for_range(high - low, bins, smallest);
        let literal = Typed::new(text(span_text(&span)), ValueType::Text);
        return Ok((frame, function(context, "bin_time", vec![source, literal, alignment(context, call)?])?));
    } else {
        let size = automatic_size(low, high, bins);
        let smallest = smallest.and_then(|option| option.value.value.parse::<f64>().ok()).unwrap_or(0.0);
        size.max(smallest)
    };
    let literal = Typed::new(text(format_number(size)), ValueType::Text);
    Ok((frame, function(context, "bin_number", vec![source, literal])?))
}

/// A span as written in a search.
pub fn span_text(span: &TimeSpan) -> String {
    use spl_functions::time::TimeUnit as U;
    let unit = match span.unit() {
        U::Microsecond => "us",
        U::Millisecond => "ms",
        U::Centisecond => "cs",
        U::Decisecond => "ds",
        U::Second => "s",
        U::Minute => "m",
        U::Hour => "h",
        U::Day => "d",
        U::Week => "w",
        U::Month => "mon",
        U::Quarter => "q",
        U::Year => "y",
    };
    format!("{}{unit}", span.amount())
}
