//! An event on its way into the index: its keys, which transforms read and write, and its indexed fields.

use std::borrow::Cow;

/// An event with what transforms can change.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct IndexedEvent {
    /// The text.
    pub(crate) raw: String,
    /// Epoch seconds, when a time was found.
    pub(crate) time: Option<f64>,
    pub(crate) host: String,
    pub(crate) source: String,
    pub(crate) sourcetype: String,
    pub(crate) index: String,
    /// Whether the event goes to `nullQueue`.
    pub(crate) dropped: bool,
    /// Indexed fields, in order; a name may come more than once.
    pub(crate) fields: Vec<(String, String)>,
    /// Whether the text is another one than the event came with.
    pub(crate) raw_changed: bool,
    /// Whether anything was changed.
    pub(crate) changed: bool,
}

/// The prefixes of keys that hold one of the event's names.
const PREFIXES: [(&str, &str); 3] =
    [("MetaData:Host", "host::"), ("MetaData:Source", "source::"), ("MetaData:Sourcetype", "sourcetype::")];

/// Keys that decide over forwarding only.
const ROUTES: [&str; 4] = ["_TCP_ROUTING", "_SYSLOG_ROUTING", "_HTTPOUT_ROUTING", "_INDEX_AND_FORWARD_ROUTING"];

/// Whether transforms know a key (transforms.conf, KEYS).
pub(super) fn is_key(key: &str) -> bool {
    matches!(key, "_raw" | "_meta" | "_time" | "queue" | "_MetaData:Index" | "MetaData:Index")
        || PREFIXES.iter().any(|(known, _)| *known == key)
        || ROUTES.contains(&key)
}

impl IndexedEvent {
    /// Sets the text.
    pub(crate) fn set_raw(&mut self, raw: String) {
        self.raw = raw;
        self.raw_changed = true;
        self.changed = true;
    }

    /// The value of a key, as transforms see it: names have their prefix.
    pub(super) fn key(&self, key: &str) -> Option<Cow<'_, str>> {
        let name = |prefix: &str, name: &str| Cow::Owned(format!("{prefix}{name}"));
        Some(match key {
            "_raw" => Cow::Borrowed(&self.raw),
            "_MetaData:Index" | "MetaData:Index" => Cow::Borrowed(&self.index),
            "_time" => Cow::Owned(format!("{}", self.time?.floor())),
            "queue" => Cow::Borrowed(if self.dropped { "nullQueue" } else { "indexQueue" }),
            "_meta" => Cow::Owned(self.meta()),
            "MetaData:Host" => name("host::", &self.host),
            "MetaData:Source" => name("source::", &self.source),
            "MetaData:Sourcetype" => name("sourcetype::", &self.sourcetype),
            _ => return None,
        })
    }

    /// The indexed fields as one text.
    fn meta(&self) -> String {
        let one = |(name, value): &(String, String)| {
            if value.contains(' ') { format!("{name}::\"{value}\"") } else { format!("{name}::{value}") }
        };
        self.fields.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The first value of an indexed field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sets a key.
    pub(super) fn set_key(&mut self, key: &str, value: &str) {
        if key == "_raw" {
            return self.set_raw(value.to_owned());
        }
        self.changed = true;
        let plain = PREFIXES.iter().find(|(known, _)| *known == key).map_or(value, |(_, prefix)| {
            let value = value.trim();
            value.strip_prefix(prefix).unwrap_or(value)
        });
        match key {
            "_time" => self.time = value.trim().parse().ok().or(self.time),
            "queue" => self.dropped = value.trim().eq_ignore_ascii_case("nullqueue"),
            // A name that comes to nothing leaves the one that there is.
            _ if plain.is_empty() => {}
            "MetaData:Host" => plain.clone_into(&mut self.host),
            "MetaData:Source" => plain.clone_into(&mut self.source),
            "MetaData:Sourcetype" => plain.clone_into(&mut self.sourcetype),
            "_MetaData:Index" | "MetaData:Index" => plain.trim().clone_into(&mut self.index),
            _ => {}
        }
    }

    /// Adds an indexed field; an empty value is none.
    pub(super) fn add_field(&mut self, name: &str, value: &str) {
        if !name.is_empty() && !value.is_empty() {
            self.fields.push((name.to_owned(), value.to_owned()));
            self.changed = true;
        }
    }

    /// Takes all values of an indexed field away.
    pub(super) fn remove_field(&mut self, name: &str) {
        self.fields.retain(|(known, _)| known != name);
        self.changed = true;
    }
}
