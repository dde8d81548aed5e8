//! SPL's value rules: what counts as a number, how numbers print, how two values compare.

mod decimals;
mod precision;

use std::borrow::Cow;
use std::cmp::Ordering;

pub use decimals::{
    decimals_of_product, decimals_of_sum, printed_decimals, round_decimals, round_significant, to_known_decimals, write_decimals,
    written_decimals,
};
pub use precision::{Precision, shown};

/// One field value in one event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// The field is absent.
    Null,
    /// Text; looks like a number when it came from a field and reads as one.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, or too large for [`Value::Integer`].
    Float(f64),
    /// The result of a comparison; exists only inside expressions.
    Boolean(bool),
    /// Several texts; never empty.
    Multivalue(Multivalue<'a>),
}

/// The values of a multivalue field in one event.
#[derive(Clone, Copy, Debug)]
pub struct Multivalue<'a> {
    /// All item texts of the column.
    pub(crate) items: &'a arrow::array::StringViewArray,
    /// First item of this event.
    pub(crate) start: usize,
    /// Number of items.
    pub(crate) len: usize,
}

impl PartialEq for Multivalue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a> Multivalue<'a> {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none (does not occur in a column: an empty list is null).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value at a position.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        (index < self.len).then(|| self.items.value(self.start + index))
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let items = self.items;
        (self.start..self.start + self.len).map(move |index| items.value(index))
    }
}

impl<'a> Value<'a> {
    /// Whether the field is absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// As text: numbers as Splunk prints them, several values joined by a line feed; none for null.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Value::Null => None,
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Integer(number) => Some(Cow::Owned(number.to_string())),
            Value::Float(number) => Some(Cow::Owned(format_number(*number))),
            Value::Boolean(true) => Some(Cow::Borrowed("True")),
            Value::Boolean(false) => Some(Cow::Borrowed("False")),
            Value::Multivalue(values) => {
                let joined: Vec<&str> = values.iter().collect();
                Some(Cow::Owned(joined.join("\n")))
            }
        }
    }

    /// Appends what [`Value::text`] yields; false, and nothing appended, for null.
    pub fn write_text(&self, text: &mut String) -> bool {
        use std::fmt::Write as _;
        match self {
            Value::Null => return false,
            Value::Text(value) => text.push_str(value),
            Value::Integer(number) => {
                // Writing into a String can't fail.
                let _ = write!(text, "{number}");
            }
            Value::Float(number) => write_number(*number, text),
            Value::Boolean(flag) => text.push_str(if *flag { "True" } else { "False" }),
            Value::Multivalue(values) => {
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        text.push('\n');
                    }
                    text.push_str(value);
                }
            }
        }
        true
    }

    /// As a number: texts that look like one are one; none for other texts, null, several values.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Text(text) => parse_number(text),
            Value::Multivalue(values) if values.len() == 1 => values.get(0).and_then(parse_number),
            _ => None,
        }
    }

    /// The values one by one: none for null, one for a single value.
    pub fn each_text(&self) -> Vec<Cow<'a, str>> {
        match self {
            Value::Multivalue(values) => values.iter().map(Cow::Borrowed).collect(),
            other => other.text().into_iter().collect(),
        }
    }
}

/// Reads a text that looks like a number: optional sign, digits with at most one point, optional exponent, blanks
/// around allowed. Hexadecimal, `inf` and `nan` and what is too large for a number are texts.
pub fn parse_number(text: &str) -> Option<f64> {
    let trimmed = text.trim();
    let first = *trimmed.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if !trimmed.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')) {
        return None;
    }
    trimmed.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// Prints a number as Splunk does: whole numbers without a point, others with the fewest digits that read back to
/// the same number (at most 17), very large and very small ones with an exponent of two digits or more (`1e+20`,
/// `1e-05`), minus zero as `0`, and `nan`, `inf`, `-inf` (Splunk search reference, eval, Numeric calculations).
pub fn format_number(number: f64) -> String {
    let mut text = String::new();
    write_number(number, &mut text);
    text
}

/// Appends a number to a text as [`format_number`] prints it.
pub fn write_number(number: f64, text: &mut String) {
    use std::fmt::Write as _;
    // Writing into a String can't fail.
    let _ = if number.fract() == 0.0 && number.abs() < 1e17 {
        write!(text, "{}", number as i64)
    } else if number.is_nan() {
        write!(text, "nan")
    } else if number.is_infinite() {
        write!(text, "{}", if number > 0.0 { "inf" } else { "-inf" })
    } else if number.abs() >= 1e17 || number.abs() < 1e-4 {
        let scientific = format!("{number:e}");
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        write!(text, "{mantissa}e{sign}{digits:0>2}")
    } else {
        write!(text, "{number}")
    };
}

/// The order of eval's comparison operators: numbers numerically (texts that look like numbers count as numbers when
/// the other side is a number too), other texts by code point, with case. None when either side is null.
pub fn compare(left: Value<'_>, right: Value<'_>) -> Option<Ordering> {
    if left.is_null() || right.is_null() {
        return None;
    }
    match (left.number(), right.number()) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => Some(left.text()?.as_ref().cmp(right.text()?.as_ref())),
    }
}

/// The order of sort and of by-fields: numbers before texts, numbers numerically, texts by code point, null last.
pub fn sort_order(left: Value<'_>, right: Value<'_>) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    match (left.number(), right.number()) {
        (Some(left), Some(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.text().unwrap_or_default().as_ref().cmp(right.text().unwrap_or_default().as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_like_splunk() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5.0, "5"),
            (-7.0, "-7"),
            (1.0 / 3.0, "0.3333333333333333"),
            (2.5, "2.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-1.5e-7, "-1.5e-07"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e20, "1e+20"),
            (1.25e300, "1.25e+300"),
            (f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(format_number(number), text);
        }
    }

    #[test]
    fn texts_that_look_like_numbers() {
        for (text, number) in [
            ("5", Some(5.0)),
            (" 21 ", Some(21.0)),
            ("+5", Some(5.0)),
            ("-.5", Some(-0.5)),
            ("1e3", Some(1000.0)),
            ("", None),
            ("-", None),
            ("1e", None),
            ("1.2.3", None),
            ("1e999", None),
            ("0x1F", None),
            ("nan", None),
            ("inf", None),
            ("5 apples", None),
        ] {
            assert_eq!(parse_number(text), number, "{text}");
        }
    }

    #[test]
    fn comparison_is_numeric_only_when_both_sides_are_numbers() {
        assert_eq!(compare(Value::Text("10"), Value::Integer(9)), Some(Ordering::Greater));
        assert_eq!(compare(Value::Text("a"), Value::Integer(9)), Some(Ordering::Greater));
        assert_eq!(compare(Value::Text("B"), Value::Text("a")), Some(Ordering::Less));
        assert_eq!(compare(Value::Null, Value::Text("a")), None);
    }

    #[test]
    fn sort_puts_numbers_before_texts_and_null_last() {
        assert_eq!(sort_order(Value::Text("9"), Value::Text("10")), Ordering::Less);
        assert_eq!(sort_order(Value::Text("a"), Value::Text("10")), Ordering::Greater);
        assert_eq!(sort_order(Value::Null, Value::Text("10")), Ordering::Greater);
    }
}
