//! Saved searches (savedsearches.conf), as far as they can be run with `| savedsearch`.

use indexmap::IndexMap;
use spl_macros::{Conf, Origin};

/// A saved search (Splunk admin manual, savedsearches.conf).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSearch {
    /// The name.
    pub name: String,
    /// The search.
    pub search: String,
    /// `description`.
    pub description: Option<String>,
    /// `dispatch.earliest_time`.
    pub earliest: Option<String>,
    /// `dispatch.latest_time`.
    pub latest: Option<String>,
    /// `cron_schedule`, when scheduling is enabled.
    pub schedule: Option<String>,
    /// Not to be used.
    pub disabled: bool,
    /// All settings as written, for actions and the like.
    pub settings: IndexMap<String, String>,
    /// Where each setting was written.
    pub places: IndexMap<String, Origin>,
    /// Where it was defined.
    pub origin: Origin,
}

/// Reads the stanzas of a savedsearches.conf; those without a search (an app's overrides) are left out.
pub(crate) fn read_saved_searches(conf: &Conf) -> IndexMap<String, SavedSearch> {
    let mut saved = IndexMap::new();
    for stanza in conf.effective() {
        let text = |key: &str| stanza.get(key).filter(|value| !value.is_empty()).map(str::to_owned);
        let flag = |key: &str| stanza.settings.get(key).is_some_and(|value| value.as_bool() == Some(true));
        let Some(search) = text("search") else {
            continue;
        };
        let read = SavedSearch {
            name: stanza.name.clone(),
            search,
            description: text("description"),
            earliest: text("dispatch.earliest_time"),
            latest: text("dispatch.latest_time"),
            schedule: text("cron_schedule").filter(|_| flag("enableSched")),
            disabled: flag("disabled"),
            settings: stanza.settings.iter().map(|(key, setting)| (key.clone(), setting.value.clone())).collect(),
            places: stanza.settings.iter().map(|(key, setting)| (key.clone(), setting.origin.clone())).collect(),
            origin: stanza.origin.clone(),
        };
        saved.insert(stanza.name.clone(), read);
    }
    saved
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn saved_searches() {
        let text = "[a]\nsearch = index=x \\\n| stats count\ndispatch.earliest_time = -1h\ncron_schedule = 0 * * * *\nenableSched = 1\n[b]\ndisabled = 1\n";
        let saved = read_saved_searches(&Conf::parse(text, "s.conf").unwrap());
        assert_eq!(saved.len(), 1);
        assert_eq!(saved["a"].search, "index=x \n| stats count");
        assert_eq!(saved["a"].earliest.as_deref(), Some("-1h"));
        assert_eq!(saved["a"].schedule.as_deref(), Some("0 * * * *"));
        assert!(!saved["a"].disabled);
    }
}
