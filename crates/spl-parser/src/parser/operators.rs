//! Precedence of eval's operators and the shape of long chains, shared by parser and printer.

use crate::syntax::{BinaryOperator, Expression, ExpressionKind};

/// Precedence of `NOT`, between `AND` and the comparisons.
pub const NOT: u8 = 4;
/// Precedence of the comparisons, `LIKE` and `IN`.
pub const COMPARISON: u8 = 5;
/// Precedence of unary `-` and `+`.
pub const SIGN: u8 = 9;
/// Chains of `AND`, `OR`, `XOR` with more members become balanced trees, so that depth does not grow with length.
pub const CHAIN_LIMIT: usize = 32;

/// How tightly an infix operator binds: the higher, the tighter.
pub fn precedence(operator: BinaryOperator) -> u8 {
    match operator {
        BinaryOperator::Xor => 1,
        BinaryOperator::Or => 2,
        BinaryOperator::And => 3,
        BinaryOperator::Equal
        | BinaryOperator::NotEqual
        | BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual
        | BinaryOperator::Like => COMPARISON,
        BinaryOperator::Concatenate => 6,
        BinaryOperator::Add | BinaryOperator::Subtract => 7,
        BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo => 8,
    }
}

/// How many of a balanced chain's members stand left of its topmost operator.
pub fn members_on_the_left(members: usize) -> usize {
    members.div_ceil(2)
}

/// Whether a node joins `members` operands with one operator exactly as the parser balances them.
pub fn has_balanced_shape(operator: BinaryOperator, node: &Expression, members: usize) -> bool {
    match &node.kind {
        ExpressionKind::Binary { operator: inner, left, right } if inner.value == operator && members > 1 => {
            let on_the_left = members_on_the_left(members);
            has_balanced_shape(operator, left, on_the_left) && has_balanced_shape(operator, right, members - on_the_left)
        }
        ExpressionKind::Binary { operator: inner, .. } if inner.value == operator => false,
        _ => members == 1,
    }
}
