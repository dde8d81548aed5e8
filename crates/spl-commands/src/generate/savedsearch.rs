//! Planning of `savedsearch`: the rows of a saved search.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::search::inner_search;
use spl_plan::search::saved_search::{find, run};

/// Plans the command. `name=value` pairs fill in `$name$` unless `nosubstitution` is true.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`savedsearch` must be the first command", call.name.span));
        }
        let Some(Argument::Text { text: name, .. }) = call.arguments.first() else {
            return Err(Diagnostic::error("plan/argument", "`savedsearch` needs the name of a saved search", call.span));
        };
        let mut saved = find(context, &name.value, name.span)?;
        if !call.flag("nosubstitution") {
            let given = |wanted: &str| {
                call.arguments.iter().find_map(|argument| match argument {
                    Argument::Pair { name, value } if name.value == wanted => Some(value.value.clone()),
                    _ => None,
                })
            };
            saved.text = inner_search::fill(&saved.text, &given).map_err(|missing| {
                Diagnostic::error("plan/argument", format!("the saved search asks for a value of `{missing}`"), call.span)
                    .with_help(format!("add `{missing}=\"...\"`"))
            })?;
        }
        run(context, &saved, &name.value, name.span).await
    })
}
