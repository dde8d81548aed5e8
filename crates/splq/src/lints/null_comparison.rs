//! `where field=null` is never true.

use spl_parser::Diagnostic;
use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/null-comparison",
    summary: "a comparison with null is never true",
    page: include_str!("../../../../docs/lints/null-comparison.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::expression_parts(&subject.search.pipeline, &mut |part| {
        let ExpressionKind::Binary { operator, left, right } = &part.kind else { return };
        let test = match operator.value {
            BinaryOperator::Equal => "isnull",
            BinaryOperator::NotEqual => "isnotnull",
            _ => return,
        };
        if is_null(left) || is_null(right) {
            found.push(
                Diagnostic::warning(LINT.code, "nothing is equal to null, and nothing differs from it", Some(part.span))
                    .with_help(format!("`{test}(field)` asks whether the field is there")),
            );
        }
    });
}

fn is_null(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Field(field) => field.name.eq_ignore_ascii_case("null"),
        ExpressionKind::Call { name, arguments } => arguments.is_empty() && name.value.eq_ignore_ascii_case("null"),
        _ => false,
    }
}
