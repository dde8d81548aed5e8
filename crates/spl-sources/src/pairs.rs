//! The fields that Splunk finds in any text without being asked: `key=value` and `key="some value"`.

use std::borrow::Cow;
use std::ops::Range;

use crate::automatic_fields::PairRules;
use crate::windows_text;

/// Pairs beyond this number are not fields (Splunk, limits.conf, [kv] limit).
const MOST_PAIRS: usize = 100;

/// Bytes of a text that are looked at (Splunk, limits.conf, [kv] maxchars, counted in bytes here).
const MOST_BYTES: usize = 10_240;

/// A pair: the field's name, where its value stands, and whether there are escaped quotes or backslashes in it.
#[derive(Debug, PartialEq)]
pub(crate) struct Pair<'t> {
    pub(crate) name: Cow<'t, str>,
    pub(crate) value: Range<usize>,
    pub(crate) escaped: bool,
}

/// Whether a text is one whose fields are looked for as pairs: JSON and Windows events have their own.
pub(crate) fn applies(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    let next = characters.find(|c| !c.is_whitespace());
    let own = match first {
        Some('{') => matches!(next, Some('"' | '}')),
        Some('[') => matches!(next, Some('{' | '[' | '"' | ']')),
        _ => windows_text::is_event(text.as_bytes()),
    };
    !own && memchr::memchr(b'=', text.as_bytes()).is_some()
}

/// The pairs of a text, in order. A value without quotes ends at a blank, comma, semicolon, `|` or `&`. Names consist of
/// letters, digits and underscores; other characters become underscores, and those and digits in front are cut.
pub(crate) fn pairs(text: &str, rules: PairRules) -> Vec<Pair<'_>> {
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
            let (length, escaped) = quoted(&bytes[inside..], rules.escapes);
            let mut value = inside..inside + length;
            if rules.trims {
                value.start += text[value.clone()].bytes().take_while(|byte| *byte == b' ').count();
                value.end -= text[value.clone()].bytes().rev().take_while(|byte| *byte == b' ').count();
            }
            (value, escaped, (inside + length + 1).min(text.len()))
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

/// A value in which quotes and backslashes are escaped, without the escapes.
pub(crate) fn unescaped(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match characters.peek() {
            Some(next @ ('"' | '\\')) if character == '\\' => {
                plain.push(*next);
                characters.next();
            }
            _ => plain.push(character),
        }
    }
    plain
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

/// How far it is to the closing quote or the end, and whether there are escaped characters before.
fn quoted(inside: &[u8], escapes: bool) -> (usize, bool) {
    if !escapes {
        return (memchr::memchr(b'"', inside).unwrap_or(inside.len()), false);
    }
    let mut escaped = false;
    let mut skip = usize::MAX;
    for at in memchr::memchr2_iter(b'"', b'\\', inside) {
        if at == skip {
            continue;
        }
        if inside[at] == b'"' {
            return (at, escaped);
        }
        escaped |= matches!(inside.get(at + 1), Some(b'"' | b'\\'));
        skip = at + 1;
    }
    (inside.len(), escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, rules: PairRules) -> Vec<(String, String)> {
        let value = |pair: &Pair<'_>| {
            let value = &text[pair.value.clone()];
            if pair.escaped { unescaped(value) } else { value.to_owned() }
        };
        pairs(text, rules).into_iter().map(|pair| (pair.name.clone().into_owned(), value(&pair))).collect()
    }

    fn found(text: &str) -> Vec<(String, String)> {
        read(text, PairRules::default())
    }

    #[test]
    fn pairs_are_found_anywhere() {
        for (text, expected) in [
            ("login user=ann ip=10.0.0.1, ok", vec![("user", "ann"), ("ip", "10.0.0.1")]),
            (r#"msg="two words" next=1"#, vec![("msg", "two words"), ("next", "1")]),
            (r#"a="x \"y\" z" b=2"#, vec![("a", r"x \"), ("b", "2")]),
            (r#"a=" x y " b="  ""#, vec![("a", "x y")]),
            ("GET /p?q=1&lang=de;x=2|y=3", vec![("q", "1"), ("lang", "de"), ("x", "2"), ("y", "3")]),
            ("k-1.2=v _x=1 9a=2 =3 é=4", vec![("k_1_2", "v"), ("x", "1"), ("a", "2"), ("é", "4")]),
            ("a= b=1", vec![("b", "1")]),
            (r#"path="C:\dir\" b=1"#, vec![("path", r"C:\dir\"), ("b", "1")]),
            ("no pairs", vec![]),
        ] {
            let expected: Vec<(String, String)> =
                expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn escapes_and_blanks_as_the_sourcetype_says() {
        let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let escaped = PairRules { escapes: true, trims: true };
        assert_eq!(read(r#"a=" x \"y\" \\" b="C:\d""#, escaped), [owned("a", r#"x "y" \"#), owned("b", r"C:\d")]);
        let kept = PairRules { escapes: false, trims: false };
        assert_eq!(read("a=\" x \" b=\" \"", kept), [owned("a", " x "), owned("b", " ")]);
    }

    #[test]
    fn what_is_looked_at_is_bounded() {
        let many: String = (0..300).map(|number| format!("k{number}=1 ")).collect();
        assert_eq!(found(&many).len(), MOST_PAIRS);
        let long = format!("{}ü k=1", "x".repeat(MOST_BYTES - 1));
        assert_eq!(found(&long), []);
    }
}
