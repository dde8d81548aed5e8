//! Matching of texts against patterns with wildcards, without an allocation per text.

use memchr::memmem::Finder;

/// How letters compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// With case.
    Exact,
    /// Without case; the pattern is ASCII, so only ASCII letters need folding.
    Ascii,
    /// Without case; the pattern has other letters.
    Unicode,
}

/// A whole-text pattern: literal pieces with any number of characters between them.
#[derive(Clone, Debug)]
pub(crate) struct Wildcard {
    pieces: Vec<Finder<'static>>,
    starts_open: bool,
    ends_open: bool,
    case: Case,
}

impl Wildcard {
    /// Pieces between wildcards: `["a", "b"]` is `a*b`, `["", "b"]` is `*b`, `["a"]` is `a`.
    pub(crate) fn new<'a>(pieces: impl IntoIterator<Item = &'a str>, case_sensitive: bool) -> Self {
        let pieces: Vec<&str> = pieces.into_iter().collect();
        let case = match case_sensitive {
            true => Case::Exact,
            false if pieces.iter().all(|piece| piece.is_ascii()) => Case::Ascii,
            false => Case::Unicode,
        };
        let open = pieces.len() > 1;
        Self {
            starts_open: open && pieces.first().is_some_and(|piece| piece.is_empty()),
            ends_open: open && pieces.last().is_some_and(|piece| piece.is_empty()),
            pieces: pieces
                .into_iter()
                .filter(|piece| !open || !piece.is_empty())
                .map(|piece| {
                    let folded = if case_sensitive { piece.to_owned() } else { piece.to_lowercase() };
                    Finder::new(folded.as_bytes()).into_owned()
                })
                .collect(),
            case,
        }
    }

    /// Whether the whole text matches. `scratch` is reused between calls.
    pub(crate) fn matches(&self, text: &str, scratch: &mut Vec<u8>) -> bool {
        let bytes = text.as_bytes();
        match self.case {
            Case::Exact => self.matches_bytes(bytes),
            Case::Ascii => {
                // Only what is searched for inside the text needs a folded copy of it.
                match (&self.pieces[..], self.starts_open, self.ends_open) {
                    ([], true, _) => true,
                    ([piece], false, false) => bytes.eq_ignore_ascii_case(piece.needle()),
                    ([piece], false, true) => {
                        let needle = piece.needle();
                        bytes.get(..needle.len()).is_some_and(|start| start.eq_ignore_ascii_case(needle))
                    }
                    ([piece], true, false) => {
                        let needle = piece.needle();
                        let start = bytes.len().wrapping_sub(needle.len());
                        bytes.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(needle))
                    }
                    _ => {
                        scratch.clear();
                        scratch.extend_from_slice(bytes);
                        scratch.make_ascii_lowercase();
                        self.matches_bytes(scratch)
                    }
                }
            }
            Case::Unicode => self.matches_bytes(text.to_lowercase().as_bytes()),
        }
    }

    fn matches_bytes(&self, bytes: &[u8]) -> bool {
        let mut pieces = &self.pieces[..];
        let mut rest = bytes;
        if !self.starts_open && !self.ends_open && pieces.len() == 1 {
            return pieces[0].needle() == bytes;
        }
        if !self.starts_open
            && let Some((first, others)) = pieces.split_first()
        {
            let Some(after) = rest.strip_prefix(first.needle()) else {
                return false;
            };
            (rest, pieces) = (after, others);
        }
        if !self.ends_open
            && let Some((last, others)) = pieces.split_last()
        {
            let Some(before) = rest.strip_suffix(last.needle()) else {
                return false;
            };
            (rest, pieces) = (before, others);
        }
        for piece in pieces {
            let Some(found) = piece.find(rest) else {
                return false;
            };
            rest = &rest[found + piece.needle().len()..];
        }
        true
    }
}

/// A pattern of `like`: `%` stands for any characters, `_` for one; with case, no escapes.
#[derive(Clone, Debug)]
pub(crate) enum LikePattern {
    /// Without `_`.
    Pieces(Wildcard),
    /// With `_`.
    Characters(Vec<char>),
}

impl LikePattern {
    /// Compiles a pattern.
    pub(crate) fn new(pattern: &str) -> Self {
        if pattern.contains('_') {
            Self::Characters(pattern.chars().collect())
        } else {
            // Several percent signs in a row mean the same as one.
            let mut pieces: Vec<&str> = Vec::new();
            let parts: Vec<&str> = pattern.split('%').collect();
            for (index, part) in parts.iter().enumerate() {
                if !part.is_empty() || index == 0 || index + 1 == parts.len() {
                    pieces.push(part);
                }
            }
            Self::Pieces(Wildcard::new(pieces, true))
        }
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &str, scratch: &mut Vec<u8>) -> bool {
        match self {
            Self::Pieces(wildcard) => wildcard.matches(text, scratch),
            Self::Characters(pattern) => matches_characters(pattern, text),
        }
    }
}

/// Greedy matching that goes back to the last `%` only, which is enough because an earlier one could match no less.
fn matches_characters(pattern: &[char], text: &str) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    let mut last: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if pattern.get(at) == Some(&'%') {
            at += 1;
            last = Some((at, rest.clone()));
            continue;
        }
        let before = rest.clone();
        match (rest.next(), pattern.get(at)) {
            (None, None) => return true,
            (Some(_), Some('_')) => at += 1,
            (Some(character), Some(wanted)) if character == *wanted => at += 1,
            _ => {
                let Some((after_percent, from)) = &mut last else {
                    return false;
                };
                if before.as_str().is_empty() || from.next().is_none() {
                    return false;
                }
                at = *after_percent;
                rest = from.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wildcard(pattern: &str, text: &str, case_sensitive: bool) -> bool {
        Wildcard::new(pattern.split('*'), case_sensitive).matches(text, &mut Vec::new())
    }

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("foo", "FOO", true),
            ("foo", "food", false),
            ("foo*", "FOOD", true),
            ("*ood", "fOOd", true),
            ("*ood", "od", false),
            ("*oo*", "fOOd", true),
            ("f*d", "fd", true),
            ("f*d", "f", false),
            ("aba*aba", "aba", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXcXb", false),
            ("*", "", true),
            ("*", "x", true),
            ("", "", true),
            ("", "x", false),
            ("*größe*", "die GRÖßE", true),
            ("**x**", "axb", true),
        ] {
            assert_eq!(wildcard(pattern, text, false), expected, "{pattern} {text}");
        }
        assert!(!wildcard("foo", "FOO", true));
    }

    #[test]
    fn like_patterns() {
        for (pattern, text, expected) in [
            ("a%b_", "axxbz", true),
            ("a%b_", "axxb", false),
            ("a%b_", "abz", true),
            ("a%b_", "abbb", true),
            ("c_t", "cöt", true),
            ("c_t", "ct", false),
            ("%", "", true),
            ("_%", "", false),
            ("%_", "x", true),
            ("foo%", "foobar", true),
            ("foo%", "barfoo", false),
            ("%%a%%", "bab", true),
            ("a.c", "abc", false),
            ("Foo", "foo", false),
            ("%\\temp\\%", "c:\\temp\\x", true),
        ] {
            assert_eq!(LikePattern::new(pattern).matches(text, &mut Vec::new()), expected, "{pattern} {text}");
        }
    }
}
