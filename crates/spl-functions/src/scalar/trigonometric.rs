//! Trigonometry and hyperbolic functions of eval (Splunk search reference, Trig and Hyperbolic functions). Angles are
//! in radians; what is no number gives null, what has no real result `nan`.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::kernels::{float, of_number, of_two_numbers};
use super::{Call, FunctionSpec, Kernel};

/// The trigonometry and hyperbolic functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    one("acos", "acos(X)", "the arc cosine", |call| of_number(call, f64::acos)),
    one("acosh", "acosh(X)", "the inverse hyperbolic cosine", |call| of_number(call, f64::acosh)),
    one("asin", "asin(X)", "the arc sine", |call| of_number(call, f64::asin)),
    one("asinh", "asinh(X)", "the inverse hyperbolic sine", |call| of_number(call, f64::asinh)),
    one("atan", "atan(X)", "the arc tangent", |call| of_number(call, f64::atan)),
    two("atan2", "atan2(Y,X)", "the arc tangent of Y/X in the right quadrant", |call| {
        of_two_numbers(call, |y, x| Some(y.atan2(x)))
    }),
    one("atanh", "atanh(X)", "the inverse hyperbolic tangent", |call| of_number(call, f64::atanh)),
    one("cos", "cos(X)", "the cosine", |call| of_number(call, f64::cos)),
    one("cosh", "cosh(X)", "the hyperbolic cosine", |call| of_number(call, f64::cosh)),
    two("hypot", "hypot(X,Y)", "the hypotenuse of a triangle with these legs", |call| {
        of_two_numbers(call, |x, y| Some(x.hypot(y)))
    }),
    one("sin", "sin(X)", "the sine", |call| of_number(call, f64::sin)),
    one("sinh", "sinh(X)", "the hyperbolic sine", |call| of_number(call, f64::sinh)),
    one("tan", "tan(X)", "the tangent", |call| of_number(call, f64::tan)),
    one("tanh", "tanh(X)", "the hyperbolic tangent", |call| of_number(call, f64::tanh)),
];

type ColumnKernel = fn(&Call<'_>) -> Result<ArrayRef>;

const CATEGORY: &str = "Trigonometry and Hyperbolic functions";

const fn one(name: &'static str, syntax: &'static str, summary: &'static str, kernel: ColumnKernel) -> FunctionSpec {
    FunctionSpec::new(name, CATEGORY, syntax, summary, (1, Some(1)), float, Kernel::Columns(kernel))
}

const fn two(name: &'static str, syntax: &'static str, summary: &'static str, kernel: ColumnKernel) -> FunctionSpec {
    FunctionSpec::new(name, CATEGORY, syntax, summary, (2, Some(2)), float, Kernel::Columns(kernel))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::testing::{evaluate, number, one};

    #[test]
    fn values() {
        for (name, argument, expected) in [
            ("acos", 0.25, 1.318116),
            ("acosh", 2.0, 1.316958),
            ("asin", 0.25, 0.252680),
            ("asinh", 1.0, 0.881374),
            ("atan", 0.5, 0.463648),
            ("atanh", 0.5, 0.549306),
            ("cos", 0.0, 1.0),
            ("cosh", 1.0, 1.543081),
            ("sin", 1.0, 0.841471),
            ("sinh", 1.0, 1.175201),
            ("tan", 1.0, 1.557408),
            ("tanh", 1.0, 0.761594),
        ] {
            let result = evaluate(name, &[number(argument)]).unwrap().remove(0).unwrap();
            assert!((result.parse::<f64>().unwrap() - expected).abs() < 1e-6, "{name} {result}");
        }
        assert_eq!(one("hypot", &[number(3.0), number(4.0)]), "5");
        assert!(one("atan2", &[number(0.5), number(0.75)]).starts_with("0.5880026"));
        assert_eq!(one("acos", &[number(2.0)]), "nan");
    }
}
