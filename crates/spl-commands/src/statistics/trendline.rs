//! Planning of `trendline`: moving averages.

use spl_operators::nodes::running::{Running, RunningField, Step};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let mut fields = Vec::new();
    for argument in &call.arguments {
        let Argument::Conversion { function, field, alias } = argument else { continue };
        let unknown = || Diagnostic::error("plan/argument", format!("unknown trend `{}`", function.value), function.span);
        let (kind, period) = function.value.split_at_checked(3).ok_or_else(unknown)?;
        let period: usize = period.parse().map_err(|_| unknown())?;
        let step = match kind {
            "sma" => Step::SimpleAverage(period),
            "ema" => Step::ExponentialAverage(period),
            "wma" => Step::WeightedAverage(period),
            _ => return Err(unknown()),
        };
        let target = alias.as_ref().map_or_else(|| format!("{}({})", function.value, field.name), |alias| alias.name.clone());
        fields.push(RunningField { source: field.name.clone(), target, step });
    }
    frame.operate(Running { command: "trendline", fields })
}
