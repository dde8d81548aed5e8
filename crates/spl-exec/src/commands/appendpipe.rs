//! Planning of `appendpipe`: the rows, and behind them what commands make of them.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use super::Input;
use super::append::concatenate;
use crate::frame::Frame;
use crate::needed::Needed;
use crate::planner::Planner;

/// Plans the command. `run_in_preview` has no meaning where nothing is previewed.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let (Some(frame), Some(commands)) = (input.frame, call.subsearch()) else {
            return Err(Diagnostic::error("plan/argument", "`appendpipe` needs rows and commands in [ ]", call.span));
        };
        // Both parts read the rows: they are computed once.
        let frame = planner.materialise(frame).await?;
        let inner = planner.nested(commands.span)?;
        let made = inner.commands(Some(frame.clone()), &commands.pipeline.commands, Needed::All).await?;
        let made = planner.materialise(made).await?;
        concatenate(planner, frame, made)
    })
}
