//! Terms of `search`: where they are found in the text of an event.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use memchr::memmem::Finder;

use super::pattern::SearchPattern;

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

    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "segments" => Some(Self::Segments),
            "major" => Some(Self::Major),
            _ => None,
        }
    }

    fn breaks(self, byte: u8) -> bool {
        is_major_breaker(byte) || (self == Self::Segments && is_minor_breaker(byte))
    }

    /// Whether a segment begins at a place of a text.
    fn breaks_before(self, text: &[u8], start: usize) -> bool {
        let breaks = |at: usize| text.get(at).is_some_and(|byte| self.breaks(*byte));
        start == 0 || breaks(start - 1) || breaks(start)
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
    pub(super) fn new(pattern: &SearchPattern, boundaries: TermBoundaries) -> Self {
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
        let Some(first) = self.pieces.first() else {
            return true;
        };
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| first.find(rest)) {
            let start = from + found;
            if self.matches_from(text, start) {
                return true;
            }
            from = start + 1;
        }
        false
    }

    /// Whether the term is where its first piece stands.
    fn matches_from(&self, text: &[u8], start: usize) -> bool {
        let Some((first, others)) = self.pieces.split_first() else {
            return true;
        };
        let end = start + first.needle().len();
        (self.starts_open || self.boundaries.breaks_before(text, start)) && self.rest_matches(text, end, others)
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

    fn breaks_after(&self, text: &[u8], end: usize) -> bool {
        let breaks = |at: usize| text.get(at).is_some_and(|byte| self.boundaries.breaks(*byte));
        end >= text.len() || breaks(end) || breaks(end - 1)
    }
}

/// Many terms, of which one must occur: each place of a text is looked up by its hash, once for each length that terms have,
/// whatever their number.
#[derive(Debug)]
pub struct AnyTermMatcher {
    /// Terms that ignore case and are ASCII, by the length of their first piece.
    lengths: Vec<TermsOfLength>,
    /// The bytes that first pieces begin with.
    first_bytes: [bool; 256],
    /// The terms that are looked for one by one.
    others: Vec<TermMatcher>,
    boundaries: TermBoundaries,
    scratch: Vec<u8>,
}

/// Terms whose first pieces have one length, by these.
#[derive(Debug)]
struct TermsOfLength {
    length: usize,
    /// A wildcard stands before one of them.
    any_open: bool,
    terms: HashMap<Vec<u8>, Vec<TermMatcher>, rustc_hash::FxBuildHasher>,
}

impl AnyTermMatcher {
    /// Terms that all have the same boundaries.
    pub fn new(patterns: &[SearchPattern], boundaries: TermBoundaries) -> Self {
        let mut lengths: BTreeMap<usize, TermsOfLength> = BTreeMap::new();
        let (mut first_bytes, mut others) = ([false; 256], Vec::new());
        for pattern in patterns {
            let term = TermMatcher::new(pattern, boundaries);
            let first = term.pieces.first().map(|piece| piece.needle().to_vec());
            let Some(first) = first.filter(|_| term.ascii && !term.case_sensitive) else {
                others.push(term);
                continue;
            };
            first_bytes[usize::from(first[0])] = true;
            let length = first.len();
            let of_length = lengths.entry(length).or_insert(TermsOfLength { length, any_open: false, terms: HashMap::default() });
            of_length.any_open |= term.starts_open;
            of_length.terms.entry(first).or_default().push(term);
        }
        Self { lengths: lengths.into_values().collect(), first_bytes, others, boundaries, scratch: Vec::new() }
    }

    /// Whether one of the terms occurs in the text.
    pub fn matches(&mut self, text: &str) -> bool {
        self.scratch.clear();
        self.scratch.extend_from_slice(text.as_bytes());
        self.scratch.make_ascii_lowercase();
        let found = &self.scratch;
        (0..found.len()).any(|start| self.matches_at(found, start)) || self.others.iter_mut().any(|term| term.matches(text))
    }

    fn matches_at(&self, text: &[u8], start: usize) -> bool {
        if !self.first_bytes[usize::from(text[start])] {
            return false;
        }
        let breaks = self.boundaries.breaks_before(text, start);
        self.lengths.iter().filter(|of_length| breaks || of_length.any_open).any(|of_length| {
            let terms = text.get(start..start + of_length.length).and_then(|piece| of_length.terms.get(piece));
            terms.is_some_and(|terms| terms.iter().any(|term| term.matches_from(text, start)))
        })
    }
}
