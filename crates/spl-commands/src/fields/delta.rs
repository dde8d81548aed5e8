//! Planning of `delta`: the difference between a field's value and an earlier one.

use spl_functions::column::ValueType;
use spl_operators::nodes::running::{Running, RunningField, Step};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::{Typed, assign};
use spl_plan::frame::{Frame, column};
use spl_plan::function_call::choose;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let (source, target) = match call.arguments.first() {
        Some(Argument::Field(field)) => (field.name.clone(), format!("delta({})", field.name)),
        Some(Argument::Rename { from, to }) => (from.name.clone(), to.name.clone()),
        _ => return Err(Diagnostic::error("plan/argument", "`delta` needs a field", call.span)),
    };
    let distance = usize::try_from(call.count("p")?).unwrap_or(usize::MAX);
    if distance == 0 {
        return Err(Diagnostic::error("plan/number", "`p` must be above 0", call.span));
    }
    let run = |frame: Frame, target: String| {
        let field = RunningField { source, target, step: Step::Difference(distance) };
        frame.operate(Running { command: "delta", fields: vec![field] })
    };
    let Some(known) = frame.field(&target).map(|found| found.value_type()) else { return run(frame, target) };
    // Rows without a difference keep what the field holds.
    const DIFFERENCE: &str = "__difference";
    let frame = run(frame, DIFFERENCE.to_owned())?;
    let difference = Typed::new(column(DIFFERENCE), ValueType::Float);
    let branches = vec![(column(DIFFERENCE).is_not_null(), difference)];
    let value = choose(context, branches, Some(Typed::new(column(&target), known)))?;
    assign(frame, &target, value)?.without(&[DIFFERENCE.to_owned()])
}
