//! A pattern compiled by PCRE2: its message when it is none, its groups, its matches within Splunk's limits.

use std::hash::{Hash, Hasher};
use std::sync::{Mutex, OnceLock, PoisonError};

use pcre2::bytes::{CaptureLocations, Regex, RegexBuilder};

use super::{Group, LONG_TEXT};

/// Splunk's limit of steps.
///
/// Source: limits.conf, `[rex]`, `match_limit`.
const MATCH_LIMIT: u64 = 100_000;

/// Splunk's limit of nested back-tracking. Machine code has no depth; its stack is limited.
///
/// Source: limits.conf, `[rex]`, `depth_limit`.
const DEPTH_LIMIT: u64 = 1_000;

/// The limit of steps for texts longer than [`MEDIUM_TEXT`]: machine code counts a scan of the text as one step, so that 100,000 of them
/// may take ten seconds.
const MATCH_LIMIT_OF_LONG_TEXTS: u64 = 10_000;

/// The length in bytes from which the lower limit holds.
const MEDIUM_TEXT: usize = 32 << 10;

/// Most bytes of stack that a compiled pattern may use.
const STACK: usize = 1 << 20;

/// Settings that may stand in front of a pattern, besides those with a number.
const SETTINGS: [&str; 18] = [
    "UTF",
    "UCP",
    "NOTEMPTY",
    "NOTEMPTY_ATSTART",
    "NO_AUTO_POSSESS",
    "NO_DOTSTAR_ANCHOR",
    "NO_JIT",
    "NO_START_OPT",
    "CASELESS_RESTRICT",
    "TURKISH_CASING",
    "CR",
    "LF",
    "CRLF",
    "ANYCRLF",
    "ANY",
    "NUL",
    "BSR_ANYCRLF",
    "BSR_UNICODE",
];

/// A pattern of PCRE2.
#[derive(Debug)]
pub(super) struct Pcre {
    /// What PCRE2 compiles: settings of the pattern, limits, options, the pattern.
    source: String,
    /// The same with the limit of long texts.
    source_for_long_texts: String,
    /// Interpreted; says what is wrong and which groups there are.
    interpreted: Regex,
    /// Machine code, made when a text needs this engine.
    compiled: OnceLock<Option<Regex>>,
    /// The same with the lower limit.
    compiled_for_long_texts: OnceLock<Option<Regex>>,
    /// Room for the groups of a match; a thread takes one for each text, or makes one.
    locations: Locations,
    /// Whether its time may grow with the square of the text.
    may_be_quadratic: bool,
}

/// Room for groups: several places, so that threads seldom wait for each other.
#[derive(Default)]
struct Locations([Mutex<Vec<CaptureLocations>>; 8]);

impl Locations {
    /// The place of this thread.
    fn place(&self) -> std::sync::MutexGuard<'_, Vec<CaptureLocations>> {
        let mut hasher = rustc_hash::FxHasher::default();
        std::thread::current().id().hash(&mut hasher);
        let place = (hasher.finish() >> 32) as usize % self.0.len();
        self.0[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Locations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Locations")
    }
}

/// The pattern with a backslash before hyphens of a class that stand beside a shorthand, as in `[\\w-.]`; none without
/// one. PCRE takes such a hyphen as itself, which PCRE2 refuses.
fn literal_hyphens(pattern: &str) -> Option<String> {
    if !pattern.contains('-') || !pattern.contains('[') {
        return None;
    }
    let bytes = pattern.as_bytes();
    let is_shorthand =
        |at: usize| bytes.get(at) == Some(&b'\\') && bytes.get(at + 1).is_some_and(|letter| b"dDwWsShHvVR".contains(letter));
    let (mut places, mut at, mut inside) = (Vec::new(), 0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes.get(at + 1) == Some(&b'Q') => {
                at = pattern[at..].find("\\E").map_or(bytes.len(), |end| at + end + 2);
                continue;
            }
            b'\\' => {
                let hyphen = at + 2;
                let follows = bytes.get(hyphen + 1).is_some_and(|next| *next != b']');
                if inside && is_shorthand(at) && bytes.get(hyphen) == Some(&b'-') && follows {
                    places.push(hyphen);
                    at = hyphen;
                } else {
                    at += 1;
                }
            }
            b'[' if inside && bytes.get(at + 1) == Some(&b':') => {
                at = bytes[at..].windows(2).position(|pair| pair == b":]").map_or(at, |end| at + end + 1);
            }
            b'[' if !inside => {
                inside = true;
                at += usize::from(bytes.get(at + 1) == Some(&b'^'));
                at += usize::from(bytes.get(at + 1) == Some(&b']'));
            }
            b']' => inside = false,
            b'-' if inside && is_shorthand(at + 1) && bytes[at - 1] != b'[' && bytes[at - 1] != b'^' => places.push(at),
            _ => {}
        }
        at += 1;
    }
    if places.is_empty() {
        return None;
    }
    let mut written = String::with_capacity(pattern.len() + places.len());
    let mut from = 0;
    for place in places {
        written.push_str(&pattern[from..place]);
        written.push('\\');
        from = place;
    }
    written.push_str(&pattern[from..]);
    Some(written)
}

impl Pcre {
    /// Compiles a pattern; the message names what is wrong with it and where.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let (settings, rest) = pattern.split_at(settings_end(pattern));
        // Places of messages are those of the pattern as it is written.
        let plain = literal_hyphens(rest);
        let rest = plain.as_deref().unwrap_or(rest);
        // Texts are UTF-8. `UCP` comes with the option that spares a check of the whole text at each match, and `(?a)` takes back what it
        // changes: shorthands, boundaries and POSIX classes are ASCII again.
        let ascii = if settings.contains("(*UCP)") { "" } else { "(?a)" };
        // Of several limits the last one holds, so that these stand behind those of the pattern, which can only be lower.
        let with_limit = |steps: u64| {
            let steps = own_limit(settings, &["MATCH"]).map_or(steps, |own| own.min(steps));
            let depth = own_limit(settings, &["DEPTH", "RECURSION"]).map_or(DEPTH_LIMIT, |own| own.min(DEPTH_LIMIT));
            format!("(*LIMIT_MATCH={steps})(*LIMIT_DEPTH={depth}){ascii}")
        };
        let inserted = with_limit(MATCH_LIMIT);
        let source = format!("{settings}{inserted}{rest}");
        let interpreted = RegexBuilder::new().ucp(true).build(&source).map_err(|error| {
            let place = error.offset().map_or(pattern.len(), |offset| {
                if offset >= settings.len() + inserted.len() { offset - inserted.len() } else { offset.min(settings.len()) }
            });
            message(&error.to_string(), pattern, place)
        })?;
        let source_for_long_texts = format!("{settings}{}{rest}", with_limit(MATCH_LIMIT_OF_LONG_TEXTS));
        Ok(Self {
            may_be_quadratic: may_be_quadratic(rest),
            source,
            source_for_long_texts,
            interpreted,
            compiled: OnceLock::new(),
            compiled_for_long_texts: OnceLock::new(),
            locations: Locations::default(),
        })
    }

    /// Names of the groups by number.
    pub(super) fn group_names(&self) -> &[Option<String>] {
        self.interpreted.capture_names()
    }

    fn compiled(&self, text: &str) -> &Regex {
        let (place, source) = if text.len() > MEDIUM_TEXT {
            (&self.compiled_for_long_texts, &self.source_for_long_texts)
        } else {
            (&self.compiled, &self.source)
        };
        let compile = || RegexBuilder::new().ucp(true).jit_if_available(true).max_jit_stack_size(Some(STACK)).build(source).ok();
        place.get_or_init(compile).as_ref().unwrap_or(&self.interpreted)
    }

    fn is_too_long(&self, text: &str) -> bool {
        self.may_be_quadratic && text.len() > LONG_TEXT
    }

    /// Whether it matches anywhere; none when a limit is reached.
    pub(super) fn is_match(&self, text: &str) -> Option<bool> {
        if self.is_too_long(text) {
            return None;
        }
        self.compiled(text).is_match(text.as_bytes()).ok()
    }

    /// Calls `visit` with the groups of each match; false when a limit is reached.
    pub(super) fn each_match(&self, text: &str, limit: usize, visit: &mut dyn FnMut(&[Group])) -> bool {
        if self.is_too_long(text) {
            return false;
        }
        let regex = self.compiled(text);
        let free = self.locations.place().pop();
        let mut locations = free.unwrap_or_else(|| regex.capture_locations());
        let complete = each_match(regex, &mut locations, text, limit, visit);
        self.locations.place().push(locations);
        complete
    }
}

fn each_match(
    regex: &Regex,
    locations: &mut CaptureLocations,
    text: &str,
    limit: usize,
    visit: &mut dyn FnMut(&[Group]),
) -> bool {
    let mut groups = vec![None; regex.captures_len()];
    let mut last_end = None;
    let mut from = 0;
    let mut left = limit;
    while left > 0 && from <= text.len() {
        let (start, end) = match regex.captures_read_at(locations, text.as_bytes(), from) {
            Ok(Some(found)) => (found.start(), found.end()),
            Ok(None) => return true,
            Err(_) => return false,
        };
        // `\C` and `\K` can give ranges that are no part of a text.
        if start > end || end < from || !text.is_char_boundary(end) {
            return false;
        }
        let is_empty_behind_match = start == end && last_end == Some(end);
        last_end = Some(end);
        from = if start == end { end + text[end..].chars().next().map_or(1, char::len_utf8) } else { end };
        if is_empty_behind_match {
            continue;
        }
        for (number, group) in groups.iter_mut().enumerate() {
            *group = locations.get(number).filter(|(start, end)| start <= end);
            if group.is_some_and(|(start, end)| !text.is_char_boundary(start) || !text.is_char_boundary(end)) {
                return false;
            }
        }
        visit(&groups);
        left -= 1;
    }
    true
}

/// PCRE2's message without its frame, with the place in the pattern as it was written.
fn message(error: &str, pattern: &str, place: usize) -> String {
    let text = error.split_once(": ").map_or(error, |(_, behind)| behind);
    let text = text.split_once(": ").map_or(text, |(_, behind)| behind);
    let place = (0..=place.min(pattern.len())).rev().find(|at| pattern.is_char_boundary(*at)).unwrap_or(0);
    let (before, behind) = pattern.split_at(place);
    let number = before.chars().count();
    if behind.is_empty() {
        return format!("{text}, at the end of the pattern");
    }
    let near: String = behind.chars().take(20).collect();
    format!("{text}, behind character {number} of the pattern, at `{near}`")
}

/// Where the settings in front of a pattern end: `(*UCP)`, `(*ANYCRLF)`, `(*LIMIT_MATCH=5)`.
fn settings_end(pattern: &str) -> usize {
    let mut end = 0;
    while let Some(name) = pattern[end..].strip_prefix("(*").and_then(|rest| rest.split_once(')')).map(|(name, _)| name) {
        let is_setting = match name.split_once('=') {
            Some((limit, number)) => limit.starts_with("LIMIT_") && number.bytes().all(|byte| byte.is_ascii_digit()),
            None => SETTINGS.contains(&name),
        };
        if !is_setting {
            break;
        }
        end += name.len() + "(*)".len();
    }
    end
}

/// The lowest limit of a kind that a pattern sets for itself.
fn own_limit(settings: &str, kinds: &[&str]) -> Option<u64> {
    let limits = settings.split("(*LIMIT_").filter_map(|limit| limit.split_once(')')?.0.split_once('='));
    limits.filter(|(kind, _)| kinds.contains(kind)).filter_map(|(_, number)| number.parse().ok()).min()
}

/// Whether a pattern may read far from each place of a text: it repeats something without an upper bound, and is not bound to the
/// beginning. Errs on the side of yes.
fn may_be_quadratic(pattern: &str) -> bool {
    let is_bound = (pattern.starts_with('^') || pattern.starts_with(r"\A")) && !pattern.contains('|');
    if is_bound {
        return false;
    }
    let mut characters = pattern.char_indices();
    while let Some((at, character)) = characters.next() {
        let rest = &pattern[at + character.len_utf8()..];
        match character {
            '\\' => match characters.next() {
                Some((_, 'X' | 'g')) => return true,
                _ => continue,
            },
            // `(*VERB)` repeats nothing.
            '(' if rest.starts_with('*') => {
                characters.next();
            }
            '(' if rest.starts_with('?') && calls_group(&rest[1..]) => return true,
            '*' | '+' => return true,
            '{' if rest.split('}').next().is_some_and(|counts| counts.trim_end().ends_with(',')) => return true,
            _ => {}
        }
    }
    false
}

/// Whether what follows `(?` calls a group as a subroutine: `R)`, `&name)`, `P>name)`, `1)`, `-1)`.
fn calls_group(rest: &str) -> bool {
    let number = rest.trim_start_matches(['+', '-']);
    rest.starts_with('R')
        || rest.starts_with('&')
        || rest.starts_with("P>")
        || number.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod hyphens {
    use super::*;

    #[test]
    fn beside_shorthands_they_are_literal() {
        for (pattern, written) in [
            (r"user=(?<x>[\w-.]+)", Some(r"user=(?<x>[\w\-.]+)")),
            (r"[a-z\d-_]+", Some(r"[a-z\d\-_]+")),
            (r"[\d-:\s]", Some(r"[\d\-:\s]")),
            (r"[.-\d]", Some(r"[.\-\d]")),
            (r"[\w-]", None),
            (r"[-\w]", None),
            (r"\w-.", None),
            (r"[\\-a]", None),
            (r"[^]\w-.]", Some(r"[^]\w\-.]")),
        ] {
            assert_eq!(literal_hyphens(pattern).as_deref(), written, "{pattern}");
            assert!(Pcre::new(pattern).is_ok(), "{pattern}");
        }
    }
}
