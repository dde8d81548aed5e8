//! Statistical functions of eval (Splunk search reference, Statistical eval functions): over the arguments of one
//! event, and over each of several values of a field.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::kernels::{float, integer, integers, numbers};
use super::mathematical::{check_no_literal_text, total};
use super::{Call, FunctionSpec, Kernel};
use crate::column::ValueType;
use crate::value::{Value, sort_order};

const CATEGORY: &str = "Statistical eval functions";

/// The statistical functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    FunctionSpec::new(
        "avg",
        CATEGORY,
        "avg(<values>)",
        "the average of the arguments and of their several values; what is no number is left out",
        (1, None),
        float,
        Kernel::Columns(|call| numbers(call, |row| total(call, row).map(|(sum, count)| sum / count as f64))),
    )
    .checked(check_no_literal_text),
    FunctionSpec::new(
        "max",
        CATEGORY,
        "max(<values>)",
        "the largest value; texts are larger than numbers, null is left out",
        (1, None),
        extreme_type,
        Kernel::Columns(|call| extreme(call, true)),
    ),
    FunctionSpec::new(
        "min",
        CATEGORY,
        "min(<values>)",
        "the smallest value; texts are larger than numbers, null is left out",
        (1, None),
        extreme_type,
        Kernel::Columns(|call| extreme(call, false)),
    ),
    FunctionSpec::new(
        "random",
        CATEGORY,
        "random()",
        "a pseudo-random whole number from 0 to 2147483647",
        (0, Some(0)),
        integer,
        Kernel::Volatile(random),
    ),
];

fn extreme_type(types: &[ValueType]) -> ValueType {
    types.iter().copied().fold(ValueType::Null, |common, value_type| match value_type {
        ValueType::Multivalue => common.common(ValueType::Text),
        other => common.common(other),
    })
}

fn extreme(call: &Call<'_>, largest: bool) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let mut best = Value::Null;
        for argument in call.arguments {
            match argument.value(row) {
                Value::Multivalue(values) => {
                    for value in values.iter().map(Value::Text) {
                        best = better(best, value, largest);
                    }
                }
                value => best = better(best, value, largest),
            }
        }
        built.append(best);
    }
    Ok(built.finish())
}

fn better<'a>(best: Value<'a>, value: Value<'a>, largest: bool) -> Value<'a> {
    if value.is_null() || best.is_null() {
        return if value.is_null() { best } else { value };
    }
    let order = sort_order(value, best);
    if if largest { order.is_gt() } else { order.is_lt() } { value } else { best }
}

/// Each batch starts from a seed of the operating system; the rows follow by SplitMix64.
fn random(call: &Call<'_>) -> Result<ArrayRef> {
    let mut state = RandomState::new().hash_one(call.rows);
    integers(call, |_| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Some(((mixed ^ (mixed >> 31)) >> 33) as i64)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::testing::{check, evaluate, integer, null, number, one, text, values};
    use super::*;

    #[test]
    fn extremes_put_texts_above_numbers() {
        assert_eq!(one("max", &[integer(1), integer(7), text("foo"), text("zaz")]), "zaz");
        assert_eq!(one("max", &[integer(1), integer(7), text("foo"), text("baz")]), "foo");
        assert_eq!(one("min", &[integer(3), integer(6), text("maria"), text("9")]), "3");
        assert_eq!(one("min", &[integer(3), text("maria"), text("1")]), "1");
        assert_eq!(one("max", &[values(&["1", "3", "5", "6", "10", "2"])]), "10");
        assert_eq!(one("min", &[values(&["3", "5", "2"]), integer(4)]), "2");
        assert_eq!(one("max", &[null(), integer(2)]), "2");
        assert_eq!(one("max", &[null()]), "null");
        assert_eq!(one("max", &[integer(2), number(2.5)]), "2.5");
    }

    #[test]
    fn averages() {
        assert_eq!(one("avg", &[integer(1), integer(2), integer(3)]), "2");
        assert_eq!(one("avg", &[number(5.0), text("9"), null()]), "7");
        assert_eq!(one("avg", &[text("somedata"), integer(2), integer(3)]), "2.5");
        assert_eq!(one("avg", &[values(&["1", "2", "3", "x"])]), "2");
        assert_eq!(one("avg", &[text("x")]), "null");
        assert!(check("avg", &[Some(Value::Text("x"))]).is_err());
    }

    #[test]
    fn random_numbers_are_in_range() {
        for _ in 0..100 {
            let value: i64 = evaluate("random", &[]).unwrap().remove(0).unwrap().parse().unwrap();
            assert!((0..=2_147_483_647).contains(&value));
        }
    }
}
