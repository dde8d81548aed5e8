//! The comparisons of the `search` command: case-insensitive, with `*` wildcards, never null.
//!
//! The patterns travel inside plans as literal texts in the encoding of [`SearchPattern::encode`].

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::BooleanBuffer;
use datafusion_common::{Result, exec_datafusion_err, exec_err};
use hashbrown::HashSet;
use ipnet::IpNet;
use memchr::memmem::Finder;

use crate::column::Column;
use crate::scalar::{Call, FunctionSpec, Kernel, OPERATORS};
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
    fn pieces(&self) -> Vec<String> {
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

    fn matches_column(&mut self, call: &Call<'_>) -> ArrayRef {
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

/// Where a term may begin and end in an event's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermBoundaries {
    /// At major and minor breakers: bare terms, quoted phrases and `CASE()`.
    Segments,
    /// At major breakers only: `TERM()`.
    Major,
}

impl TermBoundaries {
    /// The name that the operator takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Segments => "segments",
            Self::Major => "major",
        }
    }

    fn of(name: &str) -> Option<Self> {
        match name {
            "segments" => Some(Self::Segments),
            "major" => Some(Self::Major),
            _ => None,
        }
    }

    fn breaks(self, byte: u8) -> bool {
        is_major_breaker(byte) || (self == Self::Segments && is_minor_breaker(byte))
    }
}

/// Bytes that end the outermost segments of an event (the defaults of Splunk's segments.conf).
fn is_major_breaker(byte: u8) -> bool {
    matches!(
        byte,
        b'[' | b']'
            | b'<'
            | b'>'
            | b'('
            | b')'
            | b'{'
            | b'}'
            | b'|'
            | b'!'
            | b';'
            | b','
            | b'\''
            | b'"'
            | b'*'
            | b'\n'
            | b'\r'
            | b' '
            | b'\t'
            | b'&'
            | b'?'
            | b'+'
    )
}

/// Bytes that divide segments further (the defaults of Splunk's segments.conf).
fn is_minor_breaker(byte: u8) -> bool {
    matches!(byte, b'/' | b':' | b'=' | b'@' | b'.' | b'-' | b'$' | b'#' | b'%' | b'\\' | b'_')
}

/// A term, ready to be found in raw event text. A wildcard stands for characters of one major segment.
#[derive(Clone, Debug)]
pub struct TermMatcher {
    pieces: Vec<Finder<'static>>,
    starts_open: bool,
    ends_open: bool,
    boundaries: TermBoundaries,
    case_sensitive: bool,
    ascii: bool,
    scratch: Vec<u8>,
}

impl TermMatcher {
    fn new(pattern: &SearchPattern, boundaries: TermBoundaries) -> Self {
        let pieces = pattern.pieces();
        let open = pieces.len() > 1;
        Self {
            starts_open: open && pieces.first().is_some_and(String::is_empty),
            ends_open: open && pieces.last().is_some_and(String::is_empty),
            ascii: pieces.iter().all(|piece| piece.is_ascii()),
            pieces: pieces
                .into_iter()
                .filter(|piece| !piece.is_empty())
                .map(|piece| {
                    let folded = if pattern.case_sensitive { piece } else { piece.to_lowercase() };
                    Finder::new(folded.as_bytes()).into_owned()
                })
                .collect(),
            boundaries,
            case_sensitive: pattern.case_sensitive,
            scratch: Vec::new(),
        }
    }

    /// Whether the term occurs in the text.
    pub fn matches(&mut self, text: &str) -> bool {
        if self.case_sensitive {
            self.matches_bytes(text.as_bytes())
        } else if self.ascii {
            let mut folded = std::mem::take(&mut self.scratch);
            folded.clear();
            folded.extend_from_slice(text.as_bytes());
            folded.make_ascii_lowercase();
            let found = self.matches_bytes(&folded);
            self.scratch = folded;
            found
        } else {
            self.matches_bytes(text.to_lowercase().as_bytes())
        }
    }

    fn matches_bytes(&self, text: &[u8]) -> bool {
        let Some((first, others)) = self.pieces.split_first() else {
            return true;
        };
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| first.find(rest)) {
            let start = from + found;
            let end = start + first.needle().len();
            if (self.starts_open || self.breaks_before(text, start)) && self.rest_matches(text, end, others) {
                return true;
            }
            from = start + 1;
        }
        false
    }

    /// Whether the pieces after the first follow, each within the segment that its wildcard stands in.
    fn rest_matches(&self, text: &[u8], end: usize, others: &[Finder<'static>]) -> bool {
        let Some((next, others)) = others.split_first() else {
            return self.ends_open || self.breaks_after(text, end);
        };
        let reach = text[end..].iter().position(|byte| is_major_breaker(*byte)).map_or(text.len(), |at| end + at);
        let mut from = end;
        while let Some(found) = text.get(from..).and_then(|rest| next.find(rest)) {
            let start = from + found;
            if start > reach {
                return false;
            }
            if self.rest_matches(text, start + next.needle().len(), others) {
                return true;
            }
            // Only the last piece has an end to satisfy; for others the first place is as good as any.
            if !others.is_empty() {
                return false;
            }
            from = start + 1;
        }
        false
    }

    fn breaks_before(&self, text: &[u8], start: usize) -> bool {
        let breaks = |at: usize| text.get(at).is_some_and(|byte| self.boundaries.breaks(*byte));
        start == 0 || breaks(start - 1) || breaks(start)
    }

    fn breaks_after(&self, text: &[u8], end: usize) -> bool {
        let breaks = |at: usize| text.get(at).is_some_and(|byte| self.boundaries.breaks(*byte));
        end >= text.len() || breaks(end) || breaks(end - 1)
    }
}

/// Comparison of `search` other than equality: numeric when both are numbers, else by text without case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchComparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl SearchComparison {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Reads a symbol.
    pub fn of(symbol: &str) -> Option<Self> {
        [Self::Less, Self::LessOrEqual, Self::Greater, Self::GreaterOrEqual]
            .into_iter()
            .find(|comparison| comparison.symbol() == symbol)
    }

    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The operators of `search`, which the planner calls by name.
pub const FUNCTIONS: &[FunctionSpec] = &[
    FunctionSpec::new(
        "search_equal",
        OPERATORS,
        "search_equal(<field>,<pattern>)",
        "whether the field, or any of its values, matches the pattern; false when it is absent",
        (2, Some(2)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_equal),
    ),
    FunctionSpec::new(
        "search_not_equal",
        OPERATORS,
        "search_not_equal(<field>,<pattern>)",
        "whether the field has a value that does not match the pattern; false when it is absent",
        (2, Some(2)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_not_equal),
    ),
    FunctionSpec::new(
        "search_compare",
        OPERATORS,
        "search_compare(<field>,<operator>,<value>)",
        "whether the field, or any of its values, is less or greater than the value; false when it is absent",
        (3, Some(3)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_compare),
    ),
    FunctionSpec::new(
        "search_in",
        OPERATORS,
        "search_in(<field>,<pattern>,...)",
        "whether the field, or any of its values, matches one of the patterns; false when it is absent",
        (2, None),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_in),
    ),
    FunctionSpec::new(
        "search_term",
        OPERATORS,
        "search_term(<raw>,<pattern>,<boundaries>)",
        "whether the term occurs in the event's text; false when there is none",
        (3, Some(3)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_term),
    ),
];

fn conditions(rows: usize, test: impl FnMut(usize) -> bool) -> ArrayRef {
    Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(rows, test), None))
}

fn pattern_argument(call: &Call<'_>, argument: usize) -> Result<SearchPattern> {
    crate::scalar::kernels::literal_text(call, argument)
        .and_then(|encoded| SearchPattern::decode(&encoded))
        .ok_or_else(|| exec_datafusion_err!("a search pattern must be an encoded literal"))
}

fn search_equal(call: &Call<'_>) -> Result<ArrayRef> {
    Ok(pattern_argument(call, 1)?.matcher().matches_column(call))
}

fn search_not_equal(call: &Call<'_>) -> Result<ArrayRef> {
    let mut matcher = pattern_argument(call, 1)?.matcher();
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Null => false,
        Value::Multivalue(values) => values.iter().any(|text| !matcher.matches(text)),
        value => !matcher.matches_value(value),
    }))
}

fn search_compare(call: &Call<'_>) -> Result<ArrayRef> {
    let Some(comparison) = crate::scalar::kernels::literal_text(call, 1).and_then(|symbol| SearchComparison::of(&symbol)) else {
        return exec_err!("search compares with <, <=, > and >=");
    };
    let Some(wanted) = crate::scalar::kernels::literal_text(call, 2) else {
        return exec_err!("search compares with a literal value");
    };
    let number = crate::value::parse_number(&wanted);
    let wanted = wanted.to_lowercase();
    let holds = |value: Value<'_>| match (value.number(), number) {
        (Some(left), Some(right)) => left.partial_cmp(&right).is_some_and(|order| comparison.holds(order)),
        _ => value.text().is_some_and(|text| comparison.holds(text.to_lowercase().as_str().cmp(&wanted))),
    };
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Multivalue(values) => values.iter().any(|text| holds(Value::Text(text))),
        value => holds(value),
    }))
}

fn search_in(call: &Call<'_>) -> Result<ArrayRef> {
    let mut literals: HashSet<String, rustc_hash::FxBuildHasher> = HashSet::default();
    let mut matchers = Vec::new();
    // The patterns are one literal list, or an argument each.
    let encoded = call.arguments.iter().skip(1).filter_map(Column::literal).flat_map(|literal| literal.each_text());
    for encoded in encoded {
        let pattern =
            SearchPattern::decode(&encoded).ok_or_else(|| exec_datafusion_err!("a search pattern must be an encoded literal"))?;
        match pattern.as_literal() {
            Some(literal) if !pattern.case_sensitive && !literal.contains('/') => {
                literals.insert(literal.to_lowercase());
            }
            _ => matchers.push(pattern.matcher()),
        }
    }
    let mut folded = String::new();
    let mut contains = |text: &str| {
        let found = if text.is_ascii() {
            folded.clear();
            folded.push_str(text);
            folded.make_ascii_lowercase();
            literals.contains(folded.as_str())
        } else {
            literals.contains(text.to_lowercase().as_str())
        };
        found || matchers.iter_mut().any(|matcher| matcher.matches(text))
    };
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Null => false,
        Value::Text(text) => contains(text),
        Value::Multivalue(values) => values.iter().any(&mut contains),
        other => other.text().is_some_and(|text| contains(&text)),
    }))
}

fn search_term(call: &Call<'_>) -> Result<ArrayRef> {
    let pattern = pattern_argument(call, 1)?;
    let Some(boundaries) = crate::scalar::kernels::literal_text(call, 2).and_then(|name| TermBoundaries::of(&name)) else {
        return exec_err!("the boundaries of a term are segments or major");
    };
    if pattern.is_everything() {
        return Ok(conditions(call.rows, |_| true));
    }
    let mut matcher = pattern.term_matcher(boundaries);
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Null => false,
        Value::Text(text) => matcher.matches(text),
        other => other.text().is_some_and(|text| matcher.matches(&text)),
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
