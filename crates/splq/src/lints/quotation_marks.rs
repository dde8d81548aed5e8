//! `user=“ann”` and `user='ann'` in a search: such marks belong to the value.

use spl_parser::syntax::{PatternPart, SearchKind, SearchValue};
use spl_parser::{Diagnostic, Span};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/quotation-marks",
    summary: "single and typographic quotes in a search belong to the value; only \" encloses one",
    page: include_str!("../../../../docs/lints/quotation-marks.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

/// Marks that word processors and chats make of `"` and `'`.
const TYPOGRAPHIC: [char; 10] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '‛'];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut told: Vec<Span> = Vec::new();
    walk::search_conditions(&subject.search.pipeline, &mut |part, _| {
        let values: &[SearchValue] = match &part.kind {
            SearchKind::Comparison { value, .. } | SearchKind::Term(value) => std::slice::from_ref(value),
            SearchKind::In { values, .. } => values,
            _ => return,
        };
        for value in values.iter().filter(|value| !value.quoted) {
            let Some(mark) = mark_around(value) else { continue };
            // A value of several words is told of once.
            if told.last().is_some_and(|last| value.span.start.saturating_sub(last.end) < 100) {
                continue;
            }
            told.push(value.span);
            found.push(
                Diagnostic::warning(LINT.code, format!("{mark} is a part of the value here"), Some(value.span))
                    .with_help("a value with blanks stands between double quotes: \"...\""),
            );
        }
    });
}

/// The mark that a value begins or ends with.
fn mark_around(value: &SearchValue) -> Option<char> {
    let parts = &value.pattern.parts;
    let first = match parts.first()? {
        PatternPart::Literal(text) => text.chars().next(),
        PatternPart::Wildcard => None,
    };
    let last = match parts.last()? {
        PatternPart::Literal(text) => text.chars().next_back(),
        PatternPart::Wildcard => None,
    };
    let is_typographic = |mark: &char| TYPOGRAPHIC.contains(mark);
    // An apostrophe at the end of a word is one; in front it is a quote.
    first.filter(|mark| is_typographic(mark) || *mark == '\'').or(last.filter(is_typographic))
}
