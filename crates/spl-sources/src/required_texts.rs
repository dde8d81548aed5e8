//! Lines that a search can't find are passed over unread: those without a text that it looks for.
//!
//! A line is read in any case where its text may say something in another way: where it has characters that are not ASCII, an
//! escape of JSON (`\u0041`) or a reference of XML (`&#65;`), or where it may be of a kind of events that is excepted.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, Span};
use memchr::memmem::Finder;

use crate::role::Defaults;

/// Says something of events of a sourcetype, source and host.
pub type OfEvents = dyn Fn(&str, &str, &str) -> bool + Send + Sync;

/// Texts of which an event must have one so that the searches for which it is loaded can find it. Case is ignored.
#[derive(Clone)]
pub struct RequiredTexts {
    any: BTreeSet<String>,
    /// Texts with which a line is of an excepted kind of events, or may be.
    kept: BTreeSet<String>,
    is_excepted: Arc<OfEvents>,
}

/// With these names a record says its sourcetype otherwise than as `sourcetype`: a Windows event, a log of Zeek.
const OF_SOURCETYPE: &[&str] = &["channel", "LogName", "\"_path\"", "\"_path\\"];
/// With these names a record says its own source or host.
const OF_ORIGIN: &[&str] = &["\"source\"", "\"host\"", "\"computer", "hostname", "MachineName"];

impl RequiredTexts {
    /// Texts, and the sourcetypes whose events are read in any case.
    pub fn new(
        any: impl IntoIterator<Item = String>,
        sourcetypes: impl IntoIterator<Item = String>,
        is_excepted: Arc<OfEvents>,
    ) -> Self {
        let mut kept: BTreeSet<String> = sourcetypes.into_iter().collect();
        if !kept.is_empty() {
            kept.extend(OF_SOURCETYPE.iter().map(|text| (*text).to_owned()));
        }
        Self { any: any.into_iter().collect(), kept, is_excepted }
    }

    /// Events that say their own sourcetype, source or host are read in any case too.
    #[must_use]
    pub fn with_own_origin(mut self, of_sourcetype: bool) -> Self {
        self.kept.extend(OF_SOURCETYPE.iter().chain(OF_ORIGIN).map(|text| (*text).to_owned()));
        if of_sourcetype {
            self.kept.insert("\"sourcetype\"".to_owned());
        }
        self
    }

    /// What finds lines that must be read in a part of a file; none when all must be.
    pub(crate) fn finder(&self, defaults: &Defaults) -> Option<LineFinder> {
        if (self.is_excepted)(&defaults.sourcetype, &defaults.source, &defaults.host) {
            return None;
        }
        TextFinder::new(self.any.iter().chain(&self.kept)).map(LineFinder::new)
    }
}

impl fmt::Debug for RequiredTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequiredTexts").field("any", &self.any).field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// Finds signs that a line must be read. It goes through a text once, from its beginning to its end.
pub(crate) struct LineFinder {
    texts: TextFinder,
    escapes: Finder<'static>,
    references: Finder<'static>,
    /// The next place of each, none before a place that was asked for.
    next: [usize; 3],
    started: bool,
}

impl LineFinder {
    fn new(texts: TextFinder) -> Self {
        Self { texts, escapes: Finder::new("\\u"), references: Finder::new("&#"), next: [0; 3], started: false }
    }

    /// Whether the line between two places of a text must be read. Lines are asked for in their order.
    pub(crate) fn must_read(&mut self, text: &[u8], start: usize, end: usize) -> bool {
        if !std::mem::replace(&mut self.started, true) || self.next[0] < start {
            self.next[0] = self.texts.next(text, start);
        }
        if self.next[0] < end {
            return true;
        }
        if self.next[1] <= start {
            self.next[1] = self.escapes.find(&text[start..]).map_or(text.len(), |at| start + at);
        }
        while self.next[1] < end {
            let at = self.next[1];
            if text[at + 2..].first_chunk::<4>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                return true;
            }
            self.next[1] = self.escapes.find(&text[at + 2..]).map_or(text.len(), |next| at + 2 + next);
        }
        if self.next[2] <= start {
            self.next[2] = self.references.find(&text[start..]).map_or(text.len(), |at| start + at);
        }
        self.next[2] < end || !text[start..end].is_ascii()
    }
}

/// Bytes of a text that are looked for first.
const WINDOW: usize = 3;
/// Most forms of windows that the fast search takes.
const FORMS: usize = 64;

/// Finds any of some texts, in any case of their letters.
enum TextFinder {
    /// By three bytes of each text, in each of their cases.
    Windows {
        searcher: packed::Searcher,
        of_form: Vec<Vec<(Box<[u8]>, usize)>>,
    },
    Automaton(Box<AhoCorasick>),
}

impl TextFinder {
    fn new<'t>(texts: impl Iterator<Item = &'t String> + Clone) -> Option<Self> {
        if texts.clone().any(|text| text.len() < WINDOW) {
            return None;
        }
        let mut forms: Vec<Vec<u8>> = Vec::new();
        let mut of_form: Vec<Vec<(Box<[u8]>, usize)>> = Vec::new();
        for text in texts.clone() {
            let bytes = text.as_bytes();
            let at = (0..=bytes.len() - WINDOW).min_by_key(|at| frequency(&bytes[*at..*at + WINDOW]))?;
            for form in cases(&bytes[at..at + WINDOW]) {
                let place = forms.iter().position(|known| *known == form).unwrap_or_else(|| {
                    forms.push(form);
                    of_form.push(Vec::new());
                    forms.len() - 1
                });
                of_form[place].push((bytes.into(), at));
            }
        }
        if forms.len() <= FORMS
            && let Some(searcher) =
                packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder().extend(&forms).build()
        {
            return Some(Self::Windows { searcher, of_form });
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(texts.map(String::as_bytes));
        automaton.ok().map(|automaton| Self::Automaton(Box::new(automaton)))
    }

    /// A place of the first text that begins at or behind a place; the end when there is none.
    fn next(&self, text: &[u8], from: usize) -> usize {
        match self {
            Self::Automaton(automaton) => automaton.find(&text[from..]).map_or(text.len(), |found| from + found.start()),
            Self::Windows { searcher, of_form } => {
                let mut at = from;
                while let Some(found) = searcher.find_in(text, Span { start: at, end: text.len() }) {
                    let is_there = |(wanted, offset): &(Box<[u8]>, usize)| {
                        let begin = found.start().checked_sub(*offset).filter(|begin| *begin >= from);
                        let there = begin.and_then(|begin| text.get(begin..begin + wanted.len()));
                        there.is_some_and(|there| there.eq_ignore_ascii_case(wanted))
                    };
                    if of_form[found.pattern().as_usize()].iter().any(is_there) {
                        return found.start();
                    }
                    at = found.start() + 1;
                }
                text.len()
            }
        }
    }
}

/// The bytes in each case of their letters.
fn cases(window: &[u8]) -> Vec<Vec<u8>> {
    window.iter().fold(vec![Vec::new()], |forms, byte| {
        let mut own = vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        own.dedup();
        let longer = |byte: u8| forms.iter().map(move |form: &Vec<u8>| [form.as_slice(), &[byte]].concat());
        own.into_iter().flat_map(longer).collect()
    })
}

/// About how often bytes stand in logs, and how many forms they have.
fn frequency(window: &[u8]) -> u32 {
    let of_byte = |byte: &u8| match byte.to_ascii_lowercase() {
        b'q' | b'x' | b'z' | b'j' => 1,
        b'k' | b'w' | b'v' | b'y' | b'b' | b'g' => 3,
        b'f' | b'h' | b'm' | b'u' | b'p' | b'd' => 4,
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'c' | b'l' => 6,
        b'0'..=b'9' => 5,
        b' ' | b'.' | b':' | b',' | b'_' | b'-' => 6,
        _ => 3,
    };
    window.iter().map(of_byte).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &RequiredTexts, lines: &str) -> Vec<bool> {
        let defaults = Defaults { host: "h".into(), source: "s".into(), sourcetype: "t".into(), index: "main".into() };
        let Some(mut finder) = texts.finder(&defaults) else { return lines.lines().map(|_| true).collect() };
        let mut start = 0;
        let mut found = Vec::new();
        for line in lines.lines() {
            found.push(finder.must_read(lines.as_bytes(), start, start + line.len()));
            start += line.len() + 1;
        }
        found
    }

    fn texts(any: &[&str], sourcetypes: &[&str]) -> RequiredTexts {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        RequiredTexts::new(owned(any), owned(sourcetypes), Arc::new(|sourcetype, _, _| sourcetype == "excepted"))
    }

    #[test]
    fn lines_with_a_text_are_read() {
        let lines = "{\"a\":\"xRemCom.EXEy\"}\n{\"a\":\"remcom\"}\n\n{\"a\":\"rem\ncom.exe\"}\nremcom.exe";
        assert_eq!(read(&texts(&["remcom.exe"], &[]), lines), [true, false, false, false, false, true]);
        assert_eq!(read(&texts(&["com", "abc"], &[]), lines), [true, true, false, false, true, true]);
    }

    #[test]
    fn lines_that_may_say_it_otherwise_are_read() {
        let lines =
            "{\"a\":\"rem\\u0063om.exe\"}\n{\"a\":\"C:\\\\u5\\\\users\"}\n{\"a\":\"&#99;\"}\n{\"a\":\"é\"}\n{\"a\":\"b\"}";
        assert_eq!(read(&texts(&["remcom.exe"], &[]), lines), [true, false, true, true, false]);
    }

    #[test]
    fn lines_of_excepted_kinds_are_read() {
        let lines =
            "{\"sourcetype\":\"linux:audit\"}\n{\"sourcetype\":\"other\"}\n{\"Channel\":\"Security\"}\n{\"source\":\"a\"}";
        assert_eq!(read(&texts(&["remcom.exe"], &["linux:audit"]), lines), [true, false, true, false]);
        let paths = "{\"_path\":\"conn\"}\n{\"process_path\":\"x\"}\n{\"_raw\":\"{\\\"_path\\\":1}\"}";
        assert_eq!(read(&texts(&["remcom.exe"], &["bro:conn:json"]), paths), [true, false, true]);
        assert_eq!(read(&texts(&["remcom.exe"], &[]).with_own_origin(false), lines), [false, false, true, true]);
        assert_eq!(read(&texts(&["remcom.exe"], &[]).with_own_origin(true), lines), [true, true, true, true]);
    }

    #[test]
    fn many_texts_are_found_as_few_are() {
        let many: Vec<String> = (0..40).map(|number| format!("word{number}x")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let lines = "WORD1X\nword99x\n word39X ";
        assert_eq!(read(&texts(&many, &[]), lines), [true, false, true]);
    }
}
