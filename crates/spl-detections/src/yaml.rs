//! A YAML file as a tree whose keys and values know where they stand; `yaml/reader.rs` reads typed values out of it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use spl_macros::yaml;
use spl_parser::Span;
use spl_parser::span::Spanned;

pub mod reader;

pub use reader::{Mapping, Reader, UnknownKey};

/// A value of a YAML file and its place in the file's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it begins (quote or block indicator included) and where its line ends.
    pub span: Span,
}

/// What a YAML value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `~`, `null`.
    Null,
    /// `true`, `false`.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Mapping(Vec<(Spanned<String>, Node)>),
}

impl Value {
    /// What it is, for messages.
    fn name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Flag(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

/// Reads one YAML document.
///
/// # Errors
/// What is wrong with the YAML, in one line.
pub fn parse(text: &str) -> Result<Node, String> {
    let read: Read = yaml::from_str(text)?;
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect();
    Ok(located(read, &Lines { text, starts }))
}

/// The place that a message of [`parse`] names, `line 3 column 5: ...`, and what is said of it.
pub fn place<'m>(text: &str, message: &'m str) -> Option<(Span, &'m str)> {
    let (line, rest) = message.strip_prefix("line ")?.split_once(" column ")?;
    let (column, told) = rest.split_once(": ")?;
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect();
    let span = Lines { text, starts }.span(line.parse().ok()?, column.parse().ok()?);
    Some((span, told))
}

/// The text of a file by its lines.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl Lines<'_> {
    /// From a line and column, both from 1, columns in characters, to the end of the line.
    fn span(&self, line: u64, column: u64) -> Span {
        let Some(start) = usize::try_from(line).ok().and_then(|line| self.starts.get(line.checked_sub(1)?)) else {
            return Span::default();
        };
        let rest = self.text.get(*start..).unwrap_or_default();
        let rest = rest.split_once('\n').map_or(rest, |(line, _)| line);
        let before = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
        let offset = rest.char_indices().nth(before).map_or(rest.len(), |(offset, _)| offset);
        Span::new(start + offset, start + rest.trim_end().len().max(offset))
    }
}

/// A value as the YAML reader gives it.
type Read = serde_saphyr::Spanned<Unlocated>;

enum Unlocated {
    Scalar(Value),
    List(Vec<Read>),
    Mapping(Vec<(Read, Read)>),
}

fn located(read: Read, lines: &Lines<'_>) -> Node {
    let span = lines.span(read.referenced.line(), read.referenced.column());
    let value = match read.value {
        Unlocated::Scalar(value) => value,
        Unlocated::List(items) => Value::List(items.into_iter().map(|item| located(item, lines)).collect()),
        Unlocated::Mapping(entries) => Value::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = located(key, lines);
                    let name = key_text(&key.value);
                    let end = (key.span.start + name.len()).min(key.span.end);
                    (Spanned::new(name, Span::new(key.span.start, end)), located(value, lines))
                })
                .collect(),
        ),
    };
    Node { value, span }
}

/// A key as a text: numbers and booleans can be keys too.
fn key_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Flag(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Null | Value::List(_) | Value::Mapping(_) => String::new(),
    }
}

impl<'de> Deserialize<'de> for Unlocated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Unlocated;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Unlocated, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(Value::Flag(flag)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(Value::Integer(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Unlocated, E> {
        // What is too large for a whole number is a number all the same.
        Ok(Unlocated::Scalar(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer)))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer)))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(Value::Float(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(Value::Text(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Unlocated, E> {
        Ok(Unlocated::Scalar(Value::Text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unlocated, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Unlocated::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unlocated, A::Error> {
        let mut mapping = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            mapping.push(entry);
        }
        Ok(Unlocated::Mapping(mapping))
    }
}
