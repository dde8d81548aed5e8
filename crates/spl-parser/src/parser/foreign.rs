//! Texts of other languages that are taken for searches: SQL and Sigma rules.

use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// What is said about SQL.
pub(super) const SQL: &str = "the search reads like SQL, whose words are searched for in the events";
/// What SPL has for it.
pub(super) const SQL_HELP: &str = "SPL names conditions first and fields last: index=main status=500 | table host, uri";

const SIGMA_HELP: &str = "a Sigma rule is converted first: `sigma convert -t splunk -p splunk_windows rule.yml`";

/// Whether a text begins with `select` and goes on with `from`.
pub(super) fn is_sql(source: &str) -> bool {
    let mut words = source.split_whitespace().take(200).map(str::to_ascii_lowercase);
    words.next().is_some_and(|first| first == "select") && words.any(|word| word == "from")
}

/// Whether a text is the YAML of a Sigma rule.
pub fn is_sigma(source: &str) -> bool {
    let has = |key: &str| source.lines().take(500).any(|line| line.trim_end() == key);
    has("detection:") && has("logsource:")
}

/// The error for a Sigma rule in place of a search.
pub(super) fn refuse_sigma(source: &str) -> Result<(), Vec<Diagnostic>> {
    if !is_sigma(source) {
        return Ok(());
    }
    let first = source.lines().next().map_or(0, str::len);
    Err(vec![Diagnostic::error("parse/sigma", "a Sigma rule is no search", Span::new(0, first)).with_help(SIGMA_HELP)])
}

/// Lets the error of a text that is SQL say so.
pub(super) fn explain(error: &mut Diagnostic) {
    error.help = Some(format!("this reads like SQL; {SQL_HELP}"));
}
