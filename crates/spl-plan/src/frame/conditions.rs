//! Conditions joined and negated, with constants settled.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit, not};

/// Whether a condition never holds.
pub fn is_false(condition: &Expr) -> bool {
    matches!(condition, Expr::Literal(ScalarValue::Boolean(Some(false)), _))
}

fn is_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Literal(ScalarValue::Boolean(Some(true)), _))
}

/// Both conditions; constants are settled.
pub fn and(left: Expr, right: Expr) -> Expr {
    if is_false(&left) || is_true(&right) {
        left
    } else if is_false(&right) || is_true(&left) {
        right
    } else {
        left.and(right)
    }
}

/// Either condition; constants are settled.
pub fn or(left: Expr, right: Expr) -> Expr {
    if is_true(&left) || is_false(&right) {
        left
    } else if is_true(&right) || is_false(&left) || left == right {
        right
    } else {
        left.or(right)
    }
}

/// The opposite of a condition that is never null; constants are settled.
pub fn negate(condition: Expr) -> Expr {
    if is_true(&condition) {
        lit(false)
    } else if is_false(&condition) {
        lit(true)
    } else {
        not(condition)
    }
}

/// Joins conditions in a tree of logarithmic depth: a list of a subsearch may have thousands.
pub fn balanced(mut conditions: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Option<Expr> {
    while conditions.len() > 1 {
        let mut next = Vec::with_capacity(conditions.len().div_ceil(2));
        let mut pairs = conditions.into_iter();
        while let Some(left) = pairs.next() {
            next.push(match pairs.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        conditions = next;
    }
    conditions.pop()
}
