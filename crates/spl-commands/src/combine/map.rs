//! Planning of `map`: a search per row, with the row's values filled in; the rows are those of all these searches.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::sort_keys;
use spl_plan::rows::texts::rows_frame;
use spl_plan::rows::union::concatenate;
use spl_plan::search::inner_search::SearchTimes;
use spl_plan::search::saved_search::Saved;
use spl_plan::search::{inner_search, saved_search};

const WHAT: &str = "the search of `map`";
/// The limit of the searches that are run, whatever `maxsearches` says.
const MOST_SEARCHES: &str = "map_maxsearches";

/// Results that are put together before they are copied into one.
const TOGETHER: usize = 16;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`map` needs rows", call.span))?;
        let search = template(context, call)?;
        let known: Vec<String> = frame.fields().into_iter().map(|field| field.name).collect();
        // Names are checked even when there is no row to take values from. Which fields events have is known when they are read.
        let any = !context.is_running() && frame.is_event_stream;
        inner_search::fill(&search.text, &|name| (any || is_known(&known, name)).then(String::new)).map_err(|name| {
            Diagnostic::error(
                "plan/map-field",
                format!("no row has the field `{name}`, which the search of `map` asks for"),
                call.span,
            )
            .with_help(format!("`${name}$` stands for the value of a field"))
        })?;
        let most = call.count("maxsearches")?;
        let rows = Rows::of(context, sort_keys::first_rows(frame, most.saturating_add(1))?).await?;
        let searches = usize::try_from(most).unwrap_or(usize::MAX).min(rows.len());
        if searches < rows.len() {
            let warning = Diagnostic::warning(
                "limit/reached",
                format!("`map` ran {searches} searches, there are more rows"),
                Some(call.span),
            );
            context.warn(warning.with_help("`maxsearches` sets how many are run"));
        }
        let bound = context.limits().get(MOST_SEARCHES);
        if bound > 0 && searches as u64 > bound {
            let message = format!("`map` would run {searches} searches, more than {bound}");
            return Err(Diagnostic::error("run/too-many-searches", message, call.span)
                .with_help(format!("the limit is `{MOST_SEARCHES}`; --limit {MOST_SEARCHES}=0 takes it away")));
        }
        let mut whole: Option<Frame> = None;
        for row in 0..searches {
            let value = |name: &str| match name {
                "_serial_id" => Some((row + 1).to_string()),
                name => rows.value(name, row).text().map(|text| text.into_owned()),
            };
            let text = match inner_search::fill(&search.text, &value) {
                Ok(text) => text,
                Err(name) => {
                    let message = format!("a row has no value for `{name}`: no search was run for it");
                    context.warn(Diagnostic::warning("plan/map-field", message, Some(call.span)));
                    continue;
                }
            };
            let made = inner_search::plan(context, &text, &search.times, call.span, WHAT).await?;
            let made = context.materialise(made).await?;
            whole = Some(match whole {
                None => made,
                Some(before) => concatenate(context, before, made)?,
            });
            if row % TOGETHER == TOGETHER - 1
                && let Some(frame) = whole.take()
            {
                whole = Some(context.materialise(frame).await?);
            }
        }
        match whole {
            Some(frame) => Ok(frame),
            None => rows_frame(context, &[]),
        }
    })
}

fn is_known(fields: &[String], name: &str) -> bool {
    name == "_serial_id" || fields.iter().any(|field| field == name)
}

/// The search's text, macros expanded, values still to be filled in.
fn template(context: &PlanContext, call: &CommandCall) -> Result<Saved, Diagnostic> {
    if let Some(option) = call.option("search") {
        let text = inner_search::expand(context, &option.value.value, option.value.span, WHAT)?;
        return Ok(Saved { text, times: SearchTimes::default() });
    }
    match call.arguments.first() {
        Some(Argument::Subsearch(subsearch)) => {
            // As written: printing the tree could quote what `$name$` stands for.
            let written =
                context.source(subsearch.pipeline.span).map(|text| text.trim_start_matches([' ', '\t', '\n', '\r', '|']));
            let text = match written {
                Some(written) => format!("| {written}"),
                None => spl_parser::print(&subsearch.pipeline),
            };
            Ok(Saved { text, times: SearchTimes::default() })
        }
        Some(Argument::Text { text, .. }) => saved_search::find(context, &text.value, text.span),
        _ => Err(Diagnostic::error("plan/argument", "`map` needs a search", call.span)),
    }
}
