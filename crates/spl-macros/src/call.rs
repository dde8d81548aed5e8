//! Macro calls in search text: where they stand, and what their name and arguments are.

use spl_parser::span::Span;

/// What stands at a place of interest in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A call with its backticks.
    Call(Span),
    /// A backtick that is never closed.
    Unclosed(usize),
}

/// The next call at or after `from`. Text in double quotes and triple-backtick comments is passed over.
///
/// `from` must stand outside quotes and comments.
pub(crate) fn next_call(text: &str, from: usize) -> Option<Mark> {
    let bytes = text.as_bytes();
    let mut position = from;
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'\\' => position += 2,
            b'"' => position = skip_quoted(bytes, position)?,
            b'`' if bytes[position..].starts_with(b"```") => position = skip_comment(text, position)?,
            b'`' => {
                return Some(match end_of_call(bytes, position) {
                    Some(end) => Mark::Call(Span::new(position, end)),
                    None => Mark::Unclosed(position),
                });
            }
            _ => position += 1,
        }
    }
    None
}

/// One past the quote that closes the one at `position`.
fn skip_quoted(bytes: &[u8], position: usize) -> Option<usize> {
    let mut position = position + 1;
    loop {
        match bytes.get(position)? {
            b'\\' => position += 2,
            b'"' => return Some(position + 1),
            _ => position += 1,
        }
    }
}

fn skip_comment(text: &str, position: usize) -> Option<usize> {
    let start = position + 3;
    text.get(start..)?.find("```").map(|length| start + length + 3)
}

/// One past the backtick that closes the call at `position`; quoted arguments may hold backticks.
fn end_of_call(bytes: &[u8], position: usize) -> Option<usize> {
    let mut inside = false;
    let mut at = position + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'`' => return Some(at + 1),
            b'(' => {
                inside = true;
                at += 1;
            }
            b'\\' if inside => at += 2,
            b'"' if inside => match skip_quoted(bytes, at) {
                // A quote that would run past every later backtick was a plain character: `disk(5")`.
                Some(end) if bytes[end..].contains(&b'`') => at = end,
                _ => at += 1,
            },
            _ => at += 1,
        }
    }
    None
}

/// A call taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The macro's name.
    pub name: String,
    /// The arguments; none when no parentheses were written.
    pub arguments: Option<Vec<CallArgument>>,
}

/// One argument of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CallArgument {
    /// The argument as written, surrounding blanks and quotes taken off.
    pub text: String,
    /// `name=value`: the two sides, for a macro that has an argument of that name.
    pub named: Option<(String, String)>,
}

/// Reads the text between the backticks.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn read_call(inner: &str) -> Result<Call, String> {
    let inner = inner.trim();
    let (name, arguments) = match inner.find('(') {
        None => (inner, None),
        Some(open) => {
            let Some(list) = inner[open + 1..].strip_suffix(')') else {
                return Err(format!("the argument list of macro `{}` is not closed by `)`", inner[..open].trim()));
            };
            (inner[..open].trim(), Some(split_arguments(list)))
        }
    };
    if name.is_empty() {
        return Err("a macro call without a name".to_owned());
    }
    if name.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '|' | ')')) {
        return Err(format!("`{name}` is not a macro name"));
    }
    Ok(Call { name: name.to_owned(), arguments })
}

fn split_arguments(list: &str) -> Vec<CallArgument> {
    if list.trim().is_empty() {
        return Vec::new();
    }
    let bytes = list.as_bytes();
    let (mut start, mut position, mut depth) = (0, 0, 0_usize);
    let mut arguments = Vec::new();
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'\\' => position += 1,
            b'"' => position = skip_quoted(bytes, position).map_or(position, |end| end - 1),
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                arguments.push(read_argument(&list[start..position]));
                start = position + 1;
            }
            _ => {}
        }
        position += 1;
    }
    arguments.push(read_argument(&list[start..]));
    arguments
}

fn read_argument(text: &str) -> CallArgument {
    let text = text.trim();
    let named = text.split_once('=').and_then(|(name, value)| {
        let name = name.trim();
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        plain.then(|| (name.to_owned(), unquote(value.trim())))
    });
    CallArgument { text: unquote(text), named }
}

/// Takes the quotes off a text that is quoted as a whole, and the backslash off escaped quotes.
fn unquote(text: &str) -> String {
    let bytes = text.as_bytes();
    let whole = bytes.first() == Some(&b'"') && skip_quoted(bytes, 0) == Some(bytes.len());
    let text = if whole { &text[1..text.len() - 1] } else { text };
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('"') => plain.push('"'),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn texts(inner: &str) -> Vec<String> {
        read_call(inner).unwrap().arguments.unwrap().into_iter().map(|a| a.text).collect()
    }

    #[test]
    fn finds_calls_outside_quotes_and_comments() {
        let text = r#"a "x`y`z" ```c `d` ``` \" `real` b"#;
        let at = text.find("`real`").unwrap();
        assert_eq!(next_call(text, 0), Some(Mark::Call(Span::new(at, at + 6))));
        assert_eq!(next_call(text, at + 6), None);
        assert_eq!(next_call("a `b", 0), Some(Mark::Unclosed(2)));
        assert_eq!(next_call("never closed \" `a`", 0), None);
    }

    #[test]
    fn quoted_arguments_may_hold_backticks() {
        let text = r#"`m("a`b", 5)` c"#;
        assert_eq!(next_call(text, 0), Some(Mark::Call(Span::new(0, text.len() - 2))));
        assert_eq!(next_call("`m(5\")` c", 0), Some(Mark::Call(Span::new(0, 7))));
    }

    #[test]
    fn splits_arguments() {
        assert_eq!(read_call("m").unwrap(), Call { name: "m".into(), arguments: None });
        assert_eq!(texts("m()"), Vec::<String>::new());
        assert_eq!(texts(r#"m(a, "b, c", f(x,y) )"#), ["a", "b, c", "f(x,y)"]);
        assert_eq!(texts(r#"m("He said \"hello!\"", \"x\")"#), [r#"He said "hello!""#, r#""x""#]);
        assert_eq!(texts(r#"m("a" OR "b")"#), [r#""a" OR "b""#]);
        assert_eq!(texts("m(,)"), ["", ""]);
        assert_eq!(texts(r"m(C:\x\)"), [r"C:\x\"]);
    }

    #[test]
    fn named_arguments() {
        let arguments = read_call(r#"m(a="x, y", n>=3)"#).unwrap().arguments.unwrap();
        assert_eq!(arguments[0].named, Some(("a".into(), "x, y".into())));
        assert_eq!(arguments[0].text, r#"a="x, y""#);
        assert_eq!(arguments[1].named, None);
    }

    #[test]
    fn bad_calls() {
        assert!(read_call("m(a").unwrap_err().contains("not closed"));
        assert!(read_call("  ").unwrap_err().contains("without a name"));
        assert!(read_call("a b").unwrap_err().contains("not a macro name"));
    }
}
