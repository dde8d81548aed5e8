//! What splq.toml may say, as types that serde reads, and what is wrong with it, with its place.

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use spl_parser::diagnostic::nearest;
use spl_parser::{Diagnostic, Span};
use toml::Spanned;
use toml::de::{DeTable, Error};

/// The file, as docs/configuration.md describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    pub searches: Texts,
    pub data: Option<Spanned<Texts>>,
    pub format_in: Option<Spanned<String>>,
    pub sourcetype: Option<String>,
    pub source: Option<String>,
    pub host: Option<String>,
    pub index: Option<String>,
    pub strict: bool,
    pub app: Texts,
    pub content: Texts,
    pub no_pack: bool,
    pub lookup: IndexMap<String, String>,
    pub r#macro: IndexMap<Spanned<String>, Spanned<String>>,
    pub earliest: Option<String>,
    pub latest: Option<String>,
    pub now: Option<Spanned<Setting>>,
    pub tz: Option<Spanned<Setting>>,
    pub memory_limit: Option<Spanned<Setting>>,
    pub threads: Option<Spanned<i64>>,
    pub geoip: Option<String>,
    pub csv_dir: Option<String>,
    pub limits: IndexMap<Spanned<String>, u64>,
    pub format: Option<Spanned<String>>,
    pub lints: Lints,
}

/// Lints that are allowed, quiet ones that are told of, and such that are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lints {
    pub allow: Option<Spanned<Texts>>,
    pub warn: Option<Spanned<Texts>>,
    pub deny: Option<Spanned<Texts>>,
}

/// A list of texts, or one of them.
#[derive(Debug, Default)]
pub struct Texts(pub Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Texts;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A value that the command line takes as text.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected text in quotes, a number or a time")]
pub enum Setting {
    Text(String),
    Number(i64),
    Time(toml::value::Datetime),
}

impl Setting {
    /// As the command line takes it.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Time(time) => time.to_string(),
        }
    }
}

/// Reads the file.
///
/// # Errors
/// A text that is no TOML, an unknown key, a value of the wrong type: with its place.
pub fn read(text: &str) -> Result<File, Diagnostic> {
    DeTable::parse(text)
        .map_err(|error| Diagnostic::error("config/syntax", error.message().trim().replace('\n', "; "), place(&error)))?;
    toml::from_str(text).map_err(|error| explained(&error))
}

fn place(error: &Error) -> Span {
    error.span().map_or(Span::new(0, 0), |span| Span::new(span.start, span.end))
}

/// What serde says, in the words of splq.
fn explained(error: &Error) -> Diagnostic {
    let message = error.message();
    if message.starts_with("unknown field") {
        // The names stand in backticks, first the one that is not known.
        let mut names = message.split('`').skip(1).step_by(2);
        return unknown("key", names.next().unwrap_or_default(), place(error), names);
    }
    let kinds = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    let message = match kinds.and_then(|kinds| kinds.split_once(", expected ")) {
        Some((found, expected)) => format!("expected {}, not {found}", expected_words(expected)),
        None => message.to_owned(),
    };
    Diagnostic::error("config/value", message, place(error))
}

fn expected_words(expected: &str) -> &str {
    match expected {
        "a string" => "text in quotes",
        "a boolean" => "true or false",
        "u64" => "a whole number from 0",
        "i64" => "a whole number",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}

/// Where something stands.
pub fn span<T>(spanned: &Spanned<T>) -> Span {
    let span = spanned.span();
    Span::new(span.start, span.end)
}

/// A problem with a value.
pub fn wrong<T>(value: &Spanned<T>, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("config/value", message, span(value))
}

/// A name that is none of the known ones.
pub fn unknown<'k>(what: &str, name: &str, place: Span, known: impl IntoIterator<Item = &'k str>) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    Diagnostic::error("config/unknown-key", format!("unknown {what} `{name}`"), place).with_help(help)
}
