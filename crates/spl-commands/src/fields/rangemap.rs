//! Planning of `rangemap`: numbers named by the ranges that they are in.

use spl_operators::nodes::map_values::MapValues;
use spl_operators::nodes::value_map::ValueMap;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let field = call.option("field").ok_or_else(|| Diagnostic::error("plan/argument", "`rangemap` needs `field=`", call.span))?;
    let mut ranges: Vec<(String, f64, f64)> = Vec::new();
    for argument in &call.arguments {
        let Argument::Pair { name, value } = argument else { continue };
        let (low, high) = bounds(&value.value).ok_or_else(|| {
            Diagnostic::error("plan/argument", format!("`{}` is not a range such as 1-10", value.value), value.span)
        })?;
        if low > high {
            return Err(Diagnostic::error(
                "plan/argument",
                format!("the range `{}` ends before it begins", value.value),
                value.span,
            ));
        }
        ranges.push((name.value.clone(), low, high));
    }
    let overlap = ranges.iter().enumerate().any(|(place, (_, low, high))| {
        ranges[place + 1..].iter().any(|(_, other_low, other_high)| low <= other_high && other_low <= high)
    });
    let otherwise = call.text("default").to_owned();
    frame.operate(MapValues {
        fields: vec![(field.value.value.clone(), "range".to_owned())],
        several: overlap,
        map: ValueMap::Ranges { ranges, otherwise },
    })
}

/// The two numbers of `low-high`; either may have a sign.
fn bounds(text: &str) -> Option<(f64, f64)> {
    text.char_indices().filter(|(at, c)| *at > 0 && *c == '-').find_map(|(at, _)| {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        Some((number(text.get(..at)?)?, number(text.get(at + 1..)?)?))
    })
}
