//! The fields that Splunk finds in any text without being asked: `key=value` and `key="some value"`.

use std::borrow::Cow;
use std::ops::Range;

/// Pairs beyond this number are not fields (Splunk, limits.conf, [kv] limit).
const MOST_PAIRS: usize = 100;

/// Bytes of a text that are looked at (Splunk, limits.conf, [kv] maxchars, counted in bytes here).
const MOST_BYTES: usize = 10_240;

/// A pair: the field's name, where its value stands, and whether quotes in it are escaped.
#[derive(Debug, PartialEq)]
pub(crate) struct Pair<'t> {
    pub(crate) name: Cow<'t, str>,
    pub(crate) value: Range<usize>,
    pub(crate) escaped: bool,
}

/// Whether a text is one whose fields are looked for as pairs: JSON and XML have their own.
pub(crate) fn applies(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    let next = characters.find(|c| !c.is_whitespace());
    let own = match first {
        Some('{') => matches!(next, Some('"' | '}')),
        Some('[') => matches!(next, Some('{' | '[' | '"' | ']')),
        // A number is the priority of a syslog line.
        Some('<') => !next.is_some_and(|next| next.is_ascii_digit()),
        _ => false,
    };
    !own && memchr::memchr(b'=', text.as_bytes()).is_some()
}

/// The pairs of a text, in order. A value without quotes ends at a blank, comma, semicolon, `|` or `&`. Names consist of
/// letters, digits and underscores; other characters become underscores, and those and digits in front are cut.
pub(crate) fn pairs(text: &str) -> Vec<Pair<'_>> {
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(at) = memchr::memchr(b'=', &bytes[start..]).map(|at| start + at) {
        if found.len() >= MOST_PAIRS {
            break;
        }
        let before = text[start..at].trim_end();
        let name_start = before
            .rfind(|c: char| !is_name(c))
            .map_or(0, |place| place + before[place..].chars().next().map_or(1, char::len_utf8));
        let name = clean(&before[name_start..]);
        let mut value = at + 1;
        let blanks = bytes[value..].iter().take_while(|byte| **byte == b' ').count();
        if bytes.get(value + blanks) == Some(&b'"') {
            value += blanks;
        }
        let (value, escaped, next) = if bytes.get(value) == Some(&b'"') {
            let inside = value + 1;
            let (length, escaped) = quoted(&bytes[inside..]);
            (inside..inside + length, escaped, (inside + length + 1).min(text.len()))
        } else {
            let length = text[value..]
                .find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '&' | '"'))
                .unwrap_or(text.len() - value);
            (value..value + length, false, value + length)
        };
        if !name.is_empty() && !value.is_empty() {
            found.push(Pair { name, value, escaped });
        }
        start = next.max(at + 1);
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

/// A field name of letters, digits and underscores; other characters become underscores, those in front are cut.
pub(crate) fn clean(name: &str) -> Cow<'_, str> {
    let name = name.trim_start_matches(|c: char| !c.is_alphabetic());
    if name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect())
    }
}

/// How far it is to the closing quote or the end, and whether there are escaped quotes before.
fn quoted(inside: &[u8]) -> (usize, bool) {
    let mut escapes = false;
    let mut skip = usize::MAX;
    for at in memchr::memchr2_iter(b'"', b'\\', inside) {
        if at == skip {
            continue;
        }
        if inside[at] == b'"' {
            return (at, escapes);
        }
        escapes |= inside.get(at + 1) == Some(&b'"');
        skip = at + 1;
    }
    (inside.len(), escapes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        pairs(text).into_iter().map(|pair| (pair.name.into_owned(), text[pair.value].to_owned())).collect()
    }

    #[test]
    fn pairs_are_found_anywhere() {
        for (text, expected) in [
            ("login user=ann ip=10.0.0.1, ok", vec![("user", "ann"), ("ip", "10.0.0.1")]),
            (r#"msg="two words" next=1"#, vec![("msg", "two words"), ("next", "1")]),
            (r#"a="x \"y\" z" b=2"#, vec![("a", r#"x \"y\" z"#), ("b", "2")]),
            ("GET /p?q=1&lang=de;x=2|y=3", vec![("q", "1"), ("lang", "de"), ("x", "2"), ("y", "3")]),
            ("k-1.2=v _x=1 9a=2 =3 é=4", vec![("k_1_2", "v"), ("x", "1"), ("a", "2"), ("é", "4")]),
            ("a= b=1", vec![("b", "1")]),
            (r#"path="C:\dir\" b=1"#, vec![("path", r#"C:\dir\" b=1"#)]),
            ("no pairs", vec![]),
        ] {
            let expected: Vec<(String, String)> =
                expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_looked_at_is_bounded() {
        let many: String = (0..300).map(|number| format!("k{number}=1 ")).collect();
        assert_eq!(found(&many).len(), MOST_PAIRS);
        let long = format!("{}ü k=1", "x".repeat(MOST_BYTES - 1));
        assert_eq!(found(&long), []);
    }
}
