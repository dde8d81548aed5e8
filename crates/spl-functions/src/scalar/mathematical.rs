//! Mathematical functions of eval (Splunk search reference, Mathematical functions).
//!
//! What is no number gives null. Results outside the real numbers are `nan`, `inf` and `-inf`, as documented for eval.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::kernels::{float, numbers, of_number, of_two_numbers};
use super::{Call, FunctionSpec, Kernel};
use crate::column::ValueType;
use crate::value::{Value, parse_number, round_decimals};

const CATEGORY: &str = "Mathematical functions";

/// The mathematical functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    row("abs", "abs(<num>)", "the absolute value", (1, Some(1)), |call| of_number(call, f64::abs)),
    row("ceiling", "ceiling(<num>)", "the number rounded up", (1, Some(1)), |call| of_number(call, f64::ceil)),
    row("ceil", "ceil(<num>)", "the number rounded up; the same as ceiling", (1, Some(1)), |call| of_number(call, f64::ceil)),
    row("exact", "exact(<expression>)", "the number with all its digits", (1, Some(1)), |call| of_number(call, |number| number)),
    row("exp", "exp(<num>)", "e to the power of the number", (1, Some(1)), |call| of_number(call, f64::exp)),
    row("floor", "floor(<num>)", "the number rounded down", (1, Some(1)), |call| of_number(call, f64::floor)),
    row("ln", "ln(<num>)", "the natural logarithm", (1, Some(1)), |call| of_number(call, f64::ln)),
    row("log", "log(<num>,<base>)", "the logarithm; to base 10 when none is given", (1, Some(2)), log),
    row("pi", "pi()", "the constant pi to 11 decimals", (0, Some(0)), |call| numbers(call, |_| Some(PI))),
    row("pow", "pow(<num>,<exp>)", "the number to the power of the exponent", (2, Some(2)), |call| {
        of_two_numbers(call, |number, exponent| Some(number.powf(exponent)))
    }),
    row(
        "round",
        "round(<num>,<precision>)",
        "the number rounded to that many decimals, halves away from zero; to a whole number when none is given",
        (1, Some(2)),
        round,
    )
    .checked(check_round),
    row(
        "sigfig",
        "sigfig(<num>)",
        "the number rounded to the significant figures of the calculation that yields it",
        (1, Some(1)),
        |call| of_number(call, |number| number),
    ),
    row("sqrt", "sqrt(<num>)", "the square root", (1, Some(1)), |call| of_number(call, f64::sqrt)),
    row(
        "sum",
        "sum(<num>,...)",
        "the sum of the arguments and of their several values; what is no number is left out",
        (1, None),
        |call| numbers(call, |row| total(call, row).map(|(sum, _)| sum)),
    )
    .checked(check_no_literal_text),
];

/// As Splunk's documentation gives it: to 11 digits.
#[allow(clippy::approx_constant)]
const PI: f64 = 3.14159265359;

const fn row(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arity: super::Arity,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec::new(name, CATEGORY, syntax, summary, arity, float as fn(&[ValueType]) -> ValueType, Kernel::Columns(kernel))
}

/// The sum of all numbers among a row's arguments, and how many there are; none when there is none.
pub(super) fn total(call: &Call<'_>, row: usize) -> Option<(f64, usize)> {
    let (mut sum, mut count) = (0.0, 0);
    let mut add = |number: Option<f64>| {
        if let Some(number) = number {
            sum += number;
            count += 1;
        }
    };
    for argument in call.arguments {
        match argument.value(row) {
            Value::Multivalue(values) => values.iter().for_each(|value| add(parse_number(value))),
            value => add(value.number()),
        }
    }
    (count > 0).then_some((sum, count))
}

/// A quoted string that is no number is an error among the arguments of `sum` and `avg`; apps quote numbers.
pub(super) fn check_no_literal_text(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    match arguments.iter().flatten().find(|value| matches!(value, Value::Text(_)) && value.number().is_none()) {
        Some(value) => {
            Err(format!("the string \"{}\" is no number; tonumber() makes one of it", value.text().unwrap_or_default()))
        }
        None => Ok(()),
    }
}

fn log(call: &Call<'_>) -> Result<ArrayRef> {
    if !call.has(1) {
        return of_number(call, f64::log10);
    }
    of_two_numbers(call, |number, base| {
        Some(match base {
            2.0 => number.log2(),
            10.0 => number.log10(),
            base => number.ln() / base.ln(),
        })
    })
}

fn check_round(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    match arguments.get(1).copied().flatten().and_then(|value| value.number()) {
        Some(precision) if precision < 0.0 => Err("round takes no negative number of decimals".to_owned()),
        _ => Ok(()),
    }
}

fn round(call: &Call<'_>) -> Result<ArrayRef> {
    if !call.has(1) {
        return of_number(call, f64::round);
    }
    of_two_numbers(call, |number, decimals| round_decimals(number, decimals.clamp(-1.0, 400.0) as i32))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::testing::{check, integer, null, number, one, text, values};
    use super::*;

    #[test]
    fn simple_functions() {
        assert_eq!(one("abs", &[number(-1.5)]), "1.5");
        assert_eq!(one("ceil", &[number(1.9)]), "2");
        assert_eq!(one("ceiling", &[number(-0.5)]), "0");
        assert_eq!(one("floor", &[number(-1.1)]), "-2");
        assert_eq!(one("sqrt", &[text("9")]), "3");
        assert_eq!(one("sqrt", &[integer(-1)]), "nan");
        assert_eq!(one("ln", &[integer(0)]), "-inf");
        assert_eq!(one("log", &[integer(1000)]), "3");
        assert_eq!(one("log", &[integer(8), integer(2)]), "3");
        assert_eq!(one("pow", &[integer(2), integer(53)]), "9007199254740992");
        assert_eq!(one("pi", &[]), "3.14159265359");
        assert_eq!(one("exp", &[integer(0)]), "1");
        assert_eq!(one("abs", &[text("x")]), "null");
        assert_eq!(one("abs", &[null()]), "null");
    }

    #[test]
    fn rounding() {
        for (value, decimals, expected) in [
            (3.24159, 2, "3.24"),
            (5.7432, 3, "5.743"),
            (7.0, 2, "7"),
            (2.555, 2, "2.56"),
            (1.005, 2, "1.01"),
            (-2.555, 2, "-2.56"),
            (0.5, 0, "1"),
            (2.5, 0, "3"),
            (-2.5, 0, "-3"),
            (1e300, 5, "1e+300"),
            (0.1, 20, "0.1"),
            (1234.5678, 1, "1234.6"),
        ] {
            assert_eq!(one("round", &[number(value), integer(decimals)]), expected, "{value} {decimals}");
        }
        assert_eq!(one("round", &[number(3.5)]), "4");
        assert_eq!(one("round", &[number(3.5), integer(-1)]), "null");
        assert!(check("round", &[None, Some(Value::Integer(-1))]).is_err());
    }

    #[test]
    fn significant_digits() {
        assert_eq!(one("spl_round_significant", &[number(1111.0), integer(3)]), "1110");
        assert_eq!(one("spl_round_decimals", &[number(127.567), integer(1)]), "127.6");
    }

    #[test]
    fn sums_leave_out_what_is_no_number() {
        assert_eq!(one("sum", &[number(5.0), text("9"), null()]), "14");
        assert_eq!(one("sum", &[values(&["1", "2", "3", "x"])]), "6");
        assert_eq!(one("sum", &[text("x")]), "null");
        assert!(check("sum", &[Some(Value::Integer(1)), Some(Value::Text("x"))]).is_err());
    }
}
