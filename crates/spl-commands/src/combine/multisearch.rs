//! Planning of `multisearch`: the events of several streaming searches, merged by time.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;

use crate::combine::union_command::merged_by_time;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`multisearch` must be the first command", call.name.span));
        }
        let mut frames = Vec::new();
        for argument in &call.arguments {
            let Argument::Subsearch(subsearch) = argument else { continue };
            for inner in &subsearch.pipeline.commands {
                if !context.commands().is_streaming(inner) {
                    return Err(Diagnostic::error(
                        "plan/not-streaming",
                        format!(
                            "`{}` can't stand in `multisearch`: only commands that look at one event at a time can",
                            inner.spec.name
                        ),
                        inner.name.span,
                    )
                    .with_help("`union` and `append` take any search"));
                }
            }
            frames.push(context.subpipeline(subsearch, RequiredFields::All).await?);
        }
        merged_by_time(context, frames)
    })
}
