//! `where "field"="value"`: both sides are texts.

use spl_parser::Diagnostic;
use spl_parser::syntax::{BinaryOperator, ExpressionKind};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/quoted-field",
    summary: "double quotes on both sides of a comparison: two texts are compared, no field",
    page: include_str!("../../../../docs/lints/quoted-field.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::expression_parts(&subject.search.pipeline, &mut |part| {
        let (text, span) = match &part.kind {
            ExpressionKind::Binary { operator, left, right } => {
                let compares = !matches!(
                    operator.value,
                    BinaryOperator::Add
                        | BinaryOperator::Subtract
                        | BinaryOperator::Multiply
                        | BinaryOperator::Divide
                        | BinaryOperator::Modulo
                        | BinaryOperator::Concatenate
                        | BinaryOperator::And
                        | BinaryOperator::Or
                        | BinaryOperator::Xor
                );
                match (&left.kind, &right.kind) {
                    (
                        ExpressionKind::Text(text),
                        ExpressionKind::Text(_) | ExpressionKind::Integer(_) | ExpressionKind::Float(_),
                    ) if compares => (text, left.span),
                    _ => return,
                }
            }
            ExpressionKind::In { operand, .. } => match &operand.kind {
                ExpressionKind::Text(text) => (text, operand.span),
                _ => return,
            },
            _ => return,
        };
        found.push(
            Diagnostic::warning(
                LINT.code,
                format!("\"{text}\" is a text, not a field: the comparison has one outcome for all rows"),
                Some(span),
            )
            .with_help(format!("a field with blanks or signs in its name is written in single quotes: '{text}'")),
        );
    });
}
