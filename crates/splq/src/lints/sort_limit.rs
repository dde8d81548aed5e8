//! `sort` without a count keeps 10,000 rows, whatever comes after it.

use spl_parser::Diagnostic;
use spl_parser::effects::FieldsBehind;
use spl_parser::spec::Rows;
use spl_parser::syntax::{Argument, CommandCall};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/sort-limit",
    summary: "sort without a count keeps 10,000 events, and commands behind it see no more",
    page: include_str!("../../../../docs/lints/sort-limit.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place).filter(|call| call.spec.name == "sort") else { return };
        let counted = matches!(call.arguments.first(), Some(Argument::Text { text, .. }) if text.value != "desc");
        if counted || call.option("limit").is_some() || FieldsBehind::behind(&calls[..place]) != FieldsBehind::Any {
            return;
        }
        if let Some(later) = calls[place + 1..].iter().find(|later| depends(later)) {
            let message = format!("`sort` keeps 10,000 rows, so `{}` may not see all events", later.spec.name);
            found.push(
                Diagnostic::warning(LINT.code, message, Some(call.name.span))
                    .with_help("`sort 0 ...` keeps all; events come newest first anyway"),
            );
        }
    });
}

/// Whether the result of a command depends on all rows, or on those before each. `head` takes those that `sort` put first,
/// which are the right ones.
fn depends(call: &CommandCall) -> bool {
    match call.spec.effects.rows {
        Rows::Last | Rows::InOrder | Rows::Whole | Rows::Distinct(_) => true,
        Rows::Groups(_) | Rows::FewGroups(_) | Rows::NewFew | Rows::New => true,
        Rows::Each | Rows::Some | Rows::Several | Rows::First | Rows::Sorted => false,
    }
}
