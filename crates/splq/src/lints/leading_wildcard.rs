//! `*text` as a term or value of the events that are read: no index can help.

use spl_parser::syntax::{PatternPart, SearchKind, SearchOperator, SearchValue};
use spl_parser::{Diagnostic, Span};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/leading-wildcard",
    summary: "a search for events with a wildcard in front of a term reads every event",
    page: include_str!("../../../../docs/lints/leading-wildcard.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.first().filter(|call| place == 0 && call.spec.name == "search") else { return };
        let mut places: Vec<Span> = Vec::new();
        let mut narrowed = false;
        let mut look = |value: &SearchValue, positive: bool| match value.pattern.parts.as_slice() {
            [PatternPart::Wildcard, PatternPart::Literal(_), ..] if positive => places.push(value.span),
            [PatternPart::Literal(_), ..] if positive => narrowed = true,
            _ => {}
        };
        for condition in walk::conditions(call) {
            // What must hold beside the wildcards bounds the events that are read.
            walk::condition_parts(condition, &mut |part, positive| match &part.kind {
                SearchKind::Comparison { field, operator, value } if operator.value == SearchOperator::Equal => {
                    if !matches!(field.name.as_str(), "index" | "sourcetype" | "source" | "host" | "eventtype" | "tag") {
                        look(value, positive);
                    } else if value.pattern.parts.len() > 1 || value.pattern.as_literal().is_some() {
                        look(value, positive && field.name == "eventtype");
                    }
                }
                SearchKind::In { values, .. } => values.iter().for_each(|value| look(value, positive)),
                SearchKind::Term(value) => look(value, positive),
                _ => {}
            });
        }
        let Some(first) = places.first().filter(|_| !narrowed) else { return };
        let message = match places.len() {
            1 => "nothing but a value with a wildcard in front narrows the events: every one of them is read".to_owned(),
            many => format!("nothing but {many} values with a wildcard in front narrows the events: every one of them is read"),
        };
        found.push(
            Diagnostic::warning(LINT.code, message, Some(*first))
                .with_help("add a word that the events must have, such as an event code, or leave the first * out"),
        );
    });
}
