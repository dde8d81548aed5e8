//! Planning of `gentimes`: adjacent ranges of time as rows.

use chrono_tz::Tz;
use futures::future::BoxFuture;
use spl_functions::time::{relative_time, strftime, strptime};
use spl_parser::syntax::{CommandCall, OptionArgument};
use spl_parser::{Diagnostic, Spanned};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

/// Most ranges of one command.
const MOST_RANGES: usize = 1_000_000;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`gentimes` must be the first command", call.name.span));
        }
        let (now, zone) = (context.now(), context.time_zone());
        let Some(OptionArgument { value, .. }) = call.option("start") else {
            return Err(Diagnostic::error("plan/argument", "`gentimes` needs `start`", call.span)
                .with_help("for example `start=10/25/2024` or `start=-30`"));
        };
        let start = time(value, now, zone)?;
        let end = match call.option("end") {
            Some(option) => time(&option.value, now, zone)?,
            None => relative_time(now, "@d", zone).unwrap_or(now),
        };
        let step = match call.option("increment") {
            Some(option) => increment(&option.value)?,
            None => (1, 'd'),
        };
        ranges(call, start, end, step, zone)?.frame(context)
    })
}

/// `MM/DD/YYYY`, with `:HH:MM:SS` behind it or without, or a number of days before today.
fn time(written: &Spanned<String>, now: f64, zone: Tz) -> Result<f64, Diagnostic> {
    let text = written.value.trim();
    if let Ok(days) = text.parse::<i64>()
        && let Some(time) =
            relative_time(now, &format!("{}d@d", if days < 0 { days.to_string() } else { format!("+{days}") }), zone)
    {
        return Ok(time);
    }
    let year = text.split(['/', ':']).nth(2).unwrap_or_default();
    let year_format = if year.len() <= 2 { "%y" } else { "%Y" };
    let format = if text.contains(':') { format!("%m/%d/{year_format}:%H:%M:%S") } else { format!("%m/%d/{year_format}") };
    strptime(text, &format, zone).ok_or_else(|| {
        Diagnostic::error("plan/time", format!("`{text}` is not a time that `gentimes` reads"), written.span)
            .with_help("MM/DD/YYYY, MM/DD/YYYY:HH:MM:SS, or a number of days such as -30")
    })
}

fn increment(written: &Spanned<String>) -> Result<(u32, char), Diagnostic> {
    let text = written.value.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => Some('s'),
        "m" => Some('m'),
        "h" => Some('h'),
        "d" | "" => Some('d'),
        _ => None,
    };
    let amount = if digits.is_empty() { Some(1) } else { digits.parse::<u32>().ok() };
    unit.zip(amount.filter(|amount| *amount > 0)).map(|(unit, amount)| (amount, unit)).ok_or_else(|| {
        Diagnostic::error("plan/span", format!("`{text}` is not an increment"), written.span)
            .with_help("a number and s, m, h or d")
    })
}

fn ranges(call: &CommandCall, start: f64, end: f64, (amount, unit): (u32, char), zone: Tz) -> Result<Table, Diagnostic> {
    const HUMAN: &str = "%a %b %d %H:%M:%S %Y";
    let mut table = Table::new(0);
    ["endhuman", "endtime", "starthuman", "starttime"].iter().for_each(|name| table.add_column(name));
    let mut from = start;
    while from < end {
        if table.rows() >= MOST_RANGES {
            return Err(Diagnostic::error("run/too-many-rows", format!("more than {MOST_RANGES} ranges"), call.span));
        }
        let Some(next) = relative_time(from, &format!("+{amount}{unit}"), zone).filter(|next| *next > from) else {
            break;
        };
        let row = table.add_row();
        let last = next - 1.0;
        table.set(row, "endhuman", Cell::Text(strftime(last, HUMAN, zone)));
        table.set(row, "endtime", Cell::Integer(last as i64));
        table.set(row, "starthuman", Cell::Text(strftime(from, HUMAN, zone)));
        table.set(row, "starttime", Cell::Integer(from as i64));
        from = next;
    }
    Ok(table)
}
