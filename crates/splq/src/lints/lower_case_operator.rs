//! `a=1 or b=2`: operators of a search are written in capitals, so `or` is a word that events must contain.

use spl_parser::Diagnostic;
use spl_parser::syntax::{SearchKind, SearchValue};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/lower-case-operator",
    summary: "`and`, `or`, `not` in small letters are words that events must contain",
    page: include_str!("../../../../docs/lints/lower-case-operator.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

/// The operators of a search.
const OPERATORS: [&str; 3] = ["AND", "OR", "NOT"];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::search_conditions(&subject.search.pipeline, &mut |part, _| {
        let SearchKind::Term(value) = &part.kind else { return };
        let Some((word, operator)) = operator_meant(value) else { return };
        found.push(
            Diagnostic::warning(
                LINT.code,
                format!("`{word}` is a word here that events must contain, not the operator"),
                Some(part.span),
            )
            .with_help(format!("operators of a search are written in capitals: {operator}")),
        );
    });
}

/// The word and the operator that it looks like.
fn operator_meant(value: &SearchValue) -> Option<(&str, &'static str)> {
    let word = value.pattern.as_literal().filter(|_| !value.quoted)?;
    let operator = OPERATORS.into_iter().find(|operator| operator.eq_ignore_ascii_case(word))?;
    Some((word, operator))
}
