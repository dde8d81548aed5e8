//! Patterns of `search`: what a value is compared with, and how they travel inside plans.

use std::net::IpAddr;

use arrow::array::{Array, ArrayRef};
use ipnet::IpNet;

use super::conditions;
use super::term::{TermBoundaries, TermMatcher};
use crate::column::Column;
use crate::scalar::Call;
use crate::value::{Value, format_number};
use crate::wildcard::Wildcard;

/// A part of a search pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PatternPart {
    /// These characters.
    Literal(String),
    /// Any characters, or none: `*`.
    Wildcard,
}

/// What a search term or a field comparison looks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SearchPattern {
    /// Literal texts and wildcards in order.
    pub parts: Vec<PatternPart>,
    /// Whether case counts: only inside `CASE()`.
    pub case_sensitive: bool,
}

impl SearchPattern {
    /// A pattern from the text of a search value, in which each `*` is a wildcard.
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        for (index, piece) in text.split('*').enumerate() {
            if index > 0 && parts.last() != Some(&PatternPart::Wildcard) {
                parts.push(PatternPart::Wildcard);
            }
            if !piece.is_empty() {
                parts.push(PatternPart::Literal(piece.to_owned()));
            }
        }
        Self { parts, case_sensitive: false }
    }

    /// A pattern without wildcards.
    pub fn literal(text: &str) -> Self {
        let parts = if text.is_empty() { Vec::new() } else { vec![PatternPart::Literal(text.to_owned())] };
        Self { parts, case_sensitive: false }
    }

    /// The same pattern with case.
    pub fn with_case(self) -> Self {
        Self { case_sensitive: true, ..self }
    }

    /// The text of a pattern without wildcards.
    pub fn as_literal(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                PatternPart::Literal(literal) => text.push_str(literal),
                PatternPart::Wildcard => return None,
            }
        }
        Some(text)
    }

    /// Whether it is nothing but wildcards and so matches everything.
    pub fn is_everything(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| *part == PatternPart::Wildcard)
    }

    /// As a literal for a plan: `i:` or `c:` (with case), then the text with `*` for a wildcard and a backslash before
    /// a literal `*` or backslash.
    pub fn encode(&self) -> String {
        let mut encoded = String::from(if self.case_sensitive { "c:" } else { "i:" });
        for part in &self.parts {
            match part {
                PatternPart::Wildcard => encoded.push('*'),
                PatternPart::Literal(literal) => {
                    for character in literal.chars() {
                        if matches!(character, '*' | '\\') {
                            encoded.push('\\');
                        }
                        encoded.push(character);
                    }
                }
            }
        }
        encoded
    }

    /// Reads [`SearchPattern::encode`]'s text; none when it is not of that form.
    pub fn decode(encoded: &str) -> Option<Self> {
        let (case_sensitive, text) = match encoded.split_at_checked(2)? {
            ("i:", text) => (false, text),
            ("c:", text) => (true, text),
            _ => return None,
        };
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '*' => {
                    if !literal.is_empty() {
                        parts.push(PatternPart::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(PatternPart::Wildcard);
                }
                '\\' => literal.push(characters.next()?),
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            parts.push(PatternPart::Literal(literal));
        }
        Some(Self { parts, case_sensitive })
    }

    /// The literal texts between wildcards; empty ones where wildcards touch each other or an end.
    pub fn literal_parts(&self) -> Vec<String> {
        self.pieces()
    }

    /// Literal texts between wildcards, as [`Wildcard::new`] wants them.
    pub(super) fn pieces(&self) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for part in &self.parts {
            match part {
                PatternPart::Wildcard => pieces.push(String::new()),
                PatternPart::Literal(literal) => {
                    if let Some(piece) = pieces.last_mut() {
                        piece.push_str(literal);
                    }
                }
            }
        }
        pieces
    }

    /// Ready to match whole field values.
    pub fn matcher(&self) -> SearchMatcher {
        let pieces = self.pieces();
        let literal = self.as_literal();
        SearchMatcher {
            network: literal.as_ref().filter(|text| text.contains('/')).and_then(|text| text.parse().ok()),
            literal,
            wildcard: Wildcard::new(pieces.iter().map(String::as_str), self.case_sensitive),
            scratch: Vec::new(),
        }
    }

    /// Ready to match terms in raw event text.
    pub fn term_matcher(&self, boundaries: TermBoundaries) -> TermMatcher {
        TermMatcher::new(self, boundaries)
    }
}

/// A pattern ready to match whole field values: `search field=pattern`. A pattern that is a CIDR block also matches the
/// addresses in it (Splunk search reference, search, CIDR matching).
#[derive(Clone, Debug)]
pub struct SearchMatcher {
    wildcard: Wildcard,
    network: Option<IpNet>,
    literal: Option<String>,
    scratch: Vec<u8>,
}

impl SearchMatcher {
    /// Whether the text matches the pattern as such, networks apart. `scratch` is reused between calls.
    pub fn matches_text(&self, text: &str, scratch: &mut Vec<u8>) -> bool {
        self.wildcard.matches(text, scratch)
    }

    /// Whether the text matches.
    pub fn matches(&mut self, text: &str) -> bool {
        self.wildcard.matches(text, &mut self.scratch)
            || self.network.is_some_and(|network| text.parse::<IpAddr>().is_ok_and(|address| network.contains(&address)))
    }

    /// Whether the value, or any of several, matches; an absent field does not.
    pub fn matches_value(&mut self, value: Value<'_>) -> bool {
        match value {
            Value::Null => false,
            Value::Text(text) => self.matches(text),
            Value::Multivalue(values) => values.iter().any(|text| self.matches(text)),
            other => other.text().is_some_and(|text| self.matches(&text)),
        }
    }

    pub(super) fn matches_column(&mut self, call: &Call<'_>) -> ArrayRef {
        let Some(column) = call.arguments.first() else {
            return conditions(call.rows, |_| false);
        };
        // A number column is compared without printing when the pattern is a number as it would print.
        match (column, &self.literal) {
            (Column::Integer(numbers), Some(literal)) => {
                let wanted = literal.parse::<i64>().ok().filter(|number| number.to_string() == *literal);
                conditions(call.rows, |row| numbers.is_valid(row) && Some(numbers.value(row)) == wanted)
            }
            (Column::Float(numbers), Some(literal)) if literal.parse::<f64>().is_ok_and(f64::is_finite) => {
                let wanted = literal.parse::<f64>().ok().filter(|number| format_number(*number) == *literal);
                conditions(call.rows, |row| numbers.is_valid(row) && Some(numbers.value(row)) == wanted)
            }
            _ => conditions(call.rows, |row| self.matches_value(column.value(row))),
        }
    }
}
