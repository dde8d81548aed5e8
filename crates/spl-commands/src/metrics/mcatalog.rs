//! Planning of `mcatalog`: names and dimensions of metrics, with `values` as the only statistic.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;

use crate::metrics::mstats;

/// Plans the command.
///
/// Source: Splunk search reference, mcatalog.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if let Some(other) = call.aggregations().find(|one| one.function.value != "values") {
            let message = format!("`mcatalog` has no statistic but `values`, so no `{}`", other.function.value);
            return Err(Diagnostic::error("plan/argument", message, other.span).with_help("`mstats` has the others"));
        }
        mstats::plan(context, call, input).await
    })
}
