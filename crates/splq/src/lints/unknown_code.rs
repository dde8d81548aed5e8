//! A comment `splq: allow` that names no lint.

use spl_parser::{Diagnostic, Span};

use super::{Find, Level, Lint, Subject, allowed_by_comments, resolve};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/unknown-code",
    summary: "a comment `splq: allow` names a lint that does not exist",
    page: include_str!("../../../../docs/lints/unknown-code.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (code, _) in allowed_by_comments(subject.query) {
        if let Err(message) = resolve(&code, false) {
            let at = subject.search.expansion.text.find(&code).map(|start| Span::new(start, start + code.len()));
            found.push(Diagnostic::warning(LINT.code, message, at));
        }
    }
}
