//! `where user="adm*"`: the star is a star there.

use spl_parser::Diagnostic;
use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/where-wildcard",
    summary: "* is no wildcard in where and eval, nor in like()",
    page: include_str!("../../../../docs/lints/where-wildcard.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::expression_parts(&subject.search.pipeline, &mut |part| match &part.kind {
        ExpressionKind::Binary { operator, right, .. } => match operator.value {
            BinaryOperator::Equal | BinaryOperator::NotEqual => compared(right, found),
            BinaryOperator::Like => liked(right, found),
            _ => {}
        },
        ExpressionKind::In { list, .. } => list.iter().for_each(|item| compared(item, found)),
        ExpressionKind::Call { name, arguments } if name.value.eq_ignore_ascii_case("like") => {
            arguments.iter().skip(1).for_each(|pattern| liked(pattern, found));
        }
        ExpressionKind::Call { name, arguments } if name.value.eq_ignore_ascii_case("in") => {
            arguments.iter().skip(1).for_each(|item| compared(item, found));
        }
        _ => {}
    });
}

/// A text with a star at one end or in the middle of a word.
fn has_star(expression: &Expression) -> Option<&str> {
    match &expression.kind {
        ExpressionKind::Text(text) if text.contains('*') && text.chars().any(char::is_alphanumeric) => Some(text),
        _ => None,
    }
}

fn compared(value: &Expression, found: &mut Vec<Diagnostic>) {
    if let Some(text) = has_star(value) {
        found.push(
            Diagnostic::warning(LINT.code, "`*` is compared as it is: where and eval have no wildcards", Some(value.span))
                .with_help(format!("like(field, \"{}\"), or the search command, which has wildcards", text.replace('*', "%"))),
        );
    }
}

fn liked(pattern: &Expression, found: &mut Vec<Diagnostic>) {
    if let Some(text) = has_star(pattern)
        && !text.contains('%')
    {
        found.push(
            Diagnostic::warning(LINT.code, "the wildcard of like() is %, `*` is compared as it is", Some(pattern.span))
                .with_help(format!("\"{}\"", text.replace('*', "%"))),
        );
    }
}
