//! `FORMAT` of transforms at search time: names and values, each a text with `$1` for what a group holds.
//!
//! Source: Splunk admin manual, transforms.conf, FORMAT for search-time extractions.

use serde::{Deserialize, Serialize};

/// A name or a value of `FORMAT`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Piece {
    Text(String),
    Group(usize),
}

impl Template {
    /// Reads a text with `$1` and its kin.
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            let digits: String = rest[at + 1..].chars().take_while(char::is_ascii_digit).collect();
            match digits.parse::<usize>() {
                Ok(number) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Group(number));
                }
                Err(_) => plain.push('$'),
            }
            rest = &rest[at + 1 + digits.len()..];
        }
        plain.push_str(rest);
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Self(pieces)
    }

    /// The text when no group is in it.
    pub fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is what one group holds.
    pub fn is_one_group(&self) -> bool {
        matches!(self.0.as_slice(), [Piece::Group(_)])
    }

    /// The highest group in it.
    pub fn highest_group(&self) -> Option<usize> {
        let numbers = self.0.iter().filter_map(|piece| match piece {
            Piece::Group(number) => Some(*number),
            Piece::Text(_) => None,
        });
        numbers.max()
    }

    /// The text with what the groups hold; none when it is one group that took no part in the match.
    pub fn filled<'t>(&self, group: &dyn Fn(usize) -> Option<&'t str>) -> Option<String> {
        match self.0.as_slice() {
            [Piece::Group(number)] => group(*number).map(str::to_owned),
            pieces => Some(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) => text.as_str(),
                        Piece::Group(number) => group(*number).unwrap_or_default(),
                    })
                    .collect(),
            ),
        }
    }
}

/// The pairs of `name::value` with blanks between them. A name or a value with blanks stands in double quotes.
pub fn pairs(format: &str) -> Vec<(Template, Template)> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut split: Option<usize> = None;
    let mut quoted = false;
    let mut characters = format.chars().peekable();
    let mut finish = |word: &mut String, split: &mut Option<usize>| {
        if let Some(at) = split.take().filter(|at| *at > 0) {
            found.push((Template::new(&word[..at]), Template::new(&word[at..])));
        }
        word.clear();
    };
    while let Some(character) = characters.next() {
        match character {
            '\\' if quoted && characters.peek() == Some(&'"') => {
                word.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            ':' if !quoted && split.is_none() && characters.peek() == Some(&':') => {
                characters.next();
                split = Some(word.len());
            }
            blank if blank.is_whitespace() && !quoted => finish(&mut word, &mut split),
            other => word.push(other),
        }
    }
    finish(&mut word, &mut split);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_quotes() {
        let shown = |format: &str| -> Vec<String> {
            let group = |number: usize| match number {
                1 => Some("one"),
                2 => Some(""),
                _ => None,
            };
            pairs(format)
                .into_iter()
                .map(|(name, value)| {
                    format!("{}={}", name.filled(&group).unwrap_or_default(), value.filled(&group).unwrap_or("-".into()))
                })
                .collect()
        };
        assert_eq!(shown("user::$1 kind::\"a greeting\" rest::$3"), ["user=one", "kind=a greeting", "rest=-"]);
        assert_eq!(shown("\"my field\"::$1 x::\"$1 y\" $1::$2"), ["my field=one", "x=one y", "one="]);
        assert_eq!(shown("a::b::c url::http://x $ 1::2"), ["a=b::c", "url=http://x", "1=2"]);
        assert_eq!(shown("nothing ::x"), Vec::<String>::new());
        assert_eq!(Template::new("a$2b$12").highest_group(), Some(12));
        assert_eq!(Template::new("x").constant(), Some("x"));
        assert_eq!(Template::new("").constant(), Some(""));
    }
}
