//! Planning of `localize`: the ranges of time in which events follow each other closely.

use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_functions::time::parse_span;
use spl_functions::value::format_number;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::texts::rows_frame;

/// Plans the command. Ranges come in the order of the search, the latest first.
///
/// Source: Splunk search reference, localize.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`localize` needs rows", call.span))?;
        let pause = seconds(call, "maxpause", 60.0)?;
        let (before, after) = (seconds(call, "timebefore", 30.0)?, seconds(call, "timeafter", 30.0)?);
        if frame.field("_time").is_none() {
            return rows_frame(context, &[]);
        }
        let rows = Rows::of(context, frame).await?;
        let mut times: Vec<f64> = (0..rows.len()).filter_map(|row| rows.value("_time", row).number()).collect();
        times.sort_by(f64::total_cmp);
        let mut ranges: Vec<(f64, f64)> = Vec::new();
        for time in times {
            match ranges.last_mut() {
                Some((_, end)) if time - *end <= pause => *end = time,
                _ => ranges.push((time, time)),
            }
        }
        let field = |name: &str, time: f64| (name.to_owned(), vec![format_number(time)]);
        let made: Vec<IndexMap<String, Vec<String>>> = ranges
            .into_iter()
            .rev()
            .map(|(start, end)| {
                [field("_time", start), field("starttime", start - before), field("endtime", end + after)].into_iter().collect()
            })
            .collect();
        rows_frame(context, &made)
    })
}

fn seconds(call: &CommandCall, name: &str, default: f64) -> Result<f64, Diagnostic> {
    let Some(option) = call.option(name) else { return Ok(default) };
    let span = parse_span(&option.value.value).map_err(|message| Diagnostic::error("plan/span", message, option.value.span))?;
    Ok(span.seconds())
}
