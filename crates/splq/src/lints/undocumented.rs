//! Forms that apps rely on and no page of Splunk's documentation has.

use spl_parser::{Diagnostic, Severity};

use super::{Find, Level, Lint, Subject};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/undocumented",
    summary: "a form that apps rely on and no page documents: a comma too many, `rename a TO b`, `makeresults 5` (a note)",
    page: include_str!("../../../../docs/lints/undocumented.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for practice in &subject.search.practice {
        let note = Diagnostic::warning(LINT.code, practice.what, Some(practice.span)).with_help(practice.instead);
        found.push(Diagnostic { severity: Severity::Note, ..note });
    }
}
