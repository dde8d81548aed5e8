//! The lints of `splq check`: searches that are valid but probably a mistake. One file per lint, and the table of them.

mod always_true;
mod any_value;
mod bare_word;
pub mod empty_by_field;
mod fields;
mod filter_macro;
mod fixed_index;
mod join_first_match;
mod leading_wildcard;
mod lower_case_operator;
mod missing_field;
mod missing_pipe;
mod mixed_and_or;
mod not_equal;
mod null_comparison;
mod quotation_marks;
mod quoted_field;
mod risk_field;
mod sort_limit;
mod subsearch_limit;
mod summariesonly;
mod undocumented;
mod unknown_code;
mod unknown_macro;
mod walk;
mod where_wildcard;

use spl_exec::Search;
use spl_knowledge::Knowledge;
use spl_parser::diagnostic::nearest;
use spl_parser::{Diagnostic, Severity};
use spl_sources::EventTable;

use crate::arguments::LintOptions;
use crate::queries::Query;

/// A lint.
#[derive(Debug)]
pub struct Lint {
    /// Stable code.
    pub code: &'static str,
    /// One line: what it reports.
    pub summary: &'static str,
    /// The page that `splq check --explain CODE` prints.
    pub page: &'static str,
    /// Whether it is told of unless options say otherwise.
    pub level: Level,
    /// How it is found.
    find: Find,
}

/// Whether a lint is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Unless `--allow` switches it off.
    Warning,
    /// Only when `--warn` or `--deny` names it: it is right about many searches that are meant so.
    Quiet,
}

impl Level {
    /// As lists of lints have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Quiet => "quiet",
        }
    }
}

/// The word that stands for all quiet lints.
pub const QUIET: &str = "quiet";

/// How a lint is found.
#[derive(Debug)]
enum Find {
    /// In the search alone.
    InSearch(fn(&Subject<'_>, &mut Vec<Diagnostic>)),
    /// By running parts of the search over data.
    InData,
    /// It is an error of the search, which has a page all the same.
    AsError,
}

/// All lints, by code.
pub const LINTS: &[Lint] = &[
    always_true::LINT,
    any_value::LINT,
    bare_word::LINT,
    empty_by_field::LINT,
    filter_macro::LINT,
    fixed_index::LINT,
    join_first_match::LINT,
    leading_wildcard::LINT,
    lower_case_operator::LINT,
    missing_field::LINT,
    missing_pipe::LINT,
    mixed_and_or::LINT,
    not_equal::LINT,
    null_comparison::LINT,
    quotation_marks::LINT,
    quoted_field::LINT,
    risk_field::LINT,
    sort_limit::LINT,
    subsearch_limit::LINT,
    summariesonly::LINT,
    undocumented::LINT,
    unknown_code::LINT,
    where_wildcard::LINT,
    unknown_macro::LINT,
];

/// What a lint looks at.
pub struct Subject<'a> {
    /// The file that the search stands in.
    pub query: &'a Query,
    /// The search.
    pub search: &'a Search,
    /// What else is known.
    pub knowledge: &'a Knowledge,
    /// The events, when there are any.
    pub data: Option<&'a EventTable>,
}

/// What the lints find in a search, in the order of its text; those that the search itself allows are left out.
pub fn find(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for lint in LINTS {
        if let Find::InSearch(find) = lint.find {
            find(subject, &mut found);
        }
    }
    found.retain(|diagnostic| is_own(subject.search, diagnostic));
    let allowed: Vec<String> =
        allowed_by_comments(subject.query).into_iter().filter_map(|(code, _)| resolve(&code, false).ok()).collect();
    found.retain(|diagnostic| !allowed.iter().any(|code| code == diagnostic.code));
    found.sort_by_key(|diagnostic| diagnostic.span().map_or(usize::MAX, |span| span.start));
    found
}

/// Whether a place stands in the search itself and not in the definition of a macro, which is written elsewhere.
pub fn is_own(search: &Search, diagnostic: &Diagnostic) -> bool {
    diagnostic.span().is_none_or(|span| search.expansion.map.locate(span).definitions.is_empty())
}

/// The codes that comments of a search or of its YAML file switch off, each with the byte of the search where it stands.
pub fn allowed_by_comments(query: &Query) -> Vec<(String, Option<usize>)> {
    let mut codes = Vec::new();
    let text = query.search.as_deref().unwrap_or_default();
    let mut at = 0;
    while let Some(start) = text[at..].find("```").map(|found| at + found + 3) {
        let end = text[start..].find("```").map_or(text.len(), |found| start + found);
        codes.extend(allowance(&text[start..end]).map(|code| (code.to_owned(), Some(start))));
        at = (end + 3).min(text.len());
    }
    if query.metadata.detection {
        let comments = query.source.text.lines().filter_map(|line| line.trim_start().strip_prefix('#'));
        codes.extend(comments.flat_map(allowance).map(|code| (code.to_owned(), None)));
    }
    codes
}

/// The codes behind `splq: allow`.
fn allowance(comment: &str) -> impl Iterator<Item = &str> {
    let lines = comment.lines().filter_map(|line| line.trim().strip_prefix("splq:")?.trim_start().strip_prefix("allow"));
    lines.flat_map(|list| list.split([',', ' ']).map(str::trim).filter(|code| !code.is_empty()))
}

/// The code that is meant: `lint/` may be left out, codes of other areas stand for warnings of the planner; words such as
/// `warnings` only where all of a kind may be meant.
///
/// # Errors
/// What is wrong with it, in words.
pub fn resolve(code: &str, all: bool) -> Result<String, String> {
    if all && matches!(code, "warnings" | QUIET) {
        return Ok(code.to_owned());
    }
    let full = if code.contains('/') { code.to_owned() } else { format!("lint/{code}") };
    if LINTS.iter().any(|lint| lint.code == full) || !full.starts_with("lint/") {
        return Ok(full);
    }
    let hint = nearest(&full, LINTS.iter().map(|lint| lint.code)).map(|near| format!("; did you mean {near}?"));
    Err(format!("unknown lint `{code}`{}", hint.unwrap_or_default()))
}

/// Which lints count on a command line.
#[derive(Debug, Default)]
pub struct Levels {
    allowed: Vec<String>,
    denied: Vec<String>,
    warned: Vec<String>,
}

impl Levels {
    /// Reads the options.
    ///
    /// # Errors
    /// A code that no lint has.
    pub fn new(options: &LintOptions) -> Result<Self, String> {
        let all = |codes: &[String], all: bool, option: &str| {
            let resolved = codes.iter().map(|code| resolve(code, all).map_err(|message| format!("{option}: {message}")));
            resolved.collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            allowed: all(&options.allow, false, "--allow")?,
            denied: all(&options.deny, true, "--deny")?,
            warned: all(&options.warn, true, "--warn")?,
        })
    }

    /// Leaves out what is quiet or allowed and makes what is denied an error.
    pub fn apply(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let has = |codes: &[String], code: &str| codes.iter().any(|known| known == code);
        let is_quiet = |code: &str| LINTS.iter().any(|lint| lint.code == code && lint.level == Level::Quiet);
        let is_told = |code: &str| {
            let named =
                has(&self.warned, code) || has(&self.warned, QUIET) || has(&self.denied, code) || has(&self.denied, QUIET);
            (named || !is_quiet(code)) && !has(&self.allowed, code)
        };
        let mut kept: Vec<Diagnostic> = found.into_iter().filter(|diagnostic| is_told(diagnostic.code)).collect();
        for diagnostic in &mut kept {
            let denied = has(&self.denied, "warnings")
                || has(&self.denied, diagnostic.code)
                || has(&self.denied, QUIET) && is_quiet(diagnostic.code);
            if diagnostic.severity == Severity::Warning && denied {
                diagnostic.severity = Severity::Error;
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests;
