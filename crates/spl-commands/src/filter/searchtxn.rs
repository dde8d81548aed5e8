//! Planning of `searchtxn`: transactions of a type that hold certain texts.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall, SearchExpression, SearchKind};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::names::quoting::escaped;
use spl_plan::search::inner_search;
use spl_plan::search::inner_search::SearchTimes;

/// Plans the command: events with the texts tell the values of the type's fields, these values tell the events, and these
/// make the transactions that are searched.
///
/// Source: Splunk search reference, searchtxn.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`searchtxn` must be the first command", call.name.span));
        }
        let [Argument::Text { text: name, .. }, Argument::Search(search)] = call.arguments.as_slice() else {
            return Err(Diagnostic::error("plan/argument", "`searchtxn` needs a transaction type and a search", call.span));
        };
        let most = call.count("max_terms")?;
        if !(1..=1000).contains(&most) {
            return Err(Diagnostic::error("plan/number", "`max_terms` is a number from 1 to 1000", call.span));
        }
        let kind = context.knowledge().transaction_type(&name.value).map_err(|error| error.at(name.span))?;
        let Some(base) = &kind.search else {
            let message = format!("transaction type `{}` has no `search`, which `searchtxn` starts from", name.value);
            return Err(Diagnostic::error("knowledge/definition", message, name.span));
        };
        let base = base.trim();
        let base = base.strip_prefix("search ").unwrap_or(base);
        let glue = if call.flag("use_disjunct") { " OR " } else { " " };
        let terms: Vec<String> = terms(search).into_iter().map(|term| format!("({})", printed(term))).collect();
        let mut text = format!("search ({base})");
        if kind.fields.is_empty() {
            text.push_str(&format!(" ({})", terms.join(glue)));
        } else {
            let fields: Vec<String> = kind.fields.iter().map(|field| format!("\"{}\"", escaped(field))).collect();
            text.push_str(&format!(
                " [search ({base}) ({}) | table {} | head {most} | format \"(\" \"(\" \"OR\" \")\" \"OR\" \")\"]",
                terms.join(glue),
                fields.join(" ")
            ));
        }
        if !call.flag("eventsonly") {
            text.push_str(&format!(" | transaction name=\"{}\" | search {}", escaped(&name.value), printed(search)));
        }
        let what = format!("transaction type `{}`", name.value);
        let text = inner_search::expand(context, &text, name.span, &what)?;
        inner_search::plan(context, &text, &SearchTimes::default(), name.span, &what).await
    })
}

/// The parts of a search that must all hold.
fn terms(search: &SearchExpression) -> Vec<&SearchExpression> {
    match &search.kind {
        SearchKind::And(parts) if !parts.is_empty() => parts.iter().collect(),
        _ => vec![search],
    }
}

fn printed(search: &SearchExpression) -> String {
    spl_parser::print_search_expression(search)
}
