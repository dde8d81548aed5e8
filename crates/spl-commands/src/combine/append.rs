//! Planning of `append`: the rows of a subsearch behind the rows there are.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::count;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::union::concatenate;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        // Times to wait have no meaning where nothing waits; the row limit has. `extendtimerange` is part of the time range
        // of the search.
        let (Some(frame), Some(subsearch)) = (input.frame, call.subsearch()) else {
            return Err(Diagnostic::error("plan/argument", "`append` needs rows and a subsearch", call.span));
        };
        let limit = count(call, "maxout", context.limits().get("append_maxout"))?;
        let inner = context.subsearch(subsearch, "append_maxout", RequiredFields::All).await?;
        let inner = context.limited(inner, "append_maxout", limit, subsearch.span).await?;
        concatenate(context, frame, inner)
    })
}
