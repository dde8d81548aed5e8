//! The formats of files, with the names that the command line uses.

use std::fmt;

/// A file format. [`load`](crate::load) recognises it from the content;
/// [`LoadOptions::format`](crate::LoadOptions::format) overrides that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON value per line.
    Ndjson,
    /// One JSON array of events, an object with a `Records` array, or objects one after another.
    Json,
    /// Comma-separated values with a header line.
    Csv,
    /// Tab-separated values with a header line.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// Windows event log files.
    Evtx,
    /// Windows events as XML text.
    Xml,
    /// Syslog lines, RFC 3164 or RFC 5424.
    Syslog,
    /// Access logs of Apache and nginx.
    Access,
    /// Records of the Linux audit daemon.
    Audit,
    /// Common Event Format, with or without syslog before it.
    Cef,
    /// Log Event Extended Format, with or without syslog before it.
    Leef,
    /// Zeek logs whose comment lines name the fields.
    Zeek,
    /// W3C extended logs whose comment lines name the fields, such as those of IIS.
    W3c,
    /// Lines, put together where most of them have no time of their own.
    Text,
}

impl Format {
    /// Every format, with the name that the command line uses.
    pub const ALL: [(&'static str, Self); 15] = [
        ("ndjson", Self::Ndjson),
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("tsv", Self::Tsv),
        ("parquet", Self::Parquet),
        ("evtx", Self::Evtx),
        ("xml", Self::Xml),
        ("syslog", Self::Syslog),
        ("access", Self::Access),
        ("audit", Self::Audit),
        ("cef", Self::Cef),
        ("leef", Self::Leef),
        ("zeek", Self::Zeek),
        ("w3c", Self::W3c),
        ("text", Self::Text),
    ];

    /// Whether files are text whose lines are events or parts of events.
    pub(crate) fn is_lines(self) -> bool {
        use Format::{Access, Audit, Cef, Leef, Syslog, Text, W3c, Zeek};
        matches!(self, Text | Syslog | Access | Audit | Cef | Leef | Zeek | W3c)
    }

    /// The name that the command line uses.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("text", |(name, _)| name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
