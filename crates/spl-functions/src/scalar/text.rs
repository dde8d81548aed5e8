//! Text functions of eval (Splunk search reference, Text functions).
//!
//! All of them give null for null. Those that yield text work value by value on a field with several values.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::kernels::{Compiled, integer, integers, text_or_values, texts};
use super::{Call, FunctionSpec, Kernel};
use crate::column::{MOST_TEXT, ValueType};
use crate::pattern::Pattern;
use crate::value::Value;

const CATEGORY: &str = "Text functions";

/// The text functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    row("len", "len(<str>)", "the number of characters", (1, Some(1)), integer, len),
    row("length", "length(<str>)", "the number of characters; the same as len", (1, Some(1)), integer, len),
    row("lower", "lower(<str>)", "the text in lower case", (1, Some(1)), text_or_values, lower),
    row("upper", "upper(<str>)", "the text in upper case", (1, Some(1)), text_or_values, upper),
    row(
        "ltrim",
        "ltrim(<str>,<trim_chars>)",
        "the text without the trim characters (spaces and tabs) on its left",
        (1, Some(2)),
        text_or_values,
        |call| trimmed(call, true, false),
    ),
    row(
        "rtrim",
        "rtrim(<str>,<trim_chars>)",
        "the text without the trim characters (spaces and tabs) on its right",
        (1, Some(2)),
        text_or_values,
        |call| trimmed(call, false, true),
    ),
    row(
        "trim",
        "trim(<str>,<trim_chars>)",
        "the text without the trim characters (spaces and tabs) on both sides",
        (1, Some(2)),
        text_or_values,
        |call| trimmed(call, true, true),
    ),
    row(
        "replace",
        "replace(<str>,<regex>,<replacement>)",
        "the text with every match of the regular expression replaced; \\1 stands for the first group",
        (3, Some(3)),
        text_or_values,
        replace,
    )
    .checked(check_replace),
    row(
        "substr",
        "substr(<str>,<start>,<length>)",
        "a part of the text; the first character is 1, a negative start counts from the end",
        (2, Some(3)),
        text_or_values,
        substr,
    ),
    row("urldecode", "urldecode(<url>)", "the text with %XX escapes decoded", (1, Some(1)), text_or_values, urldecode),
];

const fn row(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arity: super::Arity,
    returns: fn(&[ValueType]) -> ValueType,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec::new(name, CATEGORY, syntax, summary, arity, returns, Kernel::Columns(kernel))
}

fn len(call: &Call<'_>) -> Result<ArrayRef> {
    integers(call, |row| match call.value(0, row) {
        Value::Null => None,
        Value::Text(text) => Some(text.chars().count() as i64),
        Value::Multivalue(values) if values.len() > 1 => None,
        other => other.text().map(|text| text.chars().count() as i64),
    })
}

fn lower(call: &Call<'_>) -> Result<ArrayRef> {
    texts(call, |_, text, result| {
        if text.is_ascii() {
            result.push_str(text);
            result.make_ascii_lowercase();
        } else {
            result.push_str(&text.to_lowercase());
        }
        Ok(true)
    })
}

fn upper(call: &Call<'_>) -> Result<ArrayRef> {
    texts(call, |_, text, result| {
        if text.is_ascii() {
            result.push_str(text);
            result.make_ascii_uppercase();
        } else {
            result.push_str(&text.to_uppercase());
        }
        Ok(true)
    })
}

fn trimmed(call: &Call<'_>, left: bool, right: bool) -> Result<ArrayRef> {
    let mut set: Compiled<Vec<char>> = Compiled::new();
    texts(call, |row, text, result| {
        let characters = if call.has(1) {
            let Some(characters) = set.get(call, 1, row, |text| Ok(text.chars().collect()))? else {
                return Ok(false);
            };
            &characters[..]
        } else {
            &[' ', '\t']
        };
        let text = if left { text.trim_start_matches(characters) } else { text };
        let text = if right { text.trim_end_matches(characters) } else { text };
        result.push_str(text);
        Ok(true)
    })
}

/// A replacement text: literal texts and group numbers.
enum ReplacementPart {
    Literal(String),
    Group(usize),
}

/// Reads `\1` .. `\99` as groups and `\\` as a backslash; any other backslash stands for itself.
fn replacement_parts(text: &str) -> Vec<ReplacementPart> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            literal.push(character);
            continue;
        }
        if characters.next_if_eq(&'\\').is_some() {
            literal.push('\\');
            continue;
        }
        let mut group = None;
        while let Some(digit) = characters.peek().and_then(|next| next.to_digit(10)) {
            let longer = group.unwrap_or(0) * 10 + digit as usize;
            if longer > 99 {
                break;
            }
            group = Some(longer);
            characters.next();
        }
        match group {
            Some(group) => {
                if !literal.is_empty() {
                    parts.push(ReplacementPart::Literal(std::mem::take(&mut literal)));
                }
                parts.push(ReplacementPart::Group(group));
            }
            None => literal.push('\\'),
        }
    }
    if !literal.is_empty() {
        parts.push(ReplacementPart::Literal(literal));
    }
    parts
}

fn check_replace(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    super::conditional::check_regex(arguments.get(1).copied().flatten())
}

fn replace(call: &Call<'_>) -> Result<ArrayRef> {
    let mut pattern: Compiled<std::sync::Arc<Pattern>> = Compiled::new();
    let mut replacement: Compiled<Vec<ReplacementPart>> = Compiled::new();
    texts(call, |row, text, result| {
        let Some(pattern) = pattern.get(call, 1, row, |text| call.patterns.get(text))? else {
            return Ok(false);
        };
        let Some(parts) = replacement.get(call, 2, row, |text| Ok(replacement_parts(text)))? else {
            return Ok(false);
        };
        let before = result.len();
        let mut copied = 0;
        let mut append = |start: usize, end: usize, group: &dyn Fn(usize) -> Option<(usize, usize)>| {
            // What is longer is left out as a whole.
            if result.len() > MOST_TEXT {
                return;
            }
            result.push_str(&text[copied..start]);
            for part in parts {
                match part {
                    ReplacementPart::Literal(literal) => result.push_str(literal),
                    ReplacementPart::Group(number) => {
                        if let Some((from, to)) = group(*number) {
                            result.push_str(&text[from..to]);
                        }
                    }
                }
            }
            copied = end;
        };
        let complete = if parts.iter().all(|part| matches!(part, ReplacementPart::Literal(_))) {
            pattern.each_range(text, |start, end| append(start, end, &|_| None))
        } else {
            pattern.each_match(text, 0, |groups| {
                if let Some(Some((start, end))) = groups.first().copied() {
                    append(start, end, &|number| groups.get(number).copied().flatten());
                }
            })
        };
        if !complete {
            // A limit was reached: no match, so nothing is replaced.
            result.truncate(before);
            copied = 0;
        }
        result.push_str(&text[copied..]);
        Ok(true)
    })
}

/// The character range `[start, end)` that SQLite's substr takes, whose rules Splunk's documentation names.
fn substr_range(characters: i64, start: i64, length: Option<i64>) -> (usize, usize) {
    let backwards = length.is_some_and(|length| length < 0);
    let mut length = length.map_or(i64::MAX / 4, |length| length.saturating_abs().min(i64::MAX / 4));
    let mut start = start.clamp(-i64::MAX / 4, i64::MAX / 4);
    if start < 0 {
        start += characters;
        if start < 0 {
            length = (length + start).max(0);
            start = 0;
        }
    } else if start > 0 {
        start -= 1;
    } else if length > 0 {
        length -= 1;
    }
    if backwards {
        start -= length;
        if start < 0 {
            length += start;
            start = 0;
        }
    }
    let start = start.clamp(0, characters);
    (start as usize, (start + length.max(0)).clamp(0, characters) as usize)
}

fn substr(call: &Call<'_>) -> Result<ArrayRef> {
    texts(call, |row, text, result| {
        let Some(start) = call.value(1, row).number() else {
            return Ok(false);
        };
        let length = match call.has(2) {
            true => match call.value(2, row).number() {
                Some(length) => Some(length as i64),
                None => return Ok(false),
            },
            false => None,
        };
        if text.is_ascii() {
            let (start, end) = substr_range(text.len() as i64, start as i64, length);
            result.push_str(&text[start..end]);
        } else {
            let (start, end) = substr_range(text.chars().count() as i64, start as i64, length);
            result.extend(text.chars().skip(start).take(end - start));
        }
        Ok(true)
    })
}

fn urldecode(call: &Call<'_>) -> Result<ArrayRef> {
    let hexadecimal = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16)).map(|digit| digit as u8);
    let mut decoded = Vec::new();
    texts(call, |_, text, result| {
        decoded.clear();
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match (byte, hexadecimal(bytes.get(at + 1)), hexadecimal(bytes.get(at + 2))) {
                (b'%', Some(high), Some(low)) => {
                    decoded.push(high * 16 + low);
                    at += 3;
                }
                _ => {
                    decoded.push(*byte);
                    at += 1;
                }
            }
        }
        result.push_str(&String::from_utf8_lossy(&decoded));
        Ok(true)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::testing::{check, integer, null, number, one, text, values};
    use super::*;

    #[test]
    fn lengths_and_case() {
        assert_eq!(one("len", &[text("buttercup")]), "9");
        assert_eq!(one("len", &[text("日本語")]), "3");
        assert_eq!(one("len", &[text("")]), "0");
        assert_eq!(one("length", &[integer(1234)]), "4");
        assert_eq!(one("len", &[null()]), "null");
        assert_eq!(one("lower", &[text("GRÖßE")]), "größe");
        assert_eq!(one("upper", &[values(&["ab", "Cd"])]), "AB|CD");
        assert_eq!(one("lower", &[number(2.0)]), "2");
    }

    #[test]
    fn trimming() {
        assert_eq!(one("ltrim", &[text("$12.50"), text("$")]), "12.50");
        assert_eq!(one("ltrim", &[text(" \t abc  ")]), "abc  ");
        assert_eq!(one("rtrim", &[text("ZabcZZ "), text(" Z")]), "Zabc");
        assert_eq!(one("trim", &[text(" ZZZZabcZZ "), text(" Z")]), "abc");
        assert_eq!(one("trim", &[text("xxaxxbxx"), text("x")]), "axxb");
        assert_eq!(one("trim", &[text("x"), null()]), "null");
    }

    #[test]
    fn replacing() {
        for (source, pattern, replacement, expected) in [
            ("1/14/2023", r"^(\d{1,2})/(\d{1,2})/", r"\2/\1/", "14/1/2023"),
            ("a-b-c-d", "-", "+", "a+b+c+d"),
            ("abc", "x", "y", "abc"),
            ("a.b", ".", "-", "---"),
            ("Abc", "(?i)a", "x", "xbc"),
            ("price 5", r"(\d)", r"$\1", "price $5"),
            ("ab", "(?<=a)b", "x", "ax"),
            ("a/b", "/", r"\\", r"a\b"),
            ("abc", "(b)", r"<\0>", "a<b>c"),
            ("abc", "(x)?b", r"[\1]", "a[]c"),
        ] {
            assert_eq!(one("replace", &[text(source), text(pattern), text(replacement)]), expected, "{pattern}");
        }
        assert_eq!(one("replace", &[text("a"), text("("), text("")]), "error");
        assert_eq!(one("replace", &[values(&["a1", "b2"]), text(r"\d"), text("")]), "a|b");
        assert!(check("replace", &[None, Some(Value::Text("(")), None]).is_err());
    }

    #[test]
    fn substrings_follow_sqlite() {
        for (start, length, expected) in [
            (1, Some(3), "str"),
            (-3, None, "ing"),
            (-3, Some(2), "in"),
            (4, None, "ing"),
            (0, Some(3), "st"),
            (0, None, "string"),
            (-10, Some(5), "s"),
            (-10, None, "string"),
            (5, Some(-2), "ri"),
            (9, None, ""),
            (2, Some(0), ""),
        ] {
            let mut arguments = vec![text("string"), integer(start)];
            arguments.extend(length.map(integer));
            assert_eq!(one("substr", &arguments), expected, "{start} {length:?}");
        }
        assert_eq!(one("substr", &[text("Größe"), integer(3), integer(1)]), "ö");
        assert_eq!(one("substr", &[integer(20231114), integer(1), integer(4)]), "2023");
        assert_eq!(one("substr", &[text("abc"), number(1e300)]), "");
        assert_eq!(one("substr", &[text("abc"), integer(i64::MIN), integer(i64::MIN)]), "");
    }

    #[test]
    fn url_escapes() {
        assert_eq!(one("urldecode", &[text("a%20b%26c+d")]), "a b&c+d");
        assert_eq!(one("urldecode", &[text("http%3A%2F%2Fwww.splunk.com%3Fr%3Dx")]), "http://www.splunk.com?r=x");
        assert_eq!(one("urldecode", &[text("100%, %zz, %")]), "100%, %zz, %");
        assert_eq!(one("urldecode", &[text("%C3%B6")]), "ö");
    }
}
