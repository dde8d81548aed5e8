//! Calculations with the precision of their numbers: value and decimals go together through the steps of a small program.
//!
//! The rules are those of [`crate::value`]. A program is words in postfix order. `exact`, `written` and a number of decimals stand for the
//! next argument, with how precisely it is known; `+ - * / % negate round unrounded` take what stands before them. The first word says how
//! precisely the result is known, for the field that it becomes.

use arrow::array::{ArrayRef, Float64Array, Float64Builder};
use datafusion_common::{Result, ScalarValue, exec_datafusion_err, exec_err};

use super::kernels::{float, literal_text, text};
use super::{Call, FunctionSpec, Kernel, OPERATORS};
use crate::column::{Column, ValueType};
use crate::value::{
    Precision, Value, decimals_of_product, decimals_of_sum, printed_decimals, round_decimals, to_known_decimals, write_decimals,
    written_decimals,
};
use std::sync::Arc;

/// The name of the function that runs a program.
pub const CALCULATION: &str = "spl_calculation";
/// The name of the function that says how precisely numbers are known.
pub const KNOWN: &str = "spl_known";

/// What the planner calls by name.
pub const FUNCTIONS: &[FunctionSpec] = &[
    operator(
        CALCULATION,
        "spl_calculation(<program>,<num>...)",
        "the result of a calculation with the decimals that it is known to",
        (1, None),
        float,
        calculation,
    ),
    operator(KNOWN, "spl_known(<num>,<precision>)", "the number, which is known to be so precise", (2, Some(2)), float, known),
    operator(
        "spl_with_decimals",
        "spl_with_decimals(<num>,<decimals>)",
        "the text of a number with exactly so many decimals, zeros among them: what round gives",
        (2, Some(2)),
        text,
        with_decimals,
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

/// How precisely the result of a function is known, as the literals among its arguments say.
pub fn returned(function: &str, literals: &[Option<&ScalarValue>]) -> Precision {
    let place = match function {
        CALCULATION => 0,
        KNOWN => 1,
        _ => return Precision::Exact,
    };
    match literals.get(place) {
        Some(Some(ScalarValue::Utf8View(Some(written)))) => Precision::read(written.split(' ').next().unwrap_or_default()),
        _ => Precision::Exact,
    }
}

/// A step of a program.
#[derive(Clone, Copy)]
enum Step {
    Argument(usize, Precision),
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Negate,
    Round,
    /// Keeps all digits of the result.
    Unrounded,
}

fn steps(program: &str) -> Result<Vec<Step>> {
    let mut arguments = 0;
    program
        .split(' ')
        .skip(1)
        .map(|word| {
            Ok(match word {
                "+" => Step::Add,
                "-" => Step::Subtract,
                "*" => Step::Multiply,
                "/" => Step::Divide,
                "%" => Step::Modulo,
                "negate" => Step::Negate,
                "round" => Step::Round,
                "unrounded" => Step::Unrounded,
                precision => {
                    arguments += 1;
                    Step::Argument(arguments, Precision::read(precision))
                }
            })
        })
        .collect()
}

/// A number with the decimals that it is known to; none = exact.
type Number = (f64, Option<i64>);

/// An argument's numbers, read without looking at the column's kind for each row.
enum Source<'a> {
    Floats(&'a Float64Array, Precision),
    Same(Option<Number>),
    Other(&'a Column, Precision),
}

impl<'a> Source<'a> {
    fn new(column: &'a Column, precision: Precision, scratch: &mut String) -> Self {
        match column {
            Column::Float(array) => Self::Floats(array, precision),
            other => match other.literal() {
                Some(value) => Self::Same(number(value, precision, scratch)),
                None => Self::Other(other, precision),
            },
        }
    }

    fn at(&self, row: usize, scratch: &mut String) -> Option<Number> {
        use arrow::array::Array;
        match self {
            Self::Floats(array, precision) if array.is_valid(row) => number(Value::Float(array.value(row)), *precision, scratch),
            Self::Floats(..) => None,
            Self::Same(number) => *number,
            Self::Other(column, precision) => number(column.value(row), *precision, scratch),
        }
    }
}

fn number(value: Value<'_>, precision: Precision, scratch: &mut String) -> Option<Number> {
    let number = value.number()?;
    let decimals = match (precision, value) {
        (Precision::Exact, _) | (_, Value::Integer(_)) => None,
        (Precision::Decimals(decimals), _) => Some(decimals.into()),
        (Precision::Written, Value::Text(text)) => written_decimals(text),
        (Precision::Written, Value::Multivalue(values)) => values.get(0).and_then(written_decimals),
        (Precision::Written, _) => printed_decimals(number, scratch),
    };
    Some((number, decimals))
}

fn calculation(call: &Call<'_>) -> Result<ArrayRef> {
    let program = literal_text(call, 0).ok_or_else(|| exec_datafusion_err!("a calculation without a program"))?;
    let steps = steps(&program)?;
    let mut scratch = String::new();
    let mut sources = Vec::with_capacity(call.arguments.len());
    for step in &steps {
        if let Step::Argument(place, precision) = step {
            let Some(column) = call.arguments.get(*place) else { return exec_err!("a calculation lacks its argument {place}") };
            sources.push(Source::new(column, *precision, &mut scratch));
        }
    }
    let mut built = Float64Builder::with_capacity(call.rows);
    let mut stack: Vec<Number> = Vec::with_capacity(sources.len());
    for row in 0..call.rows {
        stack.clear();
        built.append_option(run(&steps, &sources, row, &mut stack, &mut scratch));
    }
    Ok(Arc::new(built.finish()))
}

/// The result for a row; null as soon as a number is missing.
fn run(steps: &[Step], sources: &[Source<'_>], row: usize, stack: &mut Vec<Number>, scratch: &mut String) -> Option<f64> {
    for step in steps {
        let result = match step {
            Step::Argument(place, _) => sources.get(place - 1)?.at(row, scratch)?,
            Step::Negate => {
                let (number, decimals) = stack.pop()?;
                (-number, decimals)
            }
            Step::Unrounded => (stack.pop()?.0, None),
            binary => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                of_two(*binary, left, right)?
            }
        };
        stack.push(result);
    }
    let (number, decimals) = stack.pop()?;
    Some(to_known_decimals(number, decimals))
}

fn of_two(step: Step, left: Number, right: Number) -> Option<Number> {
    let (x, y) = (left.0, right.0);
    let sum = || decimals_of_sum([left.1, right.1]);
    let product = |value: f64| match (left.1, right.1) {
        (None, None) => (value, None),
        _ => (value, decimals_of_product(value, [left, right])),
    };
    match step {
        Step::Add => Some((x + y, sum())),
        Step::Subtract => Some((x - y, sum())),
        Step::Multiply => Some(product(x * y)),
        Step::Divide => (y != 0.0).then(|| product(x / y)),
        Step::Modulo => (y != 0.0).then(|| (x % y, sum())),
        // The decimals that are known show at the end; steps between them keep all digits.
        Step::Round => {
            let places = y.clamp(-1.0, 400.0) as i32;
            Some((round_decimals(x, places)?, decimals_of_sum([left.1, Some(places.into())])))
        }
        Step::Argument(..) | Step::Negate | Step::Unrounded => None,
    }
}

/// Hands the numbers on; the precision is said by the field of the result.
fn known(call: &Call<'_>) -> Result<ArrayRef> {
    match call.arguments.first() {
        Some(Column::Float(array)) => Ok(Arc::new(array.clone())),
        _ => super::kernels::numbers(call, |row| call.value(0, row).number()),
    }
}

fn with_decimals(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    let mut written = String::new();
    for row in 0..call.rows {
        match call.value(0, row).number() {
            None => built.append_null(),
            Some(number) => {
                let decimals = call.value(1, row).number().map(|decimals| decimals as i64);
                written.clear();
                write_decimals(number, decimals, &mut written);
                built.append_text(&written);
            }
        }
    }
    Ok(built.finish())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{integer, null, number, one, text, values};
    use super::*;

    #[test]
    fn precision_travels_with_values() {
        for (program, arguments, expected) in [
            ("written written written *", vec![text("0.014"), text("0.23")], "0.0032"),
            ("written written written *", vec![text("0.0140"), text("0.230")], "0.00322"),
            ("written written written *", vec![number(0.014), number(0.23)], "0.0032"),
            ("written exact exact *", vec![number(0.014), number(0.23)], "0.00322"),
            ("written 3 3 *", vec![number(0.014), number(0.23)], "0.0032"),
            ("written written exact *", vec![number(2.1), integer(1024)], "2150"),
            ("written written written *", vec![integer(3), integer(4)], "12"),
            ("written written written +", vec![number(0.1), number(0.2)], "0.3"),
            ("written written written -", vec![values(&["1.50"]), text("0.25")], "1.25"),
            ("written written written * unrounded", vec![number(0.014), number(0.23)], "0.00322"),
            ("written written written /", vec![number(1.5), integer(0)], "null"),
            ("written written written %", vec![number(7.5), integer(2)], "1.5"),
            ("written written negate", vec![number(0.5)], "-0.5"),
            ("written written exact round", vec![number(2.345), integer(2)], "2.35"),
            ("written written exact round", vec![number(2.345), integer(-1)], "null"),
            ("written written written *", vec![text("x"), number(0.5)], "null"),
            ("written written written *", vec![null(), number(0.5)], "null"),
        ] {
            let all: Vec<_> = std::iter::once(text(program)).chain(arguments).collect();
            assert_eq!(one(CALCULATION, &all), expected, "{program}");
        }
        assert_eq!(one(KNOWN, &[number(0.5), text("1")]), "0.5");
    }

    #[test]
    fn the_field_of_a_result_says_how_precise_it_is() {
        let program = ScalarValue::Utf8View(Some("2 exact exact round".to_owned()));
        assert_eq!(returned(CALCULATION, &[Some(&program), None]), Precision::Decimals(2));
        assert_eq!(returned(KNOWN, &[None, Some(&ScalarValue::Utf8View(Some("written".to_owned())))]), Precision::Written);
        assert_eq!(returned("round", &[None, None]), Precision::Exact);
    }

    #[test]
    fn rounded_numbers_keep_their_zeros() {
        assert_eq!(one("spl_with_decimals", &[number(50.0), integer(1)]), "50.0");
        assert_eq!(one("spl_with_decimals", &[number(2.5), null()]), "2.5");
        assert_eq!(one("spl_with_decimals", &[null(), integer(1)]), "null");
    }
}
