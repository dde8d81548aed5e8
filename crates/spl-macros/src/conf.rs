//! Splunk's .conf files: stanzas of `key = value` with the line of every setting, and the layering of default and local.

use indexmap::IndexMap;
use spl_parser::diagnostic::Diagnostic;

use crate::definition::Origin;

/// The stanza that gives settings to all others.
pub const DEFAULT_STANZA: &str = "default";

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value without surrounding blanks; continued lines are joined by a newline.
    pub value: String,
    /// The file and line.
    pub origin: Origin,
}

impl Setting {
    /// The value as a truth value: `1 true t yes y` and `0 false f no n`, in any case; none for anything else.
    pub fn as_bool(&self) -> Option<bool> {
        as_bool(&self.value)
    }
}

/// Splunk's spellings of true and false.
pub fn as_bool(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "enabled" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "disabled" => Some(false),
        _ => None,
    }
}

/// One stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// What stands in the brackets.
    pub name: String,
    /// Where the header stands; of the layer that named it first.
    pub origin: Origin,
    /// Settings in the order of their first appearance.
    pub settings: IndexMap<String, Setting>,
}

impl Stanza {
    /// The value of a setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(|setting| setting.value.as_str())
    }
}

/// A configuration file, or several layered on each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// Stanzas in the order of their first appearance, `[default]` included.
    pub stanzas: IndexMap<String, Stanza>,
}

impl Conf {
    /// Reads a file's text; `path` is for messages and origins only.
    ///
    /// Comment lines start with `#`; a trailing backslash continues a value on the next line; a repeated key or stanza
    /// adds to the earlier one and the last value wins; settings ahead of any stanza belong to `[default]`; a byte
    /// order mark is skipped. Source: Splunk admin manual, About configuration files.
    ///
    /// # Errors
    /// One diagnostic for each line that is neither a comment, a stanza header nor a setting.
    pub fn parse(text: &str, path: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::parse_with(text, |line| Origin::file(path, line))
    }

    /// As [`Conf::parse`], but what can be read is kept: a line that is wrong costs itself. Behind a header that has no
    /// end the settings up to the next header are left out, as they belong to no stanza that is known.
    pub fn read(text: &str, path: &str) -> (Self, Vec<Diagnostic>) {
        Self::read_with(text, |line| Origin::file(path, line))
    }

    /// Like [`Conf::parse`] for a file that is part of splq.
    ///
    /// # Errors
    /// As [`Conf::parse`].
    pub fn parse_built_in(text: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::parse_with(text, |_| Origin::BuiltIn)
    }

    fn parse_with(text: &str, origin_of: impl Fn(usize) -> Origin) -> Result<Self, Vec<Diagnostic>> {
        let (conf, problems) = Self::read_with(text, origin_of);
        if problems.is_empty() { Ok(conf) } else { Err(problems) }
    }

    fn read_with(text: &str, origin_of: impl Fn(usize) -> Origin) -> (Self, Vec<Diagnostic>) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut conf = Conf::default();
        let mut problems = Vec::new();
        // None behind a header that can't be read.
        let mut current = Some(DEFAULT_STANZA.to_owned());
        let mut lines = text.lines().enumerate();
        while let Some((index, raw)) = lines.next() {
            let number = index + 1;
            let line = raw.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                current = stanza_name(rest).map(str::to_owned);
                match &current {
                    Some(name) => drop(conf.stanza(name, || origin_of(number))),
                    None => problems.push(problem(
                        &origin_of(number),
                        "conf/stanza",
                        format!("stanza header `{line}` does not end in `]`"),
                    )),
                }
                continue;
            }
            let Some((key, first)) = line.split_once('=') else {
                problems.push(
                    problem(&origin_of(number), "conf/setting", format!("`{line}` is neither a stanza, a setting nor a comment"))
                        .with_help("write `key = value`; comment lines start with `#`"),
                );
                continue;
            };
            let mut value = first.trim_start().to_owned();
            while value.ends_with('\\') {
                value.pop();
                let Some((_, next)) = lines.next() else { break };
                value.push('\n');
                value.push_str(next.trim_end());
            }
            let setting = Setting { value: value.trim_end().to_owned(), origin: origin_of(number) };
            if let Some(current) = &current {
                conf.stanza(current, || origin_of(number)).settings.insert(key.trim_end().to_owned(), setting);
            }
        }
        (conf, problems)
    }

    fn stanza(&mut self, name: &str, origin: impl FnOnce() -> Origin) -> &mut Stanza {
        self.stanzas.entry(name.to_owned()).or_insert_with(|| Stanza {
            name: name.to_owned(),
            origin: origin(),
            settings: IndexMap::new(),
        })
    }

    /// Lays `upper` over this one: its settings win one by one, its new stanzas are added (`local/` over `default/`).
    pub fn layer(&mut self, upper: Conf) {
        for (name, stanza) in upper.stanzas {
            match self.stanzas.get_mut(&name) {
                Some(lower) => lower.settings.extend(stanza.settings),
                None => {
                    self.stanzas.insert(name, stanza);
                }
            }
        }
    }

    /// All stanzas but `[default]`, each completed with the settings of `[default]` that it does not set itself.
    pub fn effective(&self) -> impl Iterator<Item = Stanza> + '_ {
        let default = self.stanzas.get(DEFAULT_STANZA);
        self.stanzas.values().filter(|stanza| stanza.name != DEFAULT_STANZA).map(move |stanza| {
            let mut stanza = stanza.clone();
            for (key, setting) in default.into_iter().flat_map(|default| &default.settings) {
                stanza.settings.entry(key.clone()).or_insert_with(|| setting.clone());
            }
            stanza
        })
    }
}

/// The name in a header, without the opening bracket. A comment may stand behind the closing one.
fn stanza_name(rest: &str) -> Option<&str> {
    if let Some(name) = rest.strip_suffix(']') {
        return Some(name);
    }
    let mut ends = rest.match_indices(']');
    ends.find(|(at, _)| rest[at + 1..].trim_start().starts_with('#')).map(|(at, _)| &rest[..at])
}

/// A diagnostic about a place in a file.
pub(crate) fn problem(origin: &Origin, code: &'static str, message: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::general(code, format!("{origin}: {message}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn reads_stanzas_comments_and_continuations() {
        let text = "\u{feff}top = 1\r\n# a comment\r\n[one]\r\nkey = value = more\r\n  # indented\r\nlong = a \\\r\n  b \\\r\n# not a comment\r\n\r\n[two]\r\nempty =\r\nkey=x\r\nkey=y\r\n";
        let conf = Conf::parse(text, "m.conf").unwrap();
        assert_eq!(conf.stanzas.keys().collect::<Vec<_>>(), ["default", "one", "two"]);
        let one = &conf.stanzas["one"];
        assert_eq!(one.get("key"), Some("value = more"));
        assert_eq!(one.get("long"), Some("a \n  b \n# not a comment"));
        assert_eq!(one.settings["long"].origin.to_string(), "m.conf:6");
        assert_eq!(conf.stanzas["two"].get("key"), Some("y"));
        assert_eq!(conf.stanzas["two"].get("empty"), Some(""));
        let effective: Vec<_> = conf.effective().collect();
        assert_eq!(effective.len(), 2);
        assert_eq!(effective[0].get("top"), Some("1"));
    }

    #[test]
    fn layers_setting_by_setting() {
        let mut conf = Conf::parse("[a]\nx=1\ny=2\n", "default/m.conf").unwrap();
        conf.layer(Conf::parse("[a]\ny=3\n[b]\nz=4\n", "local/m.conf").unwrap());
        assert_eq!(conf.stanzas["a"].get("x"), Some("1"));
        assert_eq!(conf.stanzas["a"].get("y"), Some("3"));
        assert_eq!(conf.stanzas["a"].settings["y"].origin.to_string(), "local/m.conf:2");
        assert_eq!(conf.stanzas["b"].get("z"), Some("4"));
    }

    #[test]
    fn names_every_bad_line() {
        let problems = Conf::parse("[a\nnonsense\n[b]\nk=v\n", "dir/x.conf").unwrap_err();
        let messages: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(messages.len(), 2);
        assert!(messages[0].starts_with("dir/x.conf:1: stanza header"), "{messages:?}");
        assert!(messages[1].starts_with("dir/x.conf:2: `nonsense`"), "{messages:?}");
    }

    #[test]
    fn what_can_be_read_is_kept() {
        let text = "[a] # comment\nx = 1\nnonsense\ny = 2\n[b\nz = 3\n[c]\nw = 4\n[d # ] x]\nv = 5\n";
        let (conf, problems) = Conf::read(text, "p.conf");
        assert_eq!(problems.len(), 2);
        assert_eq!(conf.stanzas.keys().collect::<Vec<_>>(), ["a", "c", "d # ] x"]);
        assert_eq!((conf.stanzas["a"].get("x"), conf.stanzas["a"].get("y")), (Some("1"), Some("2")));
        assert_eq!(conf.stanzas["c"].get("w"), Some("4"));
    }

    #[test]
    fn truth_values() {
        assert_eq!(as_bool("True"), Some(true));
        assert_eq!(as_bool("0"), Some(false));
        assert_eq!(as_bool("maybe"), None);
    }

    #[test]
    fn brackets_inside_a_stanza_name_stay() {
        let conf = Conf::parse("[source::...[ab].log]\nk=v\n", "p.conf").unwrap();
        assert!(conf.stanzas.contains_key("source::...[ab].log"));
    }
}
