//! What to load and how: paths, format, fields, defaults.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono_tz::Tz;

use crate::format::Format;
use crate::required_texts::{OfEvents, RequiredTexts};
use crate::rules::RuleSource;

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let lower = name.to_ascii_lowercase();
        let lower = match lower.as_str() {
            "jsonl" => "ndjson",
            "txt" | "raw" | "log" => "text",
            "auditd" => "audit",
            "iis" => "w3c",
            "apache" | "nginx" => "access",
            other => other,
        };
        Self::ALL.iter().find(|(known, _)| *known == lower).map(|(_, format)| *format).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|(known, _)| *known).collect();
            format!("unknown input format `{name}`; known formats: {}", known.join(", "))
        })
    }
}

/// The fields that become columns. `_time`, `host`, `source`, `sourcetype`, `index` and `__ordinal` are always there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FieldSelection {
    /// Every field.
    #[default]
    All,
    /// These fields; nested JSON by its full name (`a.b`, `a{}.b`), the event's text by `_raw`.
    Only(BTreeSet<String>),
}

impl FieldSelection {
    /// A selection of these names.
    pub fn only<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }

    /// Whether a field becomes a column.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }

    /// Whether a field below an object or array of this name becomes a column.
    pub(crate) fn contains_below(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => {
                let starts = |prefix: String| names.range(prefix.clone()..).next().is_some_and(|next| next.starts_with(&prefix));
                starts(format!("{name}.")) || starts(format!("{name}{{}}"))
            }
        }
    }
}

/// Told about the work while files are loaded, from several threads.
pub trait Progress: Send + Sync {
    /// More bytes to read became known.
    fn add_total(&self, bytes: u64);
    /// Bytes were read and turned into events.
    fn advance(&self, bytes: u64, events: u64);
}

/// A stream of bytes that is read once, from its beginning to its end.
#[derive(Clone)]
pub struct InputStream(Arc<Mutex<Option<Box<dyn Read + Send>>>>);

impl InputStream {
    /// The stream that a reader gives.
    pub fn new(reader: impl Read + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(reader)))))
    }

    /// Takes the reader.
    ///
    /// # Errors
    /// A stream that was taken before.
    pub(crate) fn take(&self) -> std::io::Result<Box<dyn Read + Send>> {
        let reader = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        reader.ok_or_else(|| std::io::Error::other("standard input was read before, and can be read once only"))
    }
}

/// What to load and how.
#[derive(Clone)]
pub struct LoadOptions {
    /// Files, globs, folders (read recursively) or `-` for `standard_input`.
    pub paths: Vec<String>,
    /// The bytes behind `-`, read by the caller.
    pub standard_input: Option<Arc<Vec<u8>>>,
    /// What is read for `-` when there are no such bytes: [`load_in_parts`](crate::load_in_parts) reads lines block by block,
    /// as far as tables are asked for. It can be read once. None makes `-` an error.
    pub standard_input_stream: Option<InputStream>,
    /// The format of every file, instead of recognising it.
    pub format: Option<Format>,
    /// `sourcetype` of every event; wins over the event's own.
    pub sourcetype: Option<String>,
    /// `source` of every event; wins over the event's own.
    pub source: Option<String>,
    /// `host` of every event; wins over the event's own.
    pub host: Option<String>,
    /// `index` of every event; wins over the event's own.
    pub index: Option<String>,
    /// The fields that become columns.
    pub fields: FieldSelection,
    /// Which events keep their text when `_raw` is among the fields; None keeps all texts.
    pub kept_texts: Option<KeptTexts>,
    /// Texts of which an event must have one; [`load`](crate::load) passes over lines without one where that changes nothing for
    /// the events that are left. What is wrong with such a line is not told. None reads all.
    pub required_texts: Option<RequiredTexts>,
    /// The current time in epoch seconds, for timestamps without a year and for events without any time.
    pub now: f64,
    /// The zone of timestamps that don't name one.
    pub time_zone: Tz,
    /// What props.conf says about how files become events; none for Splunk's defaults.
    pub index_time: Option<RuleSource>,
    /// Whether the first warning is an error.
    pub strict: bool,
    /// Threads to use; 0 takes one per core.
    pub threads: usize,
    /// Told about the work.
    pub progress: Option<Arc<dyn Progress>>,
}

/// Which events keep their text, told by what they come from: nobody reads the text of others.
#[derive(Clone)]
pub struct KeptTexts(Arc<OfEvents>);

impl KeptTexts {
    /// Events of a sourcetype, source and host keep their text when this says so.
    pub fn new(of_events: Arc<OfEvents>) -> Self {
        Self(of_events)
    }

    /// Whether events of a sourcetype, source and host keep their text.
    pub fn keeps(&self, sourcetype: &str, source: &str, host: &str) -> bool {
        (self.0)(sourcetype, source, host)
    }
}

impl fmt::Debug for KeptTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptTexts").finish_non_exhaustive()
    }
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            standard_input: None,
            standard_input_stream: None,
            format: None,
            sourcetype: None,
            source: None,
            host: None,
            index: None,
            fields: FieldSelection::All,
            kept_texts: None,
            required_texts: None,
            now: 0.0,
            time_zone: Tz::UTC,
            index_time: None,
            strict: false,
            threads: 0,
            progress: None,
        }
    }
}

impl fmt::Debug for LoadOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LoadOptions")
            .field("paths", &self.paths)
            .field("format", &self.format)
            .field("sourcetype", &self.sourcetype)
            .field("source", &self.source)
            .field("host", &self.host)
            .field("index", &self.index)
            .field("fields", &self.fields)
            .field("kept_texts", &self.kept_texts)
            .field("required_texts", &self.required_texts)
            .field("now", &self.now)
            .field("time_zone", &self.time_zone)
            .field("index_time", &self.index_time)
            .field("strict", &self.strict)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}
