//! Planning of `addinfo`: the time range, start and id of the search beside each row.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, text};

/// Plans the command. Times are texts with milliseconds, as Splunk writes them; an open end is `0.000` or `+Infinity`.
pub fn plan(context: &PlanContext, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let range = context.time_range();
    let now = context.now();
    let time = |time: f64| format!("{time:.3}");
    frame.assign(vec![
        ("info_min_time".to_owned(), text(time(range.earliest.unwrap_or(0.0)))),
        ("info_max_time".to_owned(), text(range.latest.map_or_else(|| "+Infinity".to_owned(), time))),
        ("info_search_time".to_owned(), text(time(now))),
        ("info_sid".to_owned(), text(format!("{now:.3}.1"))),
    ])
}
