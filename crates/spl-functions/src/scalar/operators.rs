//! The operators of eval expressions: arithmetic, concatenation, comparison, exclusive or.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion_common::Result;
use hashbrown::HashSet;

use super::kernels::{boolean, conditions, float, of_number, of_two_numbers, text};
use super::{Call, FunctionSpec, Kernel, OPERATORS};
use crate::column::{Column, MOST_TEXT, ValueType};
use crate::value::{Value, compare, decimals_of_sum, parse_number, to_known_decimals, written_decimals};

/// The operators, which the planner calls by name.
pub const FUNCTIONS: &[FunctionSpec] = &[
    operator("spl_add", "<x> + <y>", "the sum of two numbers, or two texts joined", (2, Some(2)), add_type, add)
        .checked(check_add),
    operator("spl_subtract", "<x> - <y>", "the difference of two numbers", (2, Some(2)), float, |call| {
        of_two_numbers(call, |left, right| Some(left - right))
    })
    .checked(check_numbers),
    operator("spl_multiply", "<x> * <y>", "the product of two numbers", (2, Some(2)), float, |call| {
        of_two_numbers(call, |left, right| Some(left * right))
    })
    .checked(check_numbers),
    operator("spl_divide", "<x> / <y>", "the quotient of two numbers; null by zero", (2, Some(2)), float, |call| {
        of_two_numbers(call, |left, right| (right != 0.0).then(|| left / right))
    })
    .checked(check_numbers),
    operator("spl_modulo", "<x> % <y>", "the remainder of a division; null by zero", (2, Some(2)), float, |call| {
        of_two_numbers(call, |left, right| (right != 0.0).then(|| left % right))
    })
    .checked(check_numbers),
    operator("spl_negate", "-<x>", "the number with the other sign", (1, Some(1)), float, |call| {
        of_number(call, |number| -number)
    })
    .checked(check_numbers),
    operator("spl_concatenate", "<x> . <y>", "the texts joined; null when one is", (1, None), text, concatenate),
    operator("spl_equal", "<x> = <y>", "whether two values are equal", (2, Some(2)), boolean, |call| {
        comparison(call, Ordering::is_eq)
    }),
    operator("spl_not_equal", "<x> != <y>", "whether two values differ", (2, Some(2)), boolean, |call| {
        comparison(call, Ordering::is_ne)
    }),
    operator("spl_less", "<x> < <y>", "whether the first is less", (2, Some(2)), boolean, |call| {
        comparison(call, Ordering::is_lt)
    }),
    operator("spl_less_or_equal", "<x> <= <y>", "whether the first is not greater", (2, Some(2)), boolean, |call| {
        comparison(call, Ordering::is_le)
    }),
    operator("spl_greater", "<x> > <y>", "whether the first is greater", (2, Some(2)), boolean, |call| {
        comparison(call, Ordering::is_gt)
    }),
    operator("spl_greater_or_equal", "<x> >= <y>", "whether the first is not less", (2, Some(2)), boolean, |call| {
        comparison(call, Ordering::is_ge)
    }),
    operator("spl_in", "<x> IN (<literal>...)", "whether a value equals one of many literals", (2, Some(2)), boolean, is_in),
    operator("spl_xor", "<x> XOR <y>", "whether exactly one holds; null when one is", (2, Some(2)), boolean, |call| {
        conditions(call, |row| {
            Ok(match (call.value(0, row), call.value(1, row)) {
                (Value::Boolean(left), Value::Boolean(right)) => Some(left != right),
                _ => None,
            })
        })
    }),
    operator(
        "spl_round_decimals",
        "spl_round_decimals(<num>,<decimals>)",
        "the number with that many decimals: sums and differences under sigfig",
        (2, Some(2)),
        float,
        |call| of_two_numbers(call, |number, decimals| crate::value::round_decimals(number, decimals as i32)),
    ),
    operator(
        "spl_round_significant",
        "spl_round_significant(<num>,<digits>)",
        "the number with that many significant digits: products and quotients under sigfig",
        (2, Some(2)),
        float,
        |call| of_two_numbers(call, |number, digits| crate::value::round_significant(number, digits as i32)),
    ),
];

const fn operator(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arity: super::Arity,
    returns: fn(&[ValueType]) -> ValueType,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec::new(name, OPERATORS, syntax, summary, arity, returns, Kernel::Columns(kernel))
}

/// A sum as soon as one side is a number by type: the other must be one too, or the result is null.
fn add_type(types: &[ValueType]) -> ValueType {
    if types.iter().any(|value_type| value_type.is_number()) { ValueType::Float } else { ValueType::Text }
}

fn is_literal_text(value: &Option<Value<'_>>) -> bool {
    matches!(value, Some(Value::Text(_)))
}

fn is_literal_number(value: &Option<Value<'_>>) -> bool {
    matches!(value, Some(Value::Integer(_) | Value::Float(_)))
}

fn check_add(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    if arguments.iter().any(is_literal_text) && arguments.iter().any(is_literal_number) {
        return Err("+ takes two numbers or two strings, not one of each".to_owned());
    }
    Ok(())
}

fn check_numbers(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    match arguments.iter().flatten().find(|value| matches!(value, Value::Text(_) | Value::Boolean(_))) {
        Some(value) => Err(format!("arithmetic takes numbers, not the literal \"{}\"", value.text().unwrap_or_default())),
        None => Ok(()),
    }
}

fn add(call: &Call<'_>) -> Result<ArrayRef> {
    if call.returns == ValueType::Float {
        return of_two_numbers(call, |left, right| Some(left + right));
    }
    let mut built = call.builder();
    let mut joined = String::new();
    for row in 0..call.rows {
        let (left, right) = (call.value(0, row), call.value(1, row));
        match (left.number(), right.number()) {
            // Numbers that are texts are known to the decimals that they are written with.
            (Some(x), Some(y)) => {
                let known = decimals_of_sum([left, right].map(|side| side.text().and_then(|text| written_decimals(&text))));
                built.append(Value::Float(to_known_decimals(x + y, known)));
            }
            _ => {
                joined.clear();
                if left.write_text(&mut joined) && right.write_text(&mut joined) {
                    built.append_text(&joined);
                } else {
                    built.append_null();
                }
            }
        }
    }
    Ok(built.finish())
}

fn concatenate(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    let mut joined = String::new();
    for row in 0..call.rows {
        joined.clear();
        let fits = |joined: &String| joined.len() <= MOST_TEXT;
        if call.arguments.iter().all(|argument| fits(&joined) && argument.value(row).write_text(&mut joined)) {
            built.append_text(&joined);
        } else if fits(&joined) {
            built.append_null();
        } else {
            built.append_too_large();
        }
    }
    Ok(built.finish())
}

/// The numbers of a column that has them by type; those of absent values are arbitrary.
enum Numbers<'a> {
    Integers(&'a [i64]),
    Floats(&'a [f64]),
    Literal(f64),
}

impl<'a> Numbers<'a> {
    fn of(column: &'a Column) -> Option<(Self, Option<&'a NullBuffer>)> {
        match column {
            Column::Integer(array) => Some((Self::Integers(array.values()), array.nulls())),
            Column::Float(array) => Some((Self::Floats(array.values()), array.nulls())),
            Column::Literal(literal) => match literal.value(0) {
                Value::Integer(number) => Some((Self::Literal(number as f64), None)),
                Value::Float(number) => Some((Self::Literal(number), None)),
                _ => None,
            },
            _ => None,
        }
    }

    fn get(&self, row: usize) -> f64 {
        match self {
            Self::Integers(numbers) => numbers[row] as f64,
            Self::Floats(numbers) => numbers[row],
            Self::Literal(number) => *number,
        }
    }
}

/// Whether a value equals, as [`compare`] says, one of the texts of a literal list; null for null. With several values any of them may.
fn is_in(call: &Call<'_>) -> Result<ArrayRef> {
    let literals = call.value(1, 0).each_text();
    let (mut numbers, mut texts) = (HashSet::new(), HashSet::new());
    for literal in &literals {
        match parse_number(literal) {
            // Both zeros are equal.
            Some(number) => numbers.insert((number + 0.0).to_bits()),
            None => texts.insert(literal.as_ref()),
        };
    }
    let found = |value: Value<'_>| match value.number() {
        Some(number) => numbers.contains(&(number + 0.0).to_bits()),
        None => value.text().is_some_and(|text| texts.contains(text.as_ref())),
    };
    conditions(call, |row| {
        Ok(match call.value(0, row) {
            Value::Null => None,
            Value::Multivalue(values) => Some(values.iter().any(|value| found(Value::Text(value)))),
            value => Some(found(value)),
        })
    })
}

/// Compares row by row as [`compare`] does; with several values on a side it holds as soon as one of them satisfies it.
fn comparison(call: &Call<'_>, holds: fn(Ordering) -> bool) -> Result<ArrayRef> {
    if let [left, right] = call.arguments {
        if let (Some((left, left_nulls)), Some((right, right_nulls))) = (Numbers::of(left), Numbers::of(right)) {
            let nulls = NullBuffer::union(left_nulls, right_nulls);
            let values =
                BooleanBuffer::collect_bool(call.rows, |row| left.get(row).partial_cmp(&right.get(row)).is_some_and(holds));
            return Ok(Arc::new(BooleanArray::new(values, nulls)));
        }
        // A literal that is no number compares as text with every text, so that none of them needs to be parsed.
        let text_of = |column: &Column| match column.literal() {
            Some(Value::Text(text)) if parse_number(text).is_none() => Some(text.to_owned()),
            _ => None,
        };
        if let (Column::Text(texts), Some(literal)) = (left, text_of(right)) {
            let values = BooleanBuffer::collect_bool(call.rows, |row| {
                texts.is_valid(row) && holds(texts.value(row).cmp(literal.as_str()))
            });
            return Ok(Arc::new(BooleanArray::new(values, texts.nulls().cloned())));
        }
    }
    conditions(call, |row| {
        let (left, right) = (call.value(0, row), call.value(1, row));
        Ok(match (left, right) {
            (Value::Null, _) | (_, Value::Null) => None,
            (Value::Multivalue(lefts), Value::Multivalue(rights)) => {
                Some(lefts.iter().any(|left| rights.iter().any(|right| satisfies(Value::Text(left), Value::Text(right), holds))))
            }
            (Value::Multivalue(lefts), right) => Some(lefts.iter().any(|left| satisfies(Value::Text(left), right, holds))),
            (left, Value::Multivalue(rights)) => Some(rights.iter().any(|right| satisfies(left, Value::Text(right), holds))),
            (left, right) => compare(left, right).map(holds),
        })
    })
}

fn satisfies(left: Value<'_>, right: Value<'_>, holds: fn(Ordering) -> bool) -> bool {
    compare(left, right).is_some_and(holds)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::testing::{boolean, check, evaluate, integer, null, number, one, text, texts, values};
    use super::*;

    #[test]
    fn plus_adds_numbers_and_joins_texts() {
        assert_eq!(one("spl_add", &[integer(1), number(2.5)]), "3.5");
        assert_eq!(one("spl_add", &[text("5"), text("6")]), "11");
        assert_eq!(one("spl_add", &[text("ab"), text("cd")]), "abcd");
        assert_eq!(one("spl_add", &[text("5"), text("x")]), "5x");
        assert_eq!(one("spl_add", &[integer(5), text("x")]), "null");
        assert_eq!(one("spl_add", &[text("x"), null()]), "null");
        assert!(check("spl_add", &[Some(Value::Integer(1)), Some(Value::Text("a"))]).is_err());
        assert!(check("spl_add", &[None, Some(Value::Text("a"))]).is_ok());
    }

    #[test]
    fn arithmetic() {
        assert_eq!(one("spl_divide", &[integer(1), integer(3)]), "0.3333333333333333");
        assert_eq!(one("spl_divide", &[integer(5), integer(0)]), "null");
        assert_eq!(one("spl_modulo", &[integer(7), integer(3)]), "1");
        assert_eq!(one("spl_modulo", &[integer(7), integer(0)]), "null");
        assert_eq!(one("spl_multiply", &[text("5"), text("6")]), "30");
        assert_eq!(one("spl_subtract", &[text("a"), integer(6)]), "null");
        assert_eq!(one("spl_negate", &[text("5")]), "-5");
        assert!(check("spl_multiply", &[Some(Value::Text("a")), None]).is_err());
    }

    #[test]
    fn one_of_many_literals() {
        let literals = values(&["5", "abc", "-0"]);
        for (value, expected) in [
            (text("abc"), "True"),
            (text("ABC"), "False"),
            (text("5.0"), "True"),
            (integer(5), "True"),
            (number(0.0), "True"),
            (number(0.5), "False"),
            (values(&["x", "abc"]), "True"),
            (null(), "null"),
        ] {
            assert_eq!(one("spl_in", &[value.clone(), literals.clone()]), expected, "{value:?}");
        }
    }

    #[test]
    fn concatenation_prints_numbers() {
        assert_eq!(one("spl_concatenate", &[text("n="), integer(5), number(2.50)]), "n=52.5");
        assert_eq!(one("spl_concatenate", &[text("n="), null()]), "null");
    }

    #[test]
    fn comparisons() {
        for (left, name, right, expected) in [
            (text("10"), "spl_greater", integer(9), "True"),
            (text("10"), "spl_greater", text("9"), "True"),
            (text("b"), "spl_greater", text("a"), "True"),
            (text("Alice"), "spl_equal", text("alice"), "False"),
            (integer(200), "spl_equal", text("200"), "True"),
            (integer(200), "spl_equal", text("OK"), "False"),
            (integer(200), "spl_not_equal", text("OK"), "True"),
            (null(), "spl_equal", text("x"), "null"),
            (null(), "spl_not_equal", text("x"), "null"),
            (integer(1), "spl_less_or_equal", number(1.0), "True"),
            (values(&["a", "b"]), "spl_equal", text("b"), "True"),
            (values(&["a", "b"]), "spl_equal", text("c"), "False"),
            (boolean(true), "spl_xor", boolean(false), "True"),
            (boolean(true), "spl_xor", boolean(true), "False"),
            (boolean(true), "spl_xor", null(), "null"),
        ] {
            assert_eq!(one(name, &[left.clone(), right.clone()]), expected, "{left:?} {name} {right:?}");
        }
        let column = texts(&[Some("a"), None, Some("b")]);
        assert_eq!(evaluate("spl_equal", &[column, text("b")]).unwrap(), [Some("False".into()), None, Some("True".into())]);
    }
}
