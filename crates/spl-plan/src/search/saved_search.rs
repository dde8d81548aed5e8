//! Saved searches by name, and their rows.

use spl_parser::{Diagnostic, Span, diagnostic::nearest};

use crate::context::PlanContext;
use crate::frame::Frame;
use crate::search::inner_search;
use crate::search::inner_search::SearchTimes;

/// A saved search, macros expanded.
pub struct Saved {
    /// The search.
    pub text: String,
    /// Its time range.
    pub times: SearchTimes,
}

/// A saved search by its name.
pub fn find(context: &PlanContext, name: &str, span: Span) -> Result<Saved, Diagnostic> {
    let searches = &context.knowledge().saved_searches;
    let Some(saved) = searches.get(name) else {
        let unknown = Diagnostic::error("knowledge/unknown-saved-search", format!("unknown saved search `{name}`"), span);
        return Err(match nearest(name, searches.keys().map(String::as_str)) {
            Some(near) => unknown.with_help(format!("did you mean `{near}`?")),
            None => unknown.with_help("saved searches come from the apps given with --app"),
        });
    };
    let text = inner_search::expand(context, &saved.search, span, &format!("saved search `{name}`"))?;
    Ok(Saved { text, times: SearchTimes { earliest: saved.earliest.clone(), latest: saved.latest.clone() } })
}

/// The rows of a saved search.
pub async fn run(context: &PlanContext, saved: &Saved, name: &str, span: Span) -> Result<Frame, Diagnostic> {
    inner_search::plan(context, &saved.text, &saved.times, span, &format!("saved search `{name}`")).await
}
