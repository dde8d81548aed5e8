//! Regular expressions in Splunk's dialect (PCRE): a linear-time engine where the pattern allows it, back-tracking
//! with a step limit where it needs look-around or back references.

mod dialect;

use std::sync::{Arc, Mutex};

use hashbrown::HashMap;

/// A compiled regular expression.
#[derive(Debug)]
pub enum Pattern {
    /// No look-around, no back references.
    Linear(regex::Regex),
    /// Everything else; steps are limited.
    Backtracking(Box<fancy_regex::Regex>),
}

/// The capture groups of one match: byte ranges by group number, group 0 being the whole match.
pub type Groups = Vec<Option<(usize, usize)>>;

impl Pattern {
    /// Compiles a pattern; the message names what is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, String> {
        match regex::RegexBuilder::new(&dialect::rewrite(pattern, true)).size_limit(32 << 20).build() {
            Ok(regex) => Ok(Self::Linear(regex)),
            Err(first) => fancy_regex::RegexBuilder::new(&dialect::rewrite(pattern, false))
                .backtrack_limit(1_000_000)
                .build()
                .map(|regex| Self::Backtracking(Box::new(regex)))
                .map_err(|second| {
                    // The linear engine's message is about the pattern unless it only names what it can't do itself.
                    let first = first.to_string();
                    let last = first.lines().last().unwrap_or_default();
                    if last.contains("not supported") {
                        second.to_string()
                    } else {
                        last.trim_start_matches("error: ").to_owned()
                    }
                }),
        }
    }

    /// Whether it matches anywhere in the text; an error when the step limit is reached.
    pub fn is_match(&self, text: &str) -> Result<bool, String> {
        match self {
            Self::Linear(regex) => Ok(regex.is_match(text)),
            Self::Backtracking(regex) => regex.is_match(text).map_err(|error| error.to_string()),
        }
    }

    /// Names of the capture groups by number; none for group 0 and unnamed ones.
    pub fn group_names(&self) -> Vec<Option<&str>> {
        match self {
            Self::Linear(regex) => regex.capture_names().collect(),
            Self::Backtracking(regex) => regex.capture_names().collect(),
        }
    }

    /// All matches in order, at most `limit` (0 = all).
    pub fn matches(&self, text: &str, limit: usize) -> Result<Vec<Groups>, String> {
        let limit = if limit == 0 { usize::MAX } else { limit };
        match self {
            Self::Linear(regex) => Ok(regex
                .captures_iter(text)
                .take(limit)
                .map(|captures| captures.iter().map(|group| group.map(|found| (found.start(), found.end()))).collect())
                .collect()),
            Self::Backtracking(regex) => regex
                .captures_iter(text)
                .take(limit)
                .map(|captures| {
                    captures
                        .map(|captures| captures.iter().map(|group| group.map(|found| (found.start(), found.end()))).collect())
                        .map_err(|error| error.to_string())
                })
                .collect(),
        }
    }
}

/// Compiled patterns by text, so that none is compiled once per batch.
#[derive(Debug, Default)]
pub struct PatternCache {
    compiled: Mutex<HashMap<String, Arc<Pattern>>>,
}

impl PatternCache {
    /// Most patterns kept; patterns that come from data are unbounded in number.
    const CAPACITY: usize = 1_024;

    /// The compiled pattern.
    pub fn get(&self, pattern: &str) -> Result<Arc<Pattern>, String> {
        let mut compiled = self.compiled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(found) = compiled.get(pattern) {
            return Ok(found.clone());
        }
        let fresh = Arc::new(Pattern::new(pattern)?);
        if compiled.len() >= Self::CAPACITY {
            compiled.clear();
        }
        compiled.insert(pattern.to_owned(), fresh.clone());
        Ok(fresh)
    }
}
