//! Planning of `savedsearch`: the rows of a saved search.

use futures::future::BoxFuture;
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Span, diagnostic::nearest};

use super::{Input, boolean};
use crate::frame::Frame;
use crate::inner_search::{self, SearchTimes};
use crate::planner::Planner;

/// A saved search, macros expanded.
pub struct Saved {
    /// The search.
    pub text: String,
    /// Its time range.
    pub times: SearchTimes,
}

/// Plans the command. `name=value` pairs fill in `$name$` unless `nosubstitution` is true.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`savedsearch` must be the first command", call.name.span));
        }
        let Some(Argument::Text { text: name, .. }) = call.arguments.first() else {
            return Err(Diagnostic::error("plan/argument", "`savedsearch` needs the name of a saved search", call.span));
        };
        let mut saved = find(planner, &name.value, name.span)?;
        if !boolean(call, "nosubstitution", false) {
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
        run(planner, &saved, &name.value, name.span).await
    })
}

/// A saved search by its name.
pub fn find(planner: &Planner, name: &str, span: Span) -> Result<Saved, Diagnostic> {
    let searches = &planner.knowledge().saved_searches;
    let Some(saved) = searches.get(name) else {
        let unknown = Diagnostic::error("knowledge/unknown-saved-search", format!("unknown saved search `{name}`"), span);
        return Err(match nearest(name, searches.keys().map(String::as_str)) {
            Some(near) => unknown.with_help(format!("did you mean `{near}`?")),
            None => unknown.with_help("saved searches come from the apps given with --app"),
        });
    };
    let text = inner_search::expand(planner, &saved.search, span, &format!("saved search `{name}`"))?;
    Ok(Saved { text, times: SearchTimes { earliest: saved.earliest.clone(), latest: saved.latest.clone() } })
}

/// The rows of a saved search.
pub async fn run(planner: &Planner, saved: &Saved, name: &str, span: Span) -> Result<Frame, Diagnostic> {
    inner_search::plan(planner, &saved.text, &saved.times, span, &format!("saved search `{name}`")).await
}
