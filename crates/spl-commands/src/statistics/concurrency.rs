//! Planning of `concurrency`: how many events are in progress when an event starts, itself included.

use spl_operators::nodes::concurrency::Concurrency;
use spl_operators::nodes::whole_table::WholeTable;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let option = |name: &str| call.option(name).map(|option| option.value.value.clone());
    let duration = option("duration")
        .ok_or_else(|| Diagnostic::error("plan/argument", "`concurrency` needs `duration=<field>`", call.span))?;
    let step = Concurrency {
        duration,
        start: option("start").unwrap_or_else(|| "_time".to_owned()),
        output: option("output").unwrap_or_else(|| "concurrency".to_owned()),
    };
    frame.operate(WholeTable(step))
}
