//! `index=` written out in a detection: where it is used, the events are in another index.

use spl_parser::Diagnostic;
use spl_parser::syntax::SearchKind;

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/fixed-index",
    summary: "a detection names an index outside a macro",
    page: include_str!("../../../../docs/lints/fixed-index.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if !subject.query.metadata.detection {
        return;
    }
    walk::search_conditions(&subject.search.pipeline, &mut |part, positive| {
        let SearchKind::Comparison { field, value, .. } = &part.kind else { return };
        let named = value.pattern.as_literal().filter(|name| !name.starts_with('_'));
        if let Some(name) = named.filter(|_| positive && field.name == "index") {
            found.push(
                Diagnostic::warning(LINT.code, format!("the detection finds events in index `{name}` only"), Some(part.span))
                    .with_help("name the index in a macro, which each installation defines for itself"),
            );
        }
    });
}
