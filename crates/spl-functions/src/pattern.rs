//! Regular expressions as Splunk has them: PCRE2 decides what a pattern means, a linear-time engine runs those that mean the same in both.

mod linear;
mod pcre;
#[cfg(test)]
mod properties;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hashbrown::HashMap;

use linear::Linear;
use pcre::Pcre;

/// The byte range of a capture group in a match; none when the group took no part in it.
pub type Group = Option<(usize, usize)>;

/// The capture groups of one match by group number, group 0 being the whole match.
pub type Groups = Vec<Group>;

/// The length in bytes from which patterns whose time may grow with the square of the text are not run. Ten times the 10,000
/// bytes at which Splunk cuts an event (props.conf, `TRUNCATE`).
pub const LONG_TEXT: usize = 128 << 10;

/// The length in bytes up to which PCRE2 finds the groups of a first match, also where the linear-time engine could.
const SHORT_TEXT: usize = 1 << 10;

/// A compiled regular expression.
///
/// A pattern means what PCRE2 makes of it, with UTF-8 texts and without the option UCP: `\d`, `\w`, `\s` and `\b` know ASCII only.
/// Splunk's limits hold (limits.conf, `[rex]`: `match_limit` 100000, `depth_limit` 1000). A text on which a limit is reached counts as
/// one without a match, and [`Pattern::limits_reached`] counts it.
///
/// Source: Splunk search reference, rex and regex; Knowledge Manager manual, About Splunk regular expressions; limits.conf.
#[derive(Debug)]
pub struct Pattern {
    pcre: Pcre,
    /// The same pattern for the linear-time engine, where it can have it.
    linear: Option<Linear>,
    reached: Arc<AtomicU64>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// PCRE2's message with the place in the pattern.
    pub fn new(pattern: &str) -> Result<Self, String> {
        Self::counted(pattern, Arc::default())
    }

    /// Compiles a pattern that counts its reached limits in a counter of the caller.
    ///
    /// # Errors
    ///
    /// As [`Pattern::new`].
    pub fn counted(pattern: &str, reached: Arc<AtomicU64>) -> Result<Self, String> {
        Ok(Self { pcre: Pcre::new(pattern)?, linear: Linear::new(pattern), reached })
    }

    /// On how many texts a limit was reached.
    pub fn limits_reached(&self) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }

    /// Whether the linear-time engine runs this pattern.
    pub fn is_linear(&self) -> bool {
        self.linear.is_some()
    }

    /// Whether it matches anywhere in the text. False when a limit is reached.
    ///
    /// # Errors
    ///
    /// None today; the type leaves room for them.
    pub fn is_match(&self, text: &str) -> Result<bool, String> {
        let found = match self.linear_for(text) {
            Some(linear) => Some(linear.is_match(text)),
            None => self.pcre.is_match(text),
        };
        Ok(found.unwrap_or_else(|| self.count_reached()))
    }

    /// Names of the capture groups by number; none for group 0 and unnamed ones. Of several groups with one name the first has it;
    /// [`Pattern::named_alike`] lists the others.
    pub fn group_names(&self) -> Vec<Option<&str>> {
        let names = self.pcre.group_names();
        let named = |group: usize| names[group].as_deref().filter(|_| self.named_alike(group).first() == Some(&group));
        (0..names.len()).map(named).collect()
    }

    /// The numbers of all groups that have the name of a group, in order; the group itself when it has no name.
    pub fn named_alike(&self, group: usize) -> Vec<usize> {
        let names = self.pcre.group_names();
        match names.get(group) {
            Some(Some(name)) => (0..names.len()).filter(|other| names[*other].as_ref() == Some(name)).collect(),
            _ => vec![group],
        }
    }

    /// All matches in order, at most `limit` (0 = all). None of them when a limit is reached.
    ///
    /// # Errors
    ///
    /// None today; the type leaves room for them.
    pub fn matches(&self, text: &str, limit: usize) -> Result<Vec<Groups>, String> {
        let mut found = Vec::new();
        let complete = self.each_match(text, limit, |groups| found.push(groups.to_vec()));
        Ok(if complete { found } else { Vec::new() })
    }

    /// Calls `visit` with the groups of each match in order, at most `limit` (0 = all). False when a limit was reached: the text then
    /// counts as one without a match, and the caller drops what it was given.
    ///
    /// After an empty match the search goes on behind the next character; an empty match right behind another match does not count.
    pub fn each_match(&self, text: &str, limit: usize, mut visit: impl FnMut(&[Group])) -> bool {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let complete = match self.linear_for(text) {
            // PCRE2 is faster at groups, and a short text can't hold it up for long. It visits nothing when it reaches a limit here.
            Some(linear) => {
                (limit == 1 && text.len() <= SHORT_TEXT && self.pcre.each_match(text, 1, &mut visit))
                    || linear.each_match(text, limit, &mut visit)
            }
            None => self.pcre.each_match(text, limit, &mut visit),
        };
        complete || self.count_reached()
    }

    /// Calls `visit` with the range of each match, as [`Pattern::each_match`] does with groups; cheaper.
    pub fn each_range(&self, text: &str, mut visit: impl FnMut(usize, usize)) -> bool {
        let complete = match self.linear_for(text) {
            Some(linear) => linear.each_range(text, &mut visit),
            None => self.pcre.each_match(text, usize::MAX, &mut |groups| {
                if let Some(Some((start, end))) = groups.first() {
                    visit(*start, *end);
                }
            }),
        };
        complete || self.count_reached()
    }

    /// Where the first match ends; cheaper than its groups.
    pub fn first_end(&self, text: &str) -> Option<usize> {
        if let Some(end) = self.linear_for(text).and_then(|linear| linear.first_end(text)) {
            return end;
        }
        let mut end = None;
        self.each_match(text, 1, |groups| end = groups.first().copied().flatten().map(|(_, end)| end));
        end
    }

    fn linear_for(&self, text: &str) -> Option<&Linear> {
        self.linear.as_ref().filter(|linear| linear.holds_for(text))
    }

    /// Counts a text on which a limit was reached; always false.
    fn count_reached(&self) -> bool {
        self.reached.fetch_add(1, Ordering::Relaxed);
        false
    }
}

/// Compiled patterns by text, so that none is compiled once per batch.
#[derive(Debug, Default)]
pub struct PatternCache {
    compiled: Mutex<HashMap<String, Arc<Pattern>>>,
    reached: Arc<AtomicU64>,
}

impl PatternCache {
    /// Most patterns kept; patterns that come from data are unbounded in number.
    const CAPACITY: usize = 1_024;

    /// A cache whose patterns count their reached limits in a counter of the caller.
    pub fn counted(reached: Arc<AtomicU64>) -> Self {
        Self { reached, ..Self::default() }
    }

    /// The compiled pattern.
    ///
    /// # Errors
    ///
    /// As [`Pattern::new`].
    pub fn get(&self, pattern: &str) -> Result<Arc<Pattern>, String> {
        let mut compiled = self.compiled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(found) = compiled.get(pattern) {
            return Ok(found.clone());
        }
        let fresh = Arc::new(Pattern::counted(pattern, self.reached.clone())?);
        if compiled.len() >= Self::CAPACITY {
            compiled.clear();
        }
        compiled.insert(pattern.to_owned(), fresh.clone());
        Ok(fresh)
    }

    /// On how many texts the patterns of this cache reached a limit.
    pub fn limits_reached(&self) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }
}
