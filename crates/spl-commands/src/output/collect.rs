//! Planning of `collect`: rows for a summary index. There is none, so that rows pass on; `testmode` shows what the index
//! would get.

use futures::future::BoxFuture;
use spl_functions::time::strftime;
use spl_functions::value::{Value, format_number};
use spl_parser::syntax::CommandCall;
use spl_parser::{Diagnostic, Severity};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, text};
use spl_plan::rows::table::Table;

/// Plans the command.
///
/// Source: Splunk search reference, collect.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`collect` needs rows", call.span))?;
        let index = call.text("index");
        if !call.flag("testmode") {
            context.warn(
                Diagnostic {
                    severity: Severity::Note,
                    ..Diagnostic::warning(
                        "collect/no-index",
                        format!("`collect` passes the rows on: there is no index `{index}` to add them to"),
                        Some(call.name.span),
                    )
                }
                .with_help("`outputlookup` keeps rows for later searches, `-o FILE` writes them"),
            );
            return Ok(frame);
        }
        if call.option("output_format").is_some_and(|option| option.value.value.eq_ignore_ascii_case("hec")) {
            let place = call.option("output_format").map_or(call.span, |option| option.name.span.to(option.value.span));
            return Err(Diagnostic::error("plan/refused-option", "`testmode` shows the format `raw` only", place));
        }
        let frame = texts(context, call, frame).await?;
        let mut set = vec![("index".to_owned(), text(index))];
        let option = |name: &str| call.option(name).map(|option| option.value.value.clone());
        set.push(("sourcetype".to_owned(), text(option("sourcetype").unwrap_or_else(|| "stash".to_owned()))));
        for name in ["host", "source"] {
            set.extend(option(name).map(|value| (name.to_owned(), text(value))));
        }
        frame.assign(set)
    })
}

/// Rows with the text that the index would get: that of an event as it is, else time, search times and fields as pairs.
async fn texts(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let (range, now, zone) = (context.time_range(), context.now(), context.time_zone());
    let format = call.text("timeformat");
    let marker = call.option("marker").map(|option| option.value.value.clone());
    let mut table = Table::of(context, frame).await?;
    let names: Vec<String> = table.names().filter(|name| !name.starts_with('_')).cloned().collect();
    for row in 0..table.rows() {
        let mut parts: Vec<String> = Vec::new();
        match table.cell(row, "_raw").text() {
            Some(raw) => parts.push(raw),
            None => {
                if call.flag("addtime") {
                    let time = table.cell(row, "_time").number().or(range.earliest).unwrap_or(now);
                    parts.push(strftime(time, format, zone));
                }
                if call.flag("addinfo") {
                    parts.push(format!("info_min_time={:.3}", range.earliest.unwrap_or(0.0)));
                    let end = range.latest.map_or_else(|| "+Infinity".to_owned(), |time| format!("{time:.3}"));
                    parts.push(format!("info_max_time={end}"));
                    parts.push(format!("info_search_time={now:.3}"));
                }
                for name in &names {
                    parts.extend(pair(name, table.cell(row, name)));
                }
            }
        }
        parts.extend(marker.clone());
        table.set(row, "_raw", Cell::Text(parts.join(", ")));
    }
    table.frame(context)
}

fn pair(name: &str, cell: &Cell) -> Option<String> {
    let value = cell.text()?;
    let number = Value::Text(&value).number();
    Some(match number {
        Some(number) if format_number(number) == value => format!("{name}={value}"),
        _ => format!("{name}=\"{}\"", spl_plan::names::quoting::escaped(&value)),
    })
}
