//! Keys and values between delimiters, and pairs that stand anywhere in a text.
//!
//! Source: Splunk admin manual, transforms.conf, DELIMS; Splunk search reference, extract.

use super::{Found, clean_key, merged};

/// How pairs are read.
pub struct Pairs {
    /// The characters between pairs; none: pairs stand anywhere in the text.
    pub between: Option<Vec<char>>,
    /// The characters between a key and its value.
    pub inside: Vec<char>,
    /// Most pairs.
    pub limit: usize,
    /// Most characters of the text that are read.
    pub characters: usize,
    /// Every value of a key is kept, not only the first.
    pub several: bool,
    /// Keys are cleaned as field names.
    pub clean: bool,
    /// Empty values are values.
    pub empty: bool,
}

/// The text without the quotes and the blanks around it.
pub(crate) fn unquoted(text: &str) -> String {
    let trimmed = text.trim();
    match trimmed.strip_prefix('"').and_then(|inside| inside.strip_suffix('"')) {
        Some(inside) => inside.replace("\\\"", "\""),
        None => trimmed.to_owned(),
    }
}

/// The pieces between delimiters; those inside double quotes separate nothing.
pub(crate) fn split_outside_quotes(text: &str, ends: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut pieces, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            other if !quoted && ends(other) => {
                pieces.push(&text[start..at]);
                start = at + other.len_utf8();
            }
            _ => {}
        }
        escaped = false;
    }
    pieces.push(&text[start..]);
    pieces
}

impl Pairs {
    /// The fields of a text.
    pub fn read(&self, text: &str) -> Found {
        let end = text.char_indices().nth(self.characters).map_or(text.len(), |(at, _)| at);
        let text = &text[..end];
        let found = match &self.between {
            Some(between) => split_outside_quotes(text, |c| between.contains(&c))
                .into_iter()
                .filter_map(|pair| {
                    let at = pair.find(|c| self.inside.contains(&c))?;
                    let (name, value) = pair.split_at(at);
                    let value = value.chars().next().map_or("", |delimiter| &value[delimiter.len_utf8()..]);
                    self.pair(name.trim(), unquoted(value))
                })
                .take(self.limit)
                .collect(),
            None => self.scan(text),
        };
        merged(found, self.several)
    }

    fn pair(&self, name: &str, value: String) -> Option<(String, Vec<String>)> {
        let name = name.trim_matches('"');
        let name = if self.clean { clean_key(name) } else { name.to_owned() };
        (!name.is_empty() && (self.empty || !value.is_empty())).then(|| (name, vec![value]))
    }

    /// `key=value` and `key="some value"` anywhere; a bare value ends at a blank, comma, semicolon, `|` or `&`.
    fn scan(&self, text: &str) -> Found {
        let mut found = Vec::new();
        let mut start = 0;
        while let Some(at) = text[start..].find(|c| self.inside.contains(&c)).map(|at| start + at) {
            if found.len() >= self.limit {
                break;
            }
            let delimiter = text[at..].chars().next().map_or(1, char::len_utf8);
            let name_end = text[start..at].trim_end().len() + start;
            let name_start = text[start..name_end]
                .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')))
                .map_or(start, |before| start + before + text[start + before..].chars().next().map_or(1, char::len_utf8));
            let name = &text[name_start..name_end];
            let mut value_at = at + delimiter;
            let skipped = text[value_at..].len() - text[value_at..].trim_start_matches(' ').len();
            if text[value_at + skipped..].starts_with('"') {
                value_at += skipped;
            }
            let (value, next) = if let Some(inside) = text[value_at..].strip_prefix('"') {
                let end = closing_quote(inside).unwrap_or(inside.len());
                (inside[..end].replace("\\\"", "\""), (value_at + 1 + end + 1).min(text.len()))
            } else {
                let rest = &text[value_at..];
                let end =
                    rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '&' | '"')).unwrap_or(rest.len());
                (rest[..end].to_owned(), value_at + end)
            };
            found.extend(self.pair(name, value));
            start = next.max(at + delimiter);
        }
        found
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some(at),
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(between: Option<&str>, inside: &str, text: &str) -> Vec<(String, String)> {
        let pairs = Pairs {
            between: between.map(|set| set.chars().collect()),
            inside: inside.chars().collect(),
            limit: 50,
            characters: 1000,
            several: false,
            clean: true,
            empty: false,
        };
        pairs.read(text).into_iter().map(|(name, values)| (name, values.join("|"))).collect()
    }

    fn owned(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn automatic_pairs() {
        let found = pairs(None, "=", r#"12:00 login user=alice, note="a \"b\" c" x-y=1;z= é=ü a==b last="cut"#);
        assert_eq!(
            found,
            owned(&[("user", "alice"), ("note", "a \"b\" c"), ("x_y", "1"), ("é", "ü"), ("a", "=b"), ("last", "cut")])
        );
        assert_eq!(pairs(None, "=", "==="), owned(&[]));
    }

    #[test]
    fn delimited_pairs() {
        assert_eq!(pairs(Some("?&"), "=", "/cart?item=book&qty=2&item=x"), owned(&[("item", "book"), ("qty", "2")]));
        assert_eq!(pairs(Some("|;"), "=:", "a=1|b:\"2;3\";c"), owned(&[("a", "1"), ("b", "2;3")]));
    }
}
