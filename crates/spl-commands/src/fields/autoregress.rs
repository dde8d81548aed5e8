//! Planning of `autoregress`: earlier values of a field, each in a field of its own.

use spl_operators::nodes::running::{Running, RunningField, Step};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::parse_count;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Most fields that one command makes.
const MOST: u64 = 10_000;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let (source, alias) = match call.arguments.first() {
        Some(Argument::Field(field)) => (field.name.clone(), None),
        Some(Argument::Rename { from, to }) => (from.name.clone(), Some(to)),
        _ => return Err(Diagnostic::error("plan/argument", "`autoregress` needs a field", call.span)),
    };
    let (first, last, range) = match call.option("p") {
        None => (1, 1, false),
        Some(option) => {
            let (text, span) = (option.value.value.as_str(), option.value.span);
            match text.split_once('-') {
                Some((first, last)) => (parse_count(first, span)?, parse_count(last, span)?, true),
                None => {
                    let distance = parse_count(text, span)?;
                    (distance, distance, false)
                }
            }
        }
    };
    if first == 0 || last < first || last - first >= MOST {
        return Err(Diagnostic::error("plan/number", "`p` is a count above 0, or a range such as 1-5", call.span));
    }
    if let (Some(alias), true) = (alias, range) {
        return Err(Diagnostic::error("plan/argument", "`AS` can't name the fields of a range of `p`", alias.span));
    }
    let fields = (first..=last)
        .map(|distance| RunningField {
            source: source.clone(),
            target: alias.map_or_else(|| format!("{source}_p{distance}"), |alias| alias.name.clone()),
            step: Step::Earlier(usize::try_from(distance).unwrap_or(usize::MAX)),
        })
        .collect();
    frame.operate(Running { command: "autoregress", fields })
}
