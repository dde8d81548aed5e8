//! Which texts are numbers that print back to exactly the same text.

/// The integer that prints as this text.
pub(crate) fn exact_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || digits.len() > 19 || (digits[0] == b'0' && (digits.len() > 1 || negative)) {
        return None;
    }
    let mut number: i64 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        // Counted below zero, where there is one value more.
        number = number.checked_mul(10)?.checked_sub(i64::from(digit - b'0'))?;
    }
    if negative { Some(number) } else { number.checked_neg() }
}

/// The fraction that prints as this text, with a point and without an exponent.
pub(crate) fn exact_float(text: &[u8]) -> Option<f64> {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let point = unsigned.iter().position(|&byte| byte == b'.')?;
    let (whole, fraction) = (&unsigned[..point], &unsigned[point + 1..]);
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !digits(whole) || !digits(fraction) || (whole[0] == b'0' && whole.len() > 1) || fraction.ends_with(b"0") {
        return None;
    }
    // Beyond these bounds numbers are printed with an exponent.
    if whole.len() > 15 || (whole == b"0" && fraction.starts_with(b"0000")) {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let number: f64 = text.parse().ok()?;
    // Up to 15 significant digits survive the way through a float.
    (whole.len() + fraction.len() <= 15 || format!("{number}") == text).then_some(number)
}

/// Whether an integer is the same number as a float.
pub(crate) fn fits_float(number: i64) -> bool {
    number.unsigned_abs() <= 1 << 53
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn integers_print_back() {
        for text in ["0", "1", "-1", "9223372036854775807", "-9223372036854775808", "1700000000"] {
            assert_eq!(exact_integer(text.as_bytes()).unwrap().to_string(), text);
        }
        for text in ["", "-", "007", "+5", "1e3", "-0", "9223372036854775808", " 1", "1.0", "0x1", "１"] {
            assert_eq!(exact_integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn floats_print_back() {
        for text in ["0.5", "-0.5", "1700000000.123456", "0.0015780925750732422", "3.14", "1588205198.89971"] {
            assert_eq!(exact_float(text.as_bytes()).unwrap().to_string(), text);
        }
        for text in ["1.50", "1.0", ".5", "5.", "00.5", "1e3", "1.5e3", "0.00001", "1.2.3", "-", "0.1000000000000000055"] {
            assert_eq!(exact_float(text.as_bytes()), None, "{text}");
        }
    }
}
