//! Which events a props.conf stanza is for: by sourcetype, `source::` or `host::` pattern, or all.

use pcre2::bytes::{Regex, RegexBuilder};

/// What a props.conf stanza applies to (Splunk admin manual, props.conf).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StanzaMatcher {
    /// `[default]`: every event.
    Default,
    /// `[sourcetype]`. Names are compared with case; `[(?i)name]` without, `[(?::){0}name*]` as a pattern.
    Sourcetype(NamePattern),
    /// `[host::pattern]`, compared without case; `[host::(?-i)pattern]` with.
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
            Self::Host(NamePattern::parse_host(pattern)?)
        } else if let Some(pattern) = sourcetype_pattern(name) {
            Self::Sourcetype(NamePattern::parse(pattern)?)
        } else if let Some(plain) = name.strip_prefix("(?i)") {
            Self::Sourcetype(NamePattern::literal(plain).ignoring_case())
        } else {
            Self::Sourcetype(NamePattern::literal(name))
        })
    }

    /// Whether the stanza is for events with these fields.
    pub fn matches(&self, sourcetype: &str, source: &str, host: &str) -> bool {
        match self {
            Self::Default => true,
            Self::Sourcetype(pattern) => pattern.matches(sourcetype),
            Self::Source(pattern) => {
                // A path that begins nowhere is one below some folder, as Splunk's paths all are.
                let is_relative = !source.starts_with(['/', '\\']) && !source.contains(':');
                pattern.matches(source) || (is_relative && !source.is_empty() && pattern.matches(&format!("/{source}")))
            }
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

/// The pattern behind a group that is repeated zero times: with a `::` anywhere in its name a stanza is a pattern, and such
/// a group, as `(?::){0}` and `(::x){0}`, matches nothing.
fn sourcetype_pattern(name: &str) -> Option<&str> {
    let (group, pattern) = name.strip_prefix('(')?.split_once("){0}")?;
    (group.contains("::") && !group.contains(['(', ')'])).then_some(pattern)
}

/// A name or a pattern of names: `...` is any text, `*` any text without path separators, `|` and `( )` as in regular
/// expressions, a point is a point. It covers the whole name.
#[derive(Clone, Debug)]
pub struct NamePattern {
    text: String,
    ignore_case: bool,
    form: Form,
}

/// How a pattern is compared. Alternatives of plain parts cost nothing to read, which regular expressions do.
#[derive(Clone, Debug)]
enum Form {
    Literal,
    Wildcards(Vec<Vec<Part>>),
    Regex(Box<Regex>),
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Any text without path separators.
    Segment,
    /// Any text.
    Anything,
}

/// Most alternatives that a pattern with groups is written out to.
const MOST_ALTERNATIVES: usize = 64;

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && (self.ignore_case, self.is_literal()) == (other.ignore_case, other.is_literal())
    }
}

impl Eq for NamePattern {}

impl NamePattern {
    /// A plain name.
    pub fn literal(name: &str) -> Self {
        Self { text: name.to_owned(), ignore_case: false, form: Form::Literal }
    }

    /// The same without case.
    #[must_use]
    fn ignoring_case(self) -> Self {
        Self { ignore_case: true, ..self }
    }

    /// Reads a pattern; none when it is no valid one.
    pub fn parse(pattern: &str) -> Option<Self> {
        match pattern.strip_prefix("(?i)") {
            Some(rest) => Self::read(pattern, rest, true),
            None => Self::read(pattern, pattern, false),
        }
    }

    /// Reads a pattern of host names, which ignores case unless it says otherwise.
    ///
    /// Source: Splunk admin manual, props.conf, case-sensitivity for stanza matching.
    pub fn parse_host(pattern: &str) -> Option<Self> {
        match pattern.strip_prefix("(?-i)") {
            Some(rest) => Self::read(pattern, rest, false),
            None => Self::read(pattern, pattern.strip_prefix("(?i)").unwrap_or(pattern), true),
        }
    }

    /// Reads a pattern without the mark in front that says whether case counts.
    fn read(text: &str, pattern: &str, ignore_case: bool) -> Option<Self> {
        let plain = !pattern.contains(['*', '|', '(', '[', '\\']) && !pattern.contains("...");
        if plain {
            return Some(Self { ignore_case, ..Self::literal(pattern) });
        }
        let mut reader = Reader { rest: pattern };
        let form = match reader.alternatives(0).filter(|_| reader.rest.is_empty()) {
            Some(alternatives) => Form::Wildcards(alternatives),
            None => Form::Regex(Box::new(RegexBuilder::new().utf(true).build(&expression(ignore_case, pattern)).ok()?)),
        };
        Some(Self { text: text.to_owned(), ignore_case, form })
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is a plain name.
    pub fn is_literal(&self) -> bool {
        matches!(self.form, Form::Literal)
    }

    /// Whether it covers the name.
    pub fn matches(&self, name: &str) -> bool {
        match &self.form {
            Form::Literal => self.text == name || self.ignore_case && self.text.to_lowercase() == name.to_lowercase(),
            Form::Wildcards(alternatives) => alternatives.iter().any(|parts| covers(parts, name, self.ignore_case)),
            // A limit that is reached is no match.
            Form::Regex(regex) => regex.is_match(name.as_bytes()).unwrap_or(false),
        }
    }
}

/// Reads patterns of texts, `*`, `...` and groups of alternatives; gives up at anything else.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Alternatives up to the end or a closing parenthesis, groups written out.
    fn alternatives(&mut self, depth: usize) -> Option<Vec<Vec<Part>>> {
        let mut done: Vec<Vec<Part>> = Vec::new();
        let mut current: Vec<Vec<Part>> = vec![Vec::new()];
        while let Some(character) = self.rest.chars().next() {
            if let Some(after) = self.rest.strip_prefix("...") {
                self.rest = after;
                current.iter_mut().for_each(|parts| parts.push(Part::Anything));
                continue;
            }
            let after = &self.rest[character.len_utf8()..];
            match character {
                ')' if depth > 0 => break,
                '|' => {
                    self.rest = after;
                    done.append(&mut current);
                    current.push(Vec::new());
                }
                '(' if depth < 4 && !after.starts_with('?') => {
                    self.rest = after;
                    let mut inner = self.alternatives(depth + 1)?;
                    self.rest = self.rest.strip_prefix(')')?;
                    if let Some(after) = self.rest.strip_prefix('?') {
                        self.rest = after;
                        inner.push(Vec::new());
                    }
                    current = current
                        .iter()
                        .flat_map(|parts| inner.iter().map(|more| parts.iter().chain(more).cloned().collect()))
                        .collect();
                }
                '*' => {
                    self.rest = after;
                    current.iter_mut().for_each(|parts| parts.push(Part::Segment));
                }
                '\\' => {
                    // An escaped letter or digit means something to regular expressions.
                    let escaped = after.chars().next().filter(|next| !next.is_alphanumeric())?;
                    self.rest = &after[escaped.len_utf8()..];
                    current.iter_mut().for_each(|parts| push_text(parts, escaped));
                }
                '(' | ')' | '[' | ']' | '{' | '}' | '?' | '+' | '^' | '$' => return None,
                other => {
                    self.rest = after;
                    // What repeats a character is left to regular expressions.
                    if self.rest.starts_with(['?', '+', '{']) {
                        return None;
                    }
                    current.iter_mut().for_each(|parts| push_text(parts, other));
                }
            }
            if done.len() + current.len() > MOST_ALTERNATIVES {
                return None;
            }
        }
        done.append(&mut current);
        Some(done)
    }
}

fn push_text(parts: &mut Vec<Part>, character: char) {
    match parts.last_mut() {
        Some(Part::Text(text)) => text.push(character),
        _ => parts.push(Part::Text(character.to_string())),
    }
}

/// Whether the parts cover the whole name.
fn covers(parts: &[Part], name: &str, ignore_case: bool) -> bool {
    match parts {
        [] => name.is_empty(),
        [Part::Text(text), rest @ ..] => {
            let starts = name.get(..text.len()).is_some_and(|start| {
                start == text || ignore_case && (start.eq_ignore_ascii_case(text) || start.to_lowercase() == text.to_lowercase())
            });
            starts && covers(rest, &name[text.len()..], ignore_case)
        }
        [Part::Anything] => true,
        [wildcard, rest @ ..] => {
            let mut places = name.char_indices();
            loop {
                let Some((place, character)) = places.next() else { return covers(rest, "", ignore_case) };
                if covers(rest, &name[place..], ignore_case) {
                    return true;
                }
                if *wildcard == Part::Segment && matches!(character, '/' | '\\') {
                    return false;
                }
            }
        }
    }
}

/// A pattern as a regular expression.
fn expression(ignore_case: bool, pattern: &str) -> String {
    let mut expression = String::from(if ignore_case { "(?i)^(?s:" } else { "^(?s:" });
    let mut rest = pattern;
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
    expression.push_str(")\\z");
    expression
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
        assert!(matches("host::web*", "", "") && matches("host::WEB1", "", "") && matches("host::WEB*", "", ""));
        assert!(!matches("host::db*", "", "") && !matches("host::(?-i)WEB1", "", "") && !matches("host::(?-i)WEB*", "", ""));
        assert_eq!(StanzaMatcher::parse("host::(?-i)web1").unwrap().default_priority(), 100);
        for pattern in ["(::){0}XmlWin*", "(::zTs){0}XmlWin*", "(?:::){0}XmlWin*"] {
            assert!(matches(pattern, "XmlWinEventLog:Security", ""), "{pattern}");
            assert!(!matches(pattern, "WinEventLog:Security", ""), "{pattern}");
        }
        assert!(matches("source::....(?<!tar.)(gz|bz2)", "", "/x/y.gz"));
        assert!(!matches("source::....(?<!tar.)(gz|bz2)", "", "/x/y.tar.gz"));
        assert_eq!(StanzaMatcher::parse("source::(a"), None);
    }

    #[test]
    fn groups_and_wildcards_without_regular_expressions() {
        let wildcards = |pattern: &str| matches!(NamePattern::parse(pattern).unwrap().form, Form::Wildcards(_));
        assert!(wildcards("(?i)(Xml)?WinEventLog:..."));
        assert!(wildcards("(zeek|bro):(ssl|x509):json"));
        assert!(wildcards(r"C:\\logs\\*.txt"));
        assert!(!wildcards("web[0-9]+") && !wildcards("ab?c*") && !wildcards(r"a\d*"));
        for (stanza, yes, no) in [
            ("(?i)(Xml)?WinEventLog:...", "wineventlog:Security", "XWinEventLog:Security"),
            ("(zeek|bro):(ssl|x509):json", "bro:x509:json", "bro:dns:json"),
            ("a*b*c", "aXbbYc", "aX/bbYc"),
            ("...é*", "x/é", "x/e"),
            ("web[0-9]+", "web12", "web"),
            ("(|x)...y|z", "xy", "zz"),
        ] {
            let pattern = NamePattern::parse(stanza).unwrap();
            assert!(pattern.matches(yes), "{stanza} {yes}");
            assert!(!pattern.matches(no), "{stanza} {no}");
        }
        assert!(NamePattern::parse("(a").is_none());
    }

    #[test]
    fn backslashes_escape() {
        assert!(matches(r"source::C:\\logs\\*.txt", "", r"C:\logs\a.txt"));
        assert!(!matches(r"source::C:\\logs\\*.txt", "", r"C:\logs\b\a.txt"));
    }
}
