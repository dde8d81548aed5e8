//! The precision of numbers in calculations, which the planner computes beside their values; the rules are those of [`crate::value`].
//!
//! Decimals are a whole number per row; null means that the number is exact.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::kernels::{float, integer, integers, numbers, text};
use super::{Call, FunctionSpec, Kernel, OPERATORS};
use crate::column::{ColumnBuilder, ValueType};
use crate::value::{
    Value, decimals_of_product, decimals_of_sum, printed_decimals, to_known_decimals, write_decimals, written_decimals,
};

/// What the planner calls by name.
pub const FUNCTIONS: &[FunctionSpec] = &[
    operator(
        "spl_decimals",
        "spl_decimals(<num>)",
        "the decimals that a number is written with; null when it is whole, and so exact",
        1,
        integer,
        decimals,
    ),
    operator(
        "spl_decimals_of_product",
        "spl_decimals_of_product(<product>,<x>,<decimals of x>,<y>,<decimals of y>)",
        "the decimals that a product or quotient is known to; null when both operands are exact",
        5,
        integer,
        |call| {
            integers(call, |row| {
                let operand = |at: usize| Some((call.value(at, row).number()?, known(call, at + 1, row)));
                decimals_of_product(call.value(0, row).number()?, [operand(1)?, operand(3)?])
            })
        },
    ),
    operator(
        "spl_decimals_of_sum",
        "spl_decimals_of_sum(<decimals of x>,<decimals of y>)",
        "the decimals that a sum or difference is known to; null when both operands are exact",
        2,
        integer,
        |call| integers(call, |row| decimals_of_sum([known(call, 0, row), known(call, 1, row)])),
    ),
    operator(
        "spl_to_known_decimals",
        "spl_to_known_decimals(<num>,<decimals>)",
        "the number with the decimals that it is known to; as it is when it is exact",
        2,
        float,
        |call| numbers(call, |row| Some(to_known_decimals(call.value(0, row).number()?, known(call, 1, row)))),
    ),
    operator(
        "spl_with_decimals",
        "spl_with_decimals(<num>,<decimals>)",
        "the text of a number with exactly so many decimals, zeros among them: what round gives",
        2,
        text,
        with_decimals,
    ),
];

const fn operator(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arguments: usize,
    returns: fn(&[ValueType]) -> ValueType,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec::new(name, OPERATORS, syntax, summary, (arguments, Some(arguments)), returns, Kernel::Columns(kernel))
}

/// Decimals that another of these functions gave; none = exact.
fn known(call: &Call<'_>, argument: usize, row: usize) -> Option<i64> {
    match call.value(argument, row) {
        Value::Integer(decimals) => Some(decimals),
        _ => None,
    }
}

fn decimals(call: &Call<'_>) -> Result<ArrayRef> {
    let mut scratch = String::new();
    integers(call, |row| match call.value(0, row) {
        Value::Text(text) => written_decimals(text),
        Value::Float(number) => printed_decimals(number, &mut scratch),
        Value::Multivalue(values) if values.len() == 1 => values.get(0).and_then(written_decimals),
        _ => None,
    })
}

fn with_decimals(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    let mut written = String::new();
    for row in 0..call.rows {
        match call.value(0, row).number() {
            None => built.append_null(),
            Some(number) => {
                written.clear();
                write_decimals(number, known(call, 1, row), &mut written);
                built.append_text(&written);
            }
        }
    }
    Ok(built.finish())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{integer, null, number, one, text, values};

    #[test]
    fn precision_travels_beside_values() {
        assert_eq!(one("spl_decimals", &[text("0.230")]), "3");
        assert_eq!(one("spl_decimals", &[number(0.23)]), "2");
        assert_eq!(one("spl_decimals", &[integer(5)]), "null");
        assert_eq!(one("spl_decimals", &[values(&["1.5"])]), "1");
        assert_eq!(one("spl_decimals", &[text("x")]), "null");
        let product = [number(0.00322), text("0.014"), integer(3), text("0.23"), integer(2)];
        assert_eq!(one("spl_decimals_of_product", &product), "4");
        let whole = [number(12.0), integer(3), null(), integer(4), null()];
        assert_eq!(one("spl_decimals_of_product", &whole), "null");
        assert_eq!(one("spl_decimals_of_sum", &[integer(1), null()]), "1");
        assert_eq!(one("spl_to_known_decimals", &[number(0.00322), integer(4)]), "0.0032");
        assert_eq!(one("spl_to_known_decimals", &[number(2150.4), integer(-2)]), "2150");
        assert_eq!(one("spl_to_known_decimals", &[number(0.25), null()]), "0.25");
        assert_eq!(one("spl_to_known_decimals", &[null(), integer(1)]), "null");
    }

    #[test]
    fn rounded_numbers_keep_their_zeros() {
        assert_eq!(one("spl_with_decimals", &[number(50.0), integer(1)]), "50.0");
        assert_eq!(one("spl_with_decimals", &[number(2.5), null()]), "2.5");
        assert_eq!(one("spl_with_decimals", &[null(), integer(1)]), "null");
    }
}
