//! Eval expressions with as few parentheses as precedence allows.

use super::{command, names};
use crate::parser::operators::{self, CHAIN_LIMIT, COMPARISON, NOT, SIGN, precedence};
use crate::syntax::{Assignment, BinaryOperator, Expression, ExpressionKind, UnaryOperator};

/// `target=expression`.
pub fn assignment(output: &mut String, assignment: &Assignment) {
    names::field(output, &assignment.target);
    output.push('=');
    expression(output, &assignment.expression, 0);
}

/// An expression; in parentheses when it binds less tightly than `minimum`.
pub fn expression(output: &mut String, node: &Expression, minimum: u8) {
    let level = level(node);
    if level < minimum {
        output.push('(');
        expression(output, node, 0);
        output.push(')');
        return;
    }
    match &node.kind {
        ExpressionKind::Integer(value) => output.push_str(&value.to_string()),
        ExpressionKind::Float(value) => output.push_str(&format!("{value:?}")),
        ExpressionKind::Text(text) => names::quoted(output, text),
        ExpressionKind::Field(field) => names::field(output, field),
        ExpressionKind::Unary { operator, operand } => unary(output, *operator, operand),
        ExpressionKind::Binary { operator, left, right } => binary(output, operator.value, node, left, right),
        ExpressionKind::In { operand, list } => {
            expression(output, operand, COMPARISON);
            output.push_str(" IN (");
            expressions(output, list);
            output.push(')');
        }
        ExpressionKind::Call { name, arguments } => {
            output.push_str(&name.value);
            output.push('(');
            expressions(output, arguments);
            output.push(')');
        }
        ExpressionKind::Subsearch(subsearch) => command::subsearch(output, subsearch),
    }
}

fn expressions(output: &mut String, list: &[Expression]) {
    for (at, member) in list.iter().enumerate() {
        if at > 0 {
            output.push_str(", ");
        }
        expression(output, member, 0);
    }
}

fn level(node: &Expression) -> u8 {
    match &node.kind {
        ExpressionKind::Binary { operator, .. } => precedence(operator.value),
        ExpressionKind::In { .. } => COMPARISON,
        ExpressionKind::Unary { operator: UnaryOperator::Not, .. } => NOT,
        ExpressionKind::Unary { .. } => SIGN,
        _ => u8::MAX,
    }
}

fn unary(output: &mut String, operator: UnaryOperator, operand: &Expression) {
    match operator {
        UnaryOperator::Not => {
            output.push_str("NOT ");
            expression(output, operand, NOT);
        }
        UnaryOperator::Minus => {
            output.push('-');
            expression(output, operand, SIGN);
        }
        UnaryOperator::Plus => {
            output.push('+');
            expression(output, operand, SIGN);
        }
    }
}

fn binary(output: &mut String, operator: BinaryOperator, node: &Expression, left: &Expression, right: &Expression) {
    let level = precedence(operator);
    if let Some(members) = long_chain(operator, node) {
        for (at, member) in members.into_iter().enumerate() {
            if at > 0 {
                output.push_str(symbol(operator));
            }
            expression(output, member, level + 1);
        }
        return;
    }
    // A short chain is nested to the left; anything balanced keeps its shape through parentheses on the right.
    expression(output, left, if balanced_inside(operator, left) { level + 1 } else { level });
    output.push_str(symbol(operator));
    expression(output, right, level + 1);
}

/// A left operand that would be printed as a long chain must not melt into this one.
fn balanced_inside(operator: BinaryOperator, left: &Expression) -> bool {
    matches!(&left.kind, ExpressionKind::Binary { operator: inner, .. } if inner.value == operator)
        && long_chain(operator, left).is_some()
}

/// The members of a chain that the parser balances, when the node has exactly that shape.
fn long_chain(operator: BinaryOperator, node: &Expression) -> Option<Vec<&Expression>> {
    if !matches!(operator, BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor) {
        return None;
    }
    let mut members = Vec::new();
    flatten(operator, node, &mut members);
    (members.len() > CHAIN_LIMIT && operators::has_balanced_shape(operator, node, members.len())).then_some(members)
}

fn flatten<'a>(operator: BinaryOperator, node: &'a Expression, members: &mut Vec<&'a Expression>) {
    match &node.kind {
        ExpressionKind::Binary { operator: inner, left, right } if inner.value == operator => {
            flatten(operator, left, members);
            flatten(operator, right, members);
        }
        _ => members.push(node),
    }
}

fn symbol(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::Concatenate => " . ",
        BinaryOperator::Equal => "=",
        BinaryOperator::NotEqual => "!=",
        BinaryOperator::Less => "<",
        BinaryOperator::LessOrEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterOrEqual => ">=",
        BinaryOperator::Like => " LIKE ",
        BinaryOperator::And => " AND ",
        BinaryOperator::Or => " OR ",
        BinaryOperator::Xor => " XOR ",
    }
}
