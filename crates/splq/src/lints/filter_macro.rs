//! A detection that does not end with its filter macro can't be tuned without being changed.

use spl_parser::Diagnostic;

use super::{Find, Level, Lint, Subject};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/filter-macro",
    summary: "a detection does not call its own filter macro",
    page: include_str!("../../../../docs/lints/filter-macro.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if !subject.query.metadata.detection {
        return;
    }
    let Some(stem) = subject.query.file.file_stem() else { return };
    let name = format!("{}_filter", stem.to_string_lossy().replace([' ', '-'], "_").to_lowercase());
    if !subject.search.text.contains(&format!("`{name}`")) {
        found.push(
            Diagnostic::warning(LINT.code, format!("the detection does not call its filter macro `{name}`"), None)
                .with_help(format!("end the search with | `{name}`, so that known events can be left out without changing it")),
        );
    }
}
