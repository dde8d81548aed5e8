//! Planning of commands that change how results are shown or where they are computed, never the rows: `highlight`,
//! `iconify`, `localop`, `noop`, `redistribute`.

use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command: the rows as they are.
pub fn plan(_: &PlanContext, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    Ok(frame)
}
