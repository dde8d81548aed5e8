//! The one diagnostic type of all crates: a value with code, message, labelled spans and help; drawn only by the CLI.

use crate::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The search can't be answered.
    Error,
    /// The search was answered, but the user should know this.
    Warning,
    /// Background information.
    Note,
}

/// A place in the search text and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Bytes of the expanded search text.
    pub span: Span,
    /// What is wrong here; may be empty when the message says it all.
    pub message: String,
}

/// One problem, located. Messages are terse, lower-case, name the thing in backticks or quotes, and never say "you".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, kebab-case with an area: `parse/unclosed-quote`, `plan/unknown-function`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence without a final full stop.
    pub message: String,
    /// Places, the primary one first; may be empty when no place is known.
    pub labels: Vec<Label>,
    /// What to do about it: a near name, the accepted forms.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with a primary place.
    pub fn error(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![Label { span, message: String::new() }],
            help: None,
        }
    }

    /// An error that belongs to no place in the search text (a file, the environment).
    pub fn general(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), labels: Vec::new(), help: None }
    }

    /// A warning; `span` when it belongs to a place.
    pub fn warning(code: &'static str, message: impl Into<String>, span: Option<Span>) -> Self {
        Self {
            code,
            severity: Severity::Warning,
            message: message.into(),
            labels: span.map(|span| Label { span, message: String::new() }).into_iter().collect(),
            help: None,
        }
    }

    /// Words at the primary place.
    pub fn with_label(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.message = text.into();
        }
        self
    }

    /// One more place.
    pub fn with_place(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: text.into() });
        self
    }

    /// What to do about it.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Gives a place to a diagnostic that has none yet: the nearest node that knows its place calls this.
    pub fn at(mut self, span: Span) -> Self {
        if self.labels.is_empty() {
            self.labels.push(Label { span, message: String::new() });
        }
        self
    }

    /// The primary place, if any.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// The known name nearest to `name` (case-insensitive), when it is near enough to be what was meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_ascii_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(wanted.len()) / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
