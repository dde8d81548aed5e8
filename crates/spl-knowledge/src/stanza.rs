//! Which events a props.conf stanza is for: by sourcetype, `source::` or `host::` pattern, or all.

use regex::Regex;

/// What a props.conf stanza applies to (Splunk admin manual, props.conf).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StanzaMatcher {
    /// `[default]`: every event.
    Default,
    /// `[sourcetype]`. Names are compared with case; `[(?i)name]` without, `[(?::){0}name*]` as a pattern.
    Sourcetype(NamePattern),
    /// `[host::pattern]`.
    Host(NamePattern),
    /// `[source::pattern]`.
    Source(NamePattern),
}

impl StanzaMatcher {
    /// Reads a stanza's name; none when its pattern is not one.
    pub fn parse(name: &str) -> Option<Self> {
        Some(if name == "default" {
            Self::Default
        } else if let Some(pattern) = name.strip_prefix("source::") {
            Self::Source(NamePattern::parse(pattern)?)
        } else if let Some(pattern) = name.strip_prefix("host::") {
            Self::Host(NamePattern::parse(pattern)?)
        } else if let Some(pattern) = name.strip_prefix("(?::){0}") {
            Self::Sourcetype(NamePattern::parse(pattern)?)
        } else if let Some(plain) = name.strip_prefix("(?i)") {
            Self::Sourcetype(NamePattern::parse(&format!("(?i){}", regex::escape(plain)))?)
        } else {
            Self::Sourcetype(NamePattern::literal(name))
        })
    }

    /// Whether the stanza is for events with these fields.
    pub fn matches(&self, sourcetype: &str, source: &str, host: &str) -> bool {
        match self {
            Self::Default => true,
            Self::Sourcetype(pattern) => pattern.matches(sourcetype),
            Self::Source(pattern) => pattern.matches(source),
            Self::Host(pattern) => pattern.matches(host),
        }
    }

    /// `source::` wins over `host::`, that over a sourcetype, that over `[default]`.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Sourcetype(_) => 1,
            Self::Host(_) => 2,
            Self::Source(_) => 3,
        }
    }

    /// The priority of a stanza that sets none: 100 for a plain name, 0 for a pattern.
    pub(crate) fn default_priority(&self) -> i64 {
        match self {
            Self::Default => 0,
            Self::Sourcetype(pattern) | Self::Host(pattern) | Self::Source(pattern) => {
                if pattern.is_literal() {
                    100
                } else {
                    0
                }
            }
        }
    }
}

/// A name or a pattern of names: `...` is any text, `*` any text without path separators, `|` and `( )` as in regular
/// expressions, a point is a point. It covers the whole name.
#[derive(Clone, Debug)]
pub struct NamePattern {
    text: String,
    regex: Option<Regex>,
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.is_literal() == other.is_literal()
    }
}

impl Eq for NamePattern {}

impl NamePattern {
    /// A plain name.
    pub fn literal(name: &str) -> Self {
        Self { text: name.to_owned(), regex: None }
    }

    /// Reads a pattern; none when it is no valid one.
    pub fn parse(pattern: &str) -> Option<Self> {
        if !pattern.contains(['*', '|', '(', '[', '\\']) && !pattern.contains("...") {
            return Some(Self::literal(pattern));
        }
        let mut expression = String::from("^(?s:");
        let mut rest = pattern;
        if let Some(after) = rest.strip_prefix("(?i)") {
            expression.insert_str(0, "(?i)");
            rest = after;
        }
        while let Some(character) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("...") {
                expression.push_str(".*");
                rest = after;
                continue;
            }
            let length = character.len_utf8();
            match character {
                '*' => expression.push_str(r"[^/\\]*"),
                '.' => expression.push_str(r"\."),
                '\\' => {
                    // An escaped character stays escaped.
                    let next = rest[1..].chars().next().map_or(0, char::len_utf8);
                    expression.push_str(&rest[..1 + next]);
                    rest = &rest[1 + next..];
                    continue;
                }
                other => expression.push(other),
            }
            rest = &rest[length..];
        }
        expression.push_str(")$");
        Some(Self { text: pattern.to_owned(), regex: Some(Regex::new(&expression).ok()?) })
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is a plain name.
    pub fn is_literal(&self) -> bool {
        self.regex.is_none()
    }

    /// Whether it covers the name.
    pub fn matches(&self, name: &str) -> bool {
        match &self.regex {
            None => self.text == name,
            Some(regex) => regex.is_match(name),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn matches(stanza: &str, sourcetype: &str, source: &str) -> bool {
        StanzaMatcher::parse(stanza).unwrap().matches(sourcetype, source, "web1")
    }

    #[test]
    fn plain_names_and_patterns() {
        assert!(matches("default", "x", "y"));
        assert!(matches("a:b", "a:b", ""));
        assert!(!matches("a:b", "A:b", ""));
        assert!(matches("(?i)a.b", "A.B", ""));
        assert!(!matches("(?i)a.b", "AxB", ""));
        assert!(matches("(?::){0}XmlWinEventLog:*", "XmlWinEventLog:Security", ""));
        assert!(matches("source::.../var/log/*.log", "", "/x/var/log/a.log"));
        assert!(!matches("source::.../var/log/*.log", "", "/x/var/log/b/a.log"));
        assert!(!matches("source::/var/*.log", "", "/var/axlog"));
        assert!(matches("source::.../(a|b).log", "", "/q/b.log"));
        assert!(matches(
            "source::XmlWinEventLog:Microsoft-Windows-Sysmon/Operational",
            "",
            "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"
        ));
        assert!(matches("source::(?i)...security", "", "WinEventLog:SECURITY"));
        assert!(matches("host::web*", "", ""));
        assert!(!matches("host::db*", "", ""));
        assert_eq!(StanzaMatcher::parse("source::(a"), None);
    }

    #[test]
    fn backslashes_escape() {
        assert!(matches(r"source::C:\\logs\\*.txt", "", r"C:\logs\a.txt"));
        assert!(!matches(r"source::C:\\logs\\*.txt", "", r"C:\logs\b\a.txt"));
    }
}
