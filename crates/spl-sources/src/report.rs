//! What a load found and what it could not read, and the errors that stop it.

use std::fmt;

use crate::format::Format;

/// A product, and the sourcetype of its add-on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Likely {
    /// What it is called.
    pub product: &'static str,
    /// The sourcetype.
    pub sourcetype: &'static str,
}

/// What was loaded.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    /// Files in the order of their events; a member of an archive is a file of its own.
    pub files: Vec<FileReport>,
}

impl LoadReport {
    /// Events of all files.
    pub fn events(&self) -> u64 {
        self.files.iter().map(|file| file.events).sum()
    }

    /// Events of all files that were read.
    pub fn read(&self) -> u64 {
        self.files.iter().map(|file| file.events - file.passed_over).sum()
    }

    /// Bytes of all files, uncompressed.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Events of all files in which no time was found.
    pub fn without_time(&self) -> u64 {
        self.files.iter().map(|file| file.without_time).sum()
    }

    /// Events of all files whose time names no zone.
    pub fn without_zone(&self) -> u64 {
        self.files.iter().map(|file| file.without_zone).sum()
    }

    /// Every warning with the path of its file.
    pub fn warnings(&self) -> impl Iterator<Item = (&str, &Warning)> {
        self.files.iter().flat_map(|file| file.warnings.iter().map(|warning| (file.path.as_str(), warning)))
    }
}

/// One file.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// The path as given, `archive:member` inside an archive, `-` for standard input.
    pub path: String,
    /// How it was read.
    pub format: Format,
    /// How it was compressed (`gz`, `zst`, `zip`, `tar`, several joined by `.`); empty when it was not.
    pub compressed: String,
    /// Events of the file.
    pub events: u64,
    /// Those of them that were not read, as none of the searches they are loaded for can find them.
    pub passed_over: u64,
    /// Bytes, uncompressed.
    pub bytes: u64,
    /// Events in which no time was found; they have the time of the event before, or of the file.
    pub without_time: u64,
    /// Events whose time of day names no zone, so that [`LoadOptions::time_zone`](crate::LoadOptions::time_zone) was taken.
    /// Those whose zone a sourcetype says are not counted.
    pub without_zone: u64,
    /// What the events look like, when nothing maps their sourcetype.
    pub looks_like: Option<Likely>,
    /// What could not be read, one entry per kind.
    pub warnings: Vec<Warning>,
}

/// Why something could not be read as its format promises. The event is kept as far as it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WarningKind {
    /// A line is not the JSON that it should be; it is kept as `_raw` only.
    BadJson,
    /// Bytes that are not UTF-8 were replaced.
    BadText,
    /// A `_time` that is neither epoch seconds nor a known form.
    BadTime,
    /// A CSV record with more or fewer values than the header, or broken quotes.
    BadCsv,
    /// An XML event that ends early or is not well formed; the fields read so far are kept.
    BadXml,
    /// A damaged chunk or record of a Windows event log.
    BadEvtx,
    /// A file that can't be opened, decompressed or decoded.
    BadFile,
    /// A value that has no place in a table (larger than a gigabyte).
    TooLarge,
    /// An event without a time where `TIME_PREFIX` and `TIME_FORMAT` say that it is; it has the time of the one before.
    NoTimestamp,
    /// A time in another form than most, which lies further from the event before than `MAX_DIFF_SECS_AGO` or
    /// `MAX_DIFF_SECS_HENCE` say; it counts all the same.
    FarTime,
    /// An event older than `ROUTE_EVENTS_OLDER_THAN`; it is left out.
    TooOld,
    /// A line cut at `TRUNCATE`.
    Truncated,
    /// A setting of props.conf or transforms.conf that can't be used; loading goes on as if it were not there.
    BadRule,
    /// An expression of a transform or sed script that reached its limits on an event, which was left as it was.
    RuleLimit,
    /// A file that is none of text; it is left out unless its format is given.
    Binary,
}

impl WarningKind {
    /// A short sentence.
    pub fn message(self) -> &'static str {
        match self {
            Self::BadJson => "not valid JSON, kept as _raw only",
            Self::BadText => "not valid UTF-8, replaced",
            Self::BadTime => "_time not understood",
            Self::BadCsv => "CSV record does not fit its header",
            Self::BadXml => "XML event incomplete or not well formed",
            Self::BadEvtx => "damaged part of a Windows event log",
            Self::BadFile => "file can't be read",
            Self::TooLarge => "value too large, cut",
            Self::NoTimestamp => "no time where TIME_PREFIX and TIME_FORMAT say, time of the event before taken",
            Self::BadRule => "setting not applied while loading",
            Self::RuleLimit => "expression of a transform or sed script too costly for an event, not applied",
            Self::Binary => "no text and no known format, left out",
            Self::FarTime => {
                "time in another form than most, further from the event before than MAX_DIFF_SECS_AGO or MAX_DIFF_SECS_HENCE say"
            }
            Self::TooOld => "older than ROUTE_EVENTS_OLDER_THAN, left out",
            Self::Truncated => "line cut at TRUNCATE",
        }
    }
}

/// One kind of trouble in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is.
    pub kind: WarningKind,
    /// How often.
    pub count: u64,
    /// The beginning of the first text concerned, or the reader's message.
    pub first_example: String,
    /// The line (from 1) or record of the first one; 0 when it has none.
    pub line: u64,
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.kind.message())?;
        if self.line > 0 {
            write!(formatter, " (line {}", self.line)?;
            if self.count > 1 {
                write!(formatter, " and {} more", self.count - 1)?;
            }
            write!(formatter, ")")?;
        }
        write!(formatter, ": {}", self.first_example)
    }
}

/// Counts warnings by kind and keeps the first of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings(Vec<Warning>);

impl Warnings {
    /// Counts one.
    pub(crate) fn add(&mut self, kind: WarningKind, line: u64, example: &str) {
        // Settings are told one by one.
        let same =
            |warning: &&mut Warning| warning.kind == kind && (kind != WarningKind::BadRule || warning.first_example == example);
        if let Some(warning) = self.0.iter_mut().find(same) {
            warning.count += 1;
        } else {
            let most = if kind == WarningKind::BadRule { 400 } else { 120 };
            let first_example: String = example.chars().take(most).collect();
            self.0.push(Warning { kind, count: 1, first_example, line });
        }
    }

    /// Adds those of a later part of the same file, whose lines count from `lines_before`.
    pub(crate) fn merge(&mut self, later: Self, lines_before: u64) {
        for mut warning in later.0 {
            if warning.line > 0 {
                warning.line += lines_before;
            }
            let same = |known: &&mut Warning| {
                known.kind == warning.kind
                    && (warning.kind != WarningKind::BadRule || known.first_example == warning.first_example)
            };
            match self.0.iter_mut().find(same) {
                Some(known) => known.count += warning.count,
                None => self.0.push(warning),
            }
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Warning> {
        self.0
    }

    pub(crate) fn first(&self) -> Option<&Warning> {
        self.0.first()
    }
}

/// Why a load stopped.
#[derive(Debug)]
pub enum LoadError {
    /// A path or glob that names nothing.
    NotFound {
        /// As given.
        path: String,
    },
    /// A glob that can't be understood.
    BadGlob {
        /// As given.
        pattern: String,
        /// Why.
        message: String,
    },
    /// A file or folder that can't be read.
    Io {
        /// The path.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The first warning, with [`LoadOptions::strict`](crate::LoadOptions::strict).
    Strict {
        /// The file.
        path: String,
        /// The warning.
        warning: Warning,
    },
    /// The table could not be built.
    Table(arrow::error::ArrowError),
    /// Threads could not be started.
    Threads(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { path } if path == "-" => {
                write!(formatter, "standard input was not given")
            }
            Self::NotFound { path } => write!(formatter, "no file matches `{path}`"),
            Self::BadGlob { pattern, message } => {
                write!(formatter, "`{pattern}` is not a valid glob: {message}")
            }
            Self::Io { path, error } => write!(formatter, "{path}: {error}"),
            Self::Strict { path, warning } => write!(formatter, "{path}: {warning}"),
            Self::Table(error) => {
                write!(formatter, "the events can't be put into a table: {error}")
            }
            Self::Threads(message) => write!(formatter, "threads can't be started: {message}"),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Table(error) => Some(error),
            _ => None,
        }
    }
}

impl From<arrow::error::ArrowError> for LoadError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Table(error)
    }
}
