//! Conditions joined and negated, with constants settled.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit, not};

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

/// How many conditions must all be met: those of an AND, and those of an OR below a NOT.
pub fn conjuncts(condition: &Expr) -> usize {
    fn count(condition: &Expr, negated: bool) -> usize {
        match condition {
            Expr::Not(inner) => count(inner, !negated),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if *op == if negated { Operator::Or } else { Operator::And } => {
                count(left, negated) + count(right, negated)
            }
            _ => 1,
        }
    }
    count(condition, false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use datafusion::prelude::col;

    use super::*;

    #[test]
    fn conditions_that_must_all_be_met_are_counted() {
        let some = || (0..5).map(|place| col(format!("c{place}")).is_not_null()).collect::<Vec<_>>();
        assert_eq!(conjuncts(&balanced(some(), and).unwrap()), 5);
        assert_eq!(conjuncts(&balanced(some(), or).unwrap()), 1);
        assert_eq!(conjuncts(&not(balanced(some(), or).unwrap())), 5);
        assert_eq!(conjuncts(&not(balanced(some(), and).unwrap())), 1);
        assert_eq!(conjuncts(&not(not(balanced(some(), and).unwrap()))), 5);
    }
}
