//! Settings of props.conf that work while a search runs.
//!
//! Source: Splunk admin manual, props.conf.

use super::Status::{Harmless, Partial, Works};
use super::{SettingSpec, setting};

/// The settings.
pub const SETTINGS: &[SettingSpec] = &[
    setting("EXTRACT-<class>", "fields from the named groups of a regular expression", Works),
    setting("REPORT-<class>", "fields by transforms of transforms.conf", Works),
    setting(
        "KV_MODE",
        "which fields are found without being asked for",
        Partial("`multi` gives the columns of a table several values; `multi:<stanza>` does too, as multikv.conf is not read"),
    ),
    setting("AUTO_KV_JSON", "whether JSON is read besides pairs", Works),
    setting("KV_TRIM_SPACES", "whether blanks around the values of pairs are cut", Works),
    setting("MATCH_LIMIT", "how long a regular expression may try", Harmless("a fixed limit holds for all regular expressions")),
    setting("DEPTH_LIMIT", "how deep a regular expression may go", Harmless("a fixed limit holds for all regular expressions")),
    setting("FIELDALIAS-<class>", "another name of a field", Works),
    setting("EVAL-<fieldname>", "a calculated field", Works),
    setting("LOOKUP-<class>", "fields from a lookup; `LOOKUP_<class>` and `lookup<class>` are the same", Works),
    setting("rename", "the name of a sourcetype in searches", Works),
    setting("priority", "which of several matching stanzas wins", Works),
    setting(
        "OPTIMIZE_IE_EXTRACT",
        "whether extractions of fields that were indexed are left out",
        Harmless("it changes no results"),
    ),
    setting("description", "a text for people", Harmless("for people")),
    setting("category", "a group of sourcetypes in Splunk Web", Harmless("for Splunk Web")),
    setting("pulldown_type", "whether Splunk Web offers the sourcetype", Harmless("for Splunk Web")),
    setting("given_type", "an internal note", Harmless("written by Splunk itself")),
    setting("disabled", "no setting of props.conf, but found in many apps", Harmless("Splunk does not know it here")),
    setting("SEGMENTATION-<selection>", "how Splunk Web highlights", Harmless("for Splunk Web")),
    setting("_actions", "actions of Splunk Web", Harmless("for Splunk Web")),
];
