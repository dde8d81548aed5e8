//! How precise a number is: the decimals that it is known to, which calculations hand on and which printing keeps.
//!
//! A whole number is exact, and so is what a function gives. A number that is written with a point is known to the decimals that it is
//! written with, zeros among them: `0.90` to two. A product or quotient has as many significant digits as the operand with the fewest,
//! a sum or difference as many decimals as the operand with the fewest; exact operands do not count. A result is shown with the decimals
//! that it is known to. Digits in front of the point are never rounded away. `exact` takes a number as exact.
//!
//! Source: Splunk search reference, eval (Numeric calculations) and Mathematical functions (exact, sigfig, round); measured results
//! published by users of Splunk (community, 2011 and 2015; wiki, BadMath).

use super::{parse_number, write_number};

/// The decimals that a number is written with, fewer than none when it has an exponent (`1.5e3`: -2). None, which means exact, for a number
/// without a point and for what is no number.
pub fn written_decimals(text: &str) -> Option<i64> {
    let text = text.trim();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (_, fraction) = mantissa.split_once('.')?;
    parse_number(text)?;
    let exponent: i64 = exponent.parse().ok()?;
    Some(fraction.len() as i64 - exponent)
}

/// The decimals of a number in a column of numbers, which prints as it was written; none, which means exact, when it is whole.
/// `scratch` saves an allocation.
pub fn printed_decimals(number: f64, scratch: &mut String) -> Option<i64> {
    if number.fract() == 0.0 || !number.is_finite() {
        return None;
    }
    // The number is the nearest to the first decimal fraction that reads back to it. Both sides of the division are exact, so that it is rounded
    // once, as reading is.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.abs() >= 1e-4 {
        for (decimals, power) in POWERS.iter().enumerate().skip(1) {
            let shifted = (number * power).round();
            if shifted.abs() >= EXACT {
                break;
            }
            if shifted / power == number {
                return Some(decimals as i64);
            }
        }
    }
    scratch.clear();
    write_number(number, scratch);
    written_decimals(scratch)
}

/// Powers of ten that are exact.
const POWERS: [f64; 18] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17];

/// The decimals that a product or quotient is known to. Each operand comes with its own; none means exact.
pub fn decimals_of_product(product: f64, operands: [(f64, Option<i64>); 2]) -> Option<i64> {
    let significant = |(number, decimals): (f64, Option<i64>)| {
        // Zero has no first digit; what it is known to is the digits behind the point.
        let first = if number == 0.0 { -1 } else { magnitude(number)? };
        Some((decimals? + first + 1).max(1))
    };
    let fewest = operands.into_iter().filter_map(significant).min()?;
    Some(fewest - 1 - if product == 0.0 { 0 } else { magnitude(product)? })
}

/// The decimals that a sum or difference is known to.
pub fn decimals_of_sum(operands: [Option<i64>; 2]) -> Option<i64> {
    operands.into_iter().flatten().min()
}

/// A number with the decimals that it is known to; digits in front of the point stay.
pub fn to_known_decimals(number: f64, decimals: Option<i64>) -> f64 {
    match decimals {
        None => number,
        Some(decimals) => round_decimals(number, decimals.clamp(0, 400) as i32).unwrap_or(number),
    }
}

/// Appends a number with exactly so many decimals, zeros among them: what `round` gives. Without a number of decimals, and for what
/// prints with an exponent or is no finite number, as [`write_number`] does.
pub fn write_decimals(number: f64, decimals: Option<i64>, text: &mut String) {
    use std::fmt::Write as _;
    match decimals {
        Some(decimals @ 0..=30) if number.is_finite() && number.abs() < 1e15 => {
            let rounded = round_decimals(number, decimals as i32).unwrap_or(number);
            let start = text.len();
            // Writing into a String can't fail.
            let _ = write!(text, "{rounded:.*}", decimals as usize);
            // Minus zero prints as zero.
            if text[start..].starts_with('-') && !text[start..].bytes().any(|byte| byte.is_ascii_digit() && byte != b'0') {
                text.remove(start);
            }
        }
        _ => write_number(number, text),
    }
}

/// The power of ten of a number's first digit; none for what is not finite.
fn magnitude(number: f64) -> Option<i64> {
    let number = number.abs();
    if !number.is_finite() {
        return None;
    }
    let guess = number.log10().floor() as i32;
    // The logarithm may be off by one next to a power of ten.
    let exact = if number < 10f64.powi(guess) {
        guess - 1
    } else if number >= 10f64.powi(guess + 1) {
        guess + 1
    } else {
        guess
    };
    Some(i64::from(exact))
}

/// Rounds to decimals, halves away from zero as the number prints (2.555 is 2.56 although the nearest binary number
/// is below it); null for a negative number of decimals.
pub fn round_decimals(number: f64, decimals: i32) -> Option<f64> {
    if decimals < 0 {
        return None;
    }
    if !number.is_finite() || decimals > 17 || number.abs() >= 1e15 {
        return Some(number);
    }
    let factor = 10f64.powi(decimals);
    let scaled = number * factor;
    if !scaled.is_finite() {
        return Some(number);
    }
    let fraction = scaled.abs().fract();
    if (fraction - 0.5).abs() > 1e-5 {
        return Some(scaled.round() / factor);
    }
    // Near a half the printed digits decide: the fewest digits that read back to the number.
    let digits = format!("{}", number.abs());
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let kept = decimals as usize;
    let Some(next) = fraction.as_bytes().get(kept) else {
        return Some(number);
    };
    let truncated: f64 = format!("{whole}{}", &fraction[..kept]).parse().ok()?;
    let rounded = if *next >= b'5' { truncated + 1.0 } else { truncated };
    Some((rounded / factor).copysign(number))
}

/// Rounds to significant digits, halves away from zero; null for less than one digit.
pub fn round_significant(number: f64, digits: i32) -> Option<f64> {
    if digits < 1 {
        return None;
    }
    let Some(magnitude) = magnitude(number).filter(|_| number != 0.0) else { return Some(number) };
    let decimals = digits - 1 - magnitude as i32;
    if decimals >= 0 {
        round_decimals(number, decimals)
    } else {
        let factor = 10f64.powi(-decimals);
        Some((number / factor).round() * factor)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A product of two written numbers, as it is shown.
    fn product(left: &str, right: &str) -> String {
        let (x, y) = (parse_number(left).unwrap(), parse_number(right).unwrap());
        let known = decimals_of_product(x * y, [(x, written_decimals(left)), (y, written_decimals(right))]);
        super::super::format_number(to_known_decimals(x * y, known))
    }

    #[test]
    fn decimals_as_written() {
        for (text, decimals) in [
            ("5", None),
            ("1.00", Some(2)),
            ("-0.014", Some(3)),
            ("1.5e3", Some(-2)),
            ("2.5e-3", Some(4)),
            ("1e3", None),
            (".5", Some(1)),
            ("1.2.3", None),
            ("x.5", None),
        ] {
            assert_eq!(written_decimals(text), decimals, "{text}");
        }
        for number in
            [0.25, 0.1, 2.1, 1024.1, 1e-5, 0.30000000000000004, 1.0 / 3.0, 123456.789, -0.007, 1709547085.25, 4503599627370497.5]
        {
            let mut written = String::new();
            write_number(number, &mut written);
            assert_eq!(printed_decimals(number, &mut String::new()), written_decimals(&written), "{number}");
        }
        assert_eq!(printed_decimals(4.0, &mut String::new()), None);
        assert_eq!(printed_decimals(1e-7, &mut String::new()), None);
    }

    #[test]
    fn products_as_published() {
        for (left, right, expected) in [
            ("0.014", "0.23", "0.0032"),
            ("0.0140", "0.230", "0.00322"),
            ("3", "0.5", "2"),
            ("1", "0.9", "0.9"),
            ("2", "0.9", "2"),
            ("2", "0.90", "1.8"),
            ("2", "0.99", "2"),
            ("1000", "0.9", "900"),
            ("1100", "0.9", "990"),
            ("2.0", "1024", "2048"),
            ("2.2", "1024", "2253"),
            ("2.1", "1024", "2150"),
            ("2.10", "1024", "2150"),
            ("2.100", "1024", "2150"),
            ("2.1000", "1024", "2150.4"),
            ("2.1", "1024.0", "2150"),
            ("2.1", "1024.1", "2151"),
            ("2.100000000", "1024.1", "2150.6"),
            ("2.10000", "1024.10", "2150.61"),
            ("1.00", "1111", "1111"),
            ("3", "4", "12"),
            ("0.0", "7.5", "0"),
        ] {
            assert_eq!(product(left, right), expected, "{left} * {right}");
        }
    }

    #[test]
    fn sums_have_the_fewest_decimals() {
        assert_eq!(decimals_of_sum([Some(1), Some(1)]), Some(1));
        assert_eq!(decimals_of_sum([Some(3), None]), Some(3));
        assert_eq!(decimals_of_sum([None, None]), None);
        assert_eq!(to_known_decimals(0.1 + 0.2, Some(1)), 0.3);
        assert_eq!(to_known_decimals(0.1 + 0.2, None), 0.1 + 0.2);
        assert_eq!(to_known_decimals(1234.5, Some(-2)), 1235.0);
    }

    #[test]
    fn kept_zeros() {
        for (number, decimals, expected) in [
            (50.0, Some(1), "50.0"),
            (4.0, Some(2), "4.00"),
            (2.555, Some(2), "2.56"),
            (-0.004, Some(2), "0.00"),
            (-1.5, Some(0), "-2"),
            (2.5, None, "2.5"),
            (1e20, Some(2), "1e+20"),
            (f64::NAN, Some(2), "nan"),
        ] {
            let mut text = String::new();
            write_decimals(number, decimals, &mut text);
            assert_eq!(text, expected, "{number}");
        }
    }

    #[test]
    fn magnitudes() {
        for (number, expected) in
            [(1.0, 0), (9.99, 0), (10.0, 1), (1000.0, 3), (0.1, -1), (0.0999, -2), (-123.0, 2), (1e-300, -300)]
        {
            assert_eq!(magnitude(number), Some(expected), "{number}");
        }
        assert_eq!(round_significant(1111.0, 3), Some(1110.0));
        assert_eq!(round_significant(0.012345, 2), Some(0.012));
        assert_eq!(round_significant(-1.65, 2), Some(-1.7));
    }
}
