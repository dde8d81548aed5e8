//! Planning of `require`: a search that finds nothing fails.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use super::Input;
use crate::frame::Frame;
use crate::planner::Planner;

/// Plans the command. A search that is only checked passes: there is no data that it could lack.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`require` needs rows", call.span))?;
        if !planner.is_running() {
            return Ok(frame);
        }
        let (schema, batches) = planner.collect(frame).await?;
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Err(Diagnostic::error("run/required", "the search before `require` found nothing", call.name.span));
        }
        planner.from_batches(schema, batches)
    })
}
