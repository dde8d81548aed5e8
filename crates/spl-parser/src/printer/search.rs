//! Search expressions; `OR` inside `AND` always in parentheses, so that no reader has to know which binds tighter.

use super::{command, names};
use crate::syntax::{Directive, SearchExpression, SearchKind, SearchOperator, SearchValue};

/// A whole expression, `*` when it matches everything.
pub fn whole(output: &mut String, expression: &SearchExpression) {
    match &expression.kind {
        SearchKind::And(operands) if operands.is_empty() => output.push('*'),
        _ => operand(output, expression, false),
    }
}

fn operand(output: &mut String, expression: &SearchExpression, inside: bool) {
    match &expression.kind {
        SearchKind::And(operands) if operands.is_empty() => output.push_str("()"),
        SearchKind::And(operands) => joined(output, operands, " ", inside),
        SearchKind::Or(operands) => joined(output, operands, " OR ", inside),
        SearchKind::Not(inner) => {
            output.push_str("NOT ");
            operand(output, inner, true);
        }
        SearchKind::Comparison { field, operator, value } => {
            names::field(output, field);
            output.push_str(symbol(operator.value));
            search_value(output, value);
        }
        SearchKind::SubsearchComparison { field, operator, subsearch } => {
            names::field(output, field);
            output.push_str(symbol(operator.value));
            command::subsearch(output, subsearch);
        }
        SearchKind::In { field, values } => {
            names::field(output, field);
            output.push_str(" IN (");
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    output.push_str(", ");
                }
                search_value(output, value);
            }
            output.push(')');
        }
        SearchKind::Term(value) => search_value(output, value),
        SearchKind::TimeModifier { name, value } => {
            output.push_str(&name.value);
            output.push('=');
            names::word(output, &value.value);
        }
        SearchKind::Subsearch(subsearch) => command::subsearch(output, subsearch),
    }
}

fn joined(output: &mut String, operands: &[SearchExpression], separator: &str, inside: bool) {
    if inside {
        output.push('(');
    }
    for (at, member) in operands.iter().enumerate() {
        if at > 0 {
            output.push_str(separator);
        }
        operand(output, member, true);
    }
    if inside {
        output.push(')');
    }
}

fn search_value(output: &mut String, value: &SearchValue) {
    match value.directive {
        Directive::None => {}
        Directive::Term => output.push_str("TERM("),
        Directive::Case => output.push_str("CASE("),
    }
    if value.quoted {
        output.push('"');
        names::pattern(output, &value.pattern, true);
        output.push('"');
    } else {
        names::pattern(output, &value.pattern, false);
    }
    if value.directive != Directive::None {
        output.push(')');
    }
}

fn symbol(operator: SearchOperator) -> &'static str {
    match operator {
        SearchOperator::Equal => "=",
        SearchOperator::NotEqual => "!=",
        SearchOperator::Less => "<",
        SearchOperator::LessOrEqual => "<=",
        SearchOperator::Greater => ">",
        SearchOperator::GreaterOrEqual => ">=",
    }
}
