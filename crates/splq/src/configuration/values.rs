//! Values of the file as what they must be, with the place of what is wrong.

use spl_parser::Span;
use spl_parser::diagnostic::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place.
pub type Value<'a> = Spanned<DeValue<'a>>;

/// What is wrong with a value, and where.
#[derive(Debug)]
pub struct Problem {
    /// Of the diagnostic.
    pub code: &'static str,
    /// In the file.
    pub span: Span,
    /// One sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Where something stands.
pub fn span<T>(spanned: &Spanned<T>) -> Span {
    let span = spanned.span();
    Span::new(span.start, span.end)
}

/// A problem with a value.
pub fn wrong(value: &Value<'_>, message: &str) -> Problem {
    Problem { code: "config/value", span: span(value), message: message.to_owned(), help: None }
}

/// A name that is none of the known ones.
pub fn unknown<'k, T: AsRef<str>>(what: &str, name: &Spanned<T>, known: impl IntoIterator<Item = &'k str>) -> Problem {
    let known: Vec<&str> = known.into_iter().collect();
    let written = name.get_ref().as_ref();
    let help = match nearest(written, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    Problem { code: "config/unknown-key", span: span(name), message: format!("unknown {what} `{written}`"), help: Some(help) }
}

/// A value of another kind.
pub fn expected(value: &Value<'_>, what: &str) -> Problem {
    wrong(value, &format!("expected {what}, not {}", value.get_ref().type_str()))
}

/// A text.
pub fn text(value: &Value<'_>) -> Result<String, Problem> {
    value.get_ref().as_str().map(str::to_owned).ok_or_else(|| expected(value, "text in quotes"))
}

/// A list of texts, or one of them.
pub fn texts(value: &Value<'_>) -> Result<Vec<String>, Problem> {
    match value.get_ref().as_array() {
        Some(list) => list.iter().map(text).collect(),
        None => Ok(vec![value.get_ref().as_str().ok_or_else(|| expected(value, "a text or a list of texts"))?.to_owned()]),
    }
}

/// `true` or `false`.
pub fn boolean(value: &Value<'_>) -> Result<bool, Problem> {
    value.get_ref().as_bool().ok_or_else(|| expected(value, "true or false"))
}

/// A number from 0.
pub fn whole_number(value: &Value<'_>) -> Result<u64, Problem> {
    let number = value.get_ref().as_integer().ok_or_else(|| expected(value, "a whole number"))?;
    u64::from_str_radix(number.as_str(), number.radix()).map_err(|_| wrong(value, "expected a whole number from 0"))
}

/// Names and what they stand for.
pub fn table<'v, 'a>(value: &'v Value<'a>) -> Result<&'v DeTable<'a>, Problem> {
    value.get_ref().as_table().ok_or_else(|| expected(value, "a table"))
}
