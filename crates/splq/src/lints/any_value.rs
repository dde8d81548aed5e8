//! `field!=*` finds nothing.

use spl_parser::Diagnostic;
use spl_parser::syntax::{SearchKind, SearchOperator};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/any-value",
    summary: "`field!=*` matches no event; `NOT field=*` finds those without the field",
    page: include_str!("../../../../docs/lints/any-value.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::search_conditions(&subject.search.pipeline, &mut |part, _| {
        if let SearchKind::Comparison { field, operator, value } = &part.kind
            && operator.value == SearchOperator::NotEqual
            && value.pattern.is_any()
        {
            let message = format!("`{}!=*` matches no event: it needs the field, and any value equals *", field.name);
            found.push(
                Diagnostic::warning(LINT.code, message, Some(part.span))
                    .with_help(format!("events without the field are found by `NOT {}=*`", field.name)),
            );
        }
    });
}
