//! Planning of `require`: a search that finds nothing fails.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;

/// Plans the command. A search that is only checked passes: there is no data that it could lack.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`require` needs rows", call.span))?;
        if !context.is_running() {
            return Ok(frame);
        }
        let (schema, batches) = context.collect(frame).await?;
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Err(Diagnostic::error("run/required", "the search before `require` found nothing", call.name.span));
        }
        context.from_batches(schema, batches)
    })
}
