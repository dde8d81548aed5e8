//! Names and texts with the quotes and escapes that they need.

use crate::syntax::{FieldName, Pattern, PatternPart, Quoting};

/// A field as it was quoted.
pub fn field(output: &mut String, field: &FieldName) {
    match field.quoting {
        Quoting::None => output.push_str(&field.name),
        Quoting::Single => {
            output.push('\'');
            escape(output, &field.name, '\'');
            output.push('\'');
        }
        Quoting::Double => quoted(output, &field.name),
    }
}

/// A text in double quotes, quotes and backslashes escaped.
pub fn quoted(output: &mut String, text: &str) {
    output.push('"');
    escape(output, text, '"');
    output.push('"');
}

fn escape(output: &mut String, text: &str, quote: char) {
    for c in text.chars() {
        if c == quote || c == '\\' {
            output.push('\\');
        }
        output.push(c);
    }
}

/// A regular expression in double quotes: a backslash is doubled only where it would escape what follows, so that
/// `\d` stays readable.
pub fn quoted_regular_expression(output: &mut String, text: &str) {
    output.push('"');
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '"' || (c == '\\' && matches!(characters.peek(), Some('"' | '\\') | None)) {
            output.push('\\');
        }
        output.push(c);
    }
    output.push('"');
}

/// A text, in quotes where it was.
pub fn text(output: &mut String, text: &str, was_quoted: bool) {
    if was_quoted { quoted(output, text) } else { output.push_str(text) }
}

/// A text in quotes unless it is plainly a word.
pub fn word(output: &mut String, text: &str) {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '@' | '.' | ':' | '/' | '*' | '%' | '#' | '$' | '{' | '}');
    if !text.is_empty() && text.chars().all(plain) { output.push_str(text) } else { quoted(output, text) }
}

/// A search value's pattern with its escapes.
pub fn pattern(output: &mut String, pattern: &Pattern, was_quoted: bool) {
    for part in &pattern.parts {
        match part {
            PatternPart::Wildcard => output.push('*'),
            PatternPart::Literal(text) => {
                for c in text.chars() {
                    if matches!(c, '"' | '\\') || (c == '|' && !was_quoted) {
                        output.push('\\');
                    }
                    output.push(c);
                }
            }
        }
    }
}
