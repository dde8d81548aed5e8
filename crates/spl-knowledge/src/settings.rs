//! The settings of Splunk's configuration files and what splq makes of each: readers, `splq check --app` and the reference
//! have them from here.

mod event_types;
mod props_index_time;
mod props_search_time;
mod saved_searches;
mod transforms;

use spl_parser::diagnostic::nearest;

/// What becomes of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does what Splunk's specification says.
    Works,
    /// It works but for what is said here.
    Partial(&'static str),
    /// It would change results and has no effect; whoever loads it is told. What is said here goes behind a semicolon.
    WithoutEffect(&'static str),
    /// It changes no results of a search over files, for the reason that is said here.
    Harmless(&'static str),
}

/// A setting of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingSpec {
    /// The name as Splunk's specification spells it; a part in angle brackets stands for any text: `EXTRACT-<class>`.
    pub name: &'static str,
    /// What it is for, in one line.
    pub summary: &'static str,
    /// What becomes of it.
    pub status: Status,
}

impl SettingSpec {
    /// Whether a key is this setting.
    pub fn is(&self, key: &str) -> bool {
        match self.name.split_once('<') {
            None => self.name == key,
            Some((prefix, rest)) => {
                let suffix = rest.split_once('>').map_or("", |(_, suffix)| suffix);
                key.len() >= prefix.len() + suffix.len()
                    && key.starts_with(prefix)
                    && (suffix.contains('<') || key.ends_with(suffix))
            }
        }
    }
}

/// A row of a table.
const fn setting(name: &'static str, summary: &'static str, status: Status) -> SettingSpec {
    SettingSpec { name, summary, status }
}

/// The settings of a kind of stanza.
#[derive(Debug)]
pub struct StanzaSpec {
    /// The file: `props.conf`.
    pub file: &'static str,
    /// What its stanzas define: `fields and events`.
    pub about: &'static str,
    /// The settings, in families.
    pub settings: &'static [&'static [SettingSpec]],
}

impl StanzaSpec {
    /// All settings.
    pub fn all(&self) -> impl Iterator<Item = &'static SettingSpec> {
        self.settings.iter().flat_map(|family| family.iter())
    }

    /// The setting of a key.
    pub fn find(&self, key: &str) -> Option<&'static SettingSpec> {
        self.all().find(|setting| setting.is(key))
    }

    /// The known name that a mistyped key is nearest to.
    pub fn nearest(&self, key: &str) -> Option<&'static str> {
        nearest(key, self.all().map(|setting| setting.name).filter(|name| !name.contains('<')))
    }

    /// What is to be said of a key, in words: unknown, without effect; none when there is nothing to say. `what` is what
    /// the stanza is: `a props stanza`.
    pub fn remark(&self, key: &str, what: &str) -> Option<(&'static str, String)> {
        match self.find(key).map(|setting| setting.status) {
            None => {
                let near = self.nearest(key).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                Some(("knowledge/unknown-setting", format!("unknown setting `{key}` of {what}{near}")))
            }
            Some(Status::WithoutEffect(why)) => Some(("knowledge/no-effect", format!("`{key}` has no effect; {why}"))),
            Some(Status::Works | Status::Partial(_) | Status::Harmless(_)) => None,
        }
    }
}

/// props.conf.
pub const PROPS: StanzaSpec = StanzaSpec {
    file: "props.conf",
    about: "fields and events, by sourcetype, source and host",
    settings: &[props_search_time::SETTINGS, props_index_time::SETTINGS],
};

/// transforms.conf, stanzas that extract fields or change events.
pub const TRANSFORMS: StanzaSpec =
    StanzaSpec { file: "transforms.conf", about: "field transforms", settings: &[transforms::FIELDS, transforms::INDEX_TIME] };

/// transforms.conf, stanzas that define lookups.
pub const LOOKUPS: StanzaSpec = StanzaSpec { file: "transforms.conf", about: "lookups", settings: &[transforms::LOOKUPS] };

/// eventtypes.conf.
pub const EVENT_TYPES: StanzaSpec =
    StanzaSpec { file: "eventtypes.conf", about: "event types", settings: &[event_types::EVENT_TYPES] };

/// tags.conf.
pub const TAGS: StanzaSpec = StanzaSpec { file: "tags.conf", about: "tags of field values", settings: &[event_types::TAGS] };

/// fields.conf.
pub const FIELDS: StanzaSpec = StanzaSpec { file: "fields.conf", about: "fields", settings: &[event_types::FIELDS] };

/// macros.conf.
pub const MACROS: StanzaSpec = StanzaSpec { file: "macros.conf", about: "search macros", settings: &[saved_searches::MACROS] };

/// savedsearches.conf.
pub const SAVED_SEARCHES: StanzaSpec =
    StanzaSpec { file: "savedsearches.conf", about: "saved searches", settings: &[saved_searches::SAVED_SEARCHES] };

/// datamodels.conf.
pub const DATA_MODELS: StanzaSpec =
    StanzaSpec { file: "datamodels.conf", about: "data models", settings: &[saved_searches::DATA_MODELS] };

/// Every kind of stanza, in the order in which the reference shows them.
pub const ALL: &[&StanzaSpec] =
    &[&PROPS, &TRANSFORMS, &LOOKUPS, &EVENT_TYPES, &TAGS, &FIELDS, &MACROS, &SAVED_SEARCHES, &DATA_MODELS];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found() {
        assert_eq!(PROPS.find("EXTRACT-a b").map(|setting| setting.name), Some("EXTRACT-<class>"));
        assert_eq!(PROPS.find("LINE_BREAKER").map(|setting| setting.status), Some(Status::Works));
        assert!(PROPS.find("KV_MODES").is_none());
        assert!(PROPS.remark("KV_MODES", "a props stanza").is_some_and(|(_, text)| text.contains("did you mean `KV_MODE`?")));
        assert!(TAGS.find("anything").is_some());
    }

    #[test]
    fn names_are_unique_and_texts_are_written() {
        for stanza in ALL {
            let mut names: Vec<&str> = stanza.all().map(|setting| setting.name).collect();
            names.sort_unstable();
            let before = names.len();
            names.dedup();
            assert_eq!(names.len(), before, "{} ({})", stanza.file, stanza.about);
            for setting in stanza.all() {
                assert!(!setting.summary.is_empty(), "{}", setting.name);
                if let Status::Partial(why) | Status::WithoutEffect(why) | Status::Harmless(why) = setting.status {
                    assert!(!why.is_empty(), "{}", setting.name);
                }
            }
        }
    }
}
