//! What a transform or pairs of keys and values find in a text.

use spl_functions::pattern::Pattern;
use spl_knowledge::Transform;

/// The fields that are found in one text, each with its values.
pub type Found = Vec<(String, Vec<String>)>;

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
}

/// Finds fields in a text; fails when a regular expression takes too many steps.
pub type Reader<'t> = Box<dyn Fn(&str) -> Result<Found, String> + Send + Sync + 't>;

/// What a transform finds in a text.
///
/// # Errors
/// A regular expression that can't be read.
pub fn reader(transform: &Transform, clean: bool, several: bool) -> Result<Reader<'_>, String> {
    if let Some(delimiters) = &transform.delimiters {
        if delimiters.key_value.is_none() {
            return Ok(Box::new(move |text| {
                let values = split_outside_quotes(text, |c| delimiters.pairs.contains(c));
                Ok(transform.fields.iter().cloned().zip(values.into_iter().map(|value| vec![unquoted(value)])).collect())
            }));
        }
        let pairs = Pairs {
            between: Some(delimiters.pairs.chars().collect()),
            inside: delimiters.key_value.as_deref().unwrap_or_default().chars().collect(),
            limit: usize::MAX,
            characters: usize::MAX,
            several,
            clean,
        };
        return Ok(Box::new(move |text| Ok(pairs.read(text))));
    }
    let pattern = Pattern::new(transform.regex.as_deref().unwrap_or_default())?;
    Ok(Box::new(move |text| {
        let mut found = Vec::new();
        for groups in pattern.matches(text, 0)? {
            let group = |number: usize| groups.get(number).copied().flatten().and_then(|(start, end)| text.get(start..end));
            match &transform.format {
                Some(format) => {
                    for pair in format.split_whitespace() {
                        if let Some((name, value)) = pair.split_once("::") {
                            found.push((key(&filled(name, &group), clean), vec![filled(value, &group)]));
                        }
                    }
                }
                None => named_groups(&pattern, &group, clean, &mut found),
            }
        }
        Ok(merged(found, several))
    }))
}

/// Named groups are fields; `_KEY_1` and `_VAL_1` give the name and the value of one.
fn named_groups<'t>(pattern: &Pattern, group: &dyn Fn(usize) -> Option<&'t str>, clean: bool, found: &mut Found) {
    let names = pattern.group_names();
    for (number, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        if name.starts_with("_VAL_") {
            continue;
        }
        let Some(value) = group(number) else { continue };
        match name.strip_prefix("_KEY_") {
            None => found.push(((*name).to_owned(), vec![value.to_owned()])),
            Some(place) => {
                let paired = names.iter().position(|name| name.is_some_and(|name| name.strip_prefix("_VAL_") == Some(place)));
                if let Some(paired) = paired.and_then(group) {
                    found.push((key(value, clean), vec![paired.to_owned()]));
                }
            }
        }
    }
}

/// `$1` and its kin replaced by the groups.
fn filled<'t>(template: &str, group: &dyn Fn(usize) -> Option<&'t str>) -> String {
    let mut result = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        let digits: String = rest[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        match digits.parse::<usize>() {
            Ok(number) => result.push_str(group(number).unwrap_or_default()),
            Err(_) => result.push('$'),
        }
        rest = &rest[at + 1 + digits.len()..];
    }
    result.push_str(rest);
    result
}

/// The first value of each key, or all of them.
fn merged(found: Found, several: bool) -> Found {
    let mut result: Found = Vec::new();
    for (name, values) in found {
        match result.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if several => known.extend(values),
            Some(_) => {}
            None => result.push((name, values)),
        }
    }
    result
}

/// A key as a field name: other characters than letters and digits are underscores, those and digits in front are cut.
fn key(text: &str, clean: bool) -> String {
    if !clean {
        return text.to_owned();
    }
    let replaced: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    replaced.trim_start_matches(|c: char| c == '_' || c.is_ascii_digit()).to_owned()
}

fn unquoted(text: &str) -> String {
    let trimmed = text.trim();
    match trimmed.strip_prefix('"').and_then(|inside| inside.strip_suffix('"')) {
        Some(inside) => inside.replace("\\\"", "\""),
        None => trimmed.to_owned(),
    }
}

fn split_outside_quotes(text: &str, ends: impl Fn(char) -> bool) -> Vec<&str> {
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
        let name = key(name.trim_matches('"'), self.clean);
        (!name.is_empty() && !value.is_empty()).then(|| (name, vec![value]))
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
