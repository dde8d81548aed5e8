//! `a!=1 OR a!=2`: true whatever `a` is.

use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, SearchExpression, SearchKind, SearchOperator};
use spl_parser::{Diagnostic, Span};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/always-true",
    summary: "`a!=1 OR a!=2` is true for every value of a",
    page: include_str!("../../../../docs/lints/always-true.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::search_conditions(&subject.search.pipeline, &mut |part, _| {
        if let SearchKind::Or(parts) = &part.kind {
            let unequal: Vec<(String, String, Span)> = parts.iter().filter_map(unequal).collect();
            report(&unequal, found);
        }
    });
    walk::expression_parts(&subject.search.pipeline, &mut |part| {
        if let ExpressionKind::Binary { operator, left, right } = &part.kind
            && operator.value == BinaryOperator::Or
        {
            let mut unequal = Vec::new();
            collect(left, &mut unequal);
            // The left side reports its own pairs.
            let inside = unequal.len();
            collect(right, &mut unequal);
            if unequal.len() > inside && inside <= 1 || inside == 0 {
                report(&unequal, found);
            }
        }
    });
}

/// Field, value and place of `field!=value`.
fn unequal(part: &SearchExpression) -> Option<(String, String, Span)> {
    let SearchKind::Comparison { field, operator, value } = &part.kind else { return None };
    let literal = value.pattern.as_literal()?;
    (operator.value == SearchOperator::NotEqual).then(|| (field.name.clone(), literal.to_lowercase(), part.span))
}

fn collect(expression: &Expression, unequal: &mut Vec<(String, String, Span)>) {
    let ExpressionKind::Binary { operator, left, right } = &expression.kind else { return };
    match (operator.value, &left.kind, &right.kind) {
        (BinaryOperator::Or, ..) => {
            collect(left, unequal);
            collect(right, unequal);
        }
        (BinaryOperator::NotEqual, ExpressionKind::Field(field), ExpressionKind::Text(value)) => {
            unequal.push((field.name.clone(), value.clone(), expression.span));
        }
        (BinaryOperator::NotEqual, ExpressionKind::Field(field), ExpressionKind::Integer(value)) => {
            unequal.push((field.name.clone(), value.to_string(), expression.span));
        }
        _ => {}
    }
}

fn report(unequal: &[(String, String, Span)], found: &mut Vec<Diagnostic>) {
    for (position, (field, value, span)) in unequal.iter().enumerate() {
        let other = unequal[..position].iter().find(|(known, other, _)| known == field && other != value);
        if let Some((_, _, first)) = other {
            let message = format!("every value of `{field}` differs from one of the two");
            let warning = Diagnostic::warning(LINT.code, message, Some(first.to(*span)));
            found
                .push(warning.with_help(format!(
                    "to leave out both values, join the comparisons with AND, or write NOT {field} IN (...)"
                )));
            return;
        }
    }
}
