//! Settings of eventtypes.conf, tags.conf and fields.conf.
//!
//! Source: Splunk admin manual, eventtypes.conf, tags.conf, fields.conf.

use super::Status::{Harmless, Partial, Works};
use super::{SettingSpec, setting};

/// eventtypes.conf.
pub const EVENT_TYPES: &[SettingSpec] = &[
    setting("search", "the search that finds the events", Works),
    setting("priority", "the order of names in `eventtype`", Works),
    setting("disabled", "whether the event type is not used", Works),
    setting("tags", "tags of the event type; tags.conf is the newer place", Works),
    setting("description", "a text for people", Harmless("for people")),
    setting("color", "a colour in Splunk Web", Harmless("for Splunk Web")),
];

/// tags.conf.
pub const TAGS: &[SettingSpec] = &[setting("<tag>", "whether the field value of the stanza has the tag", Works)];

/// fields.conf.
pub const FIELDS: &[SettingSpec] = &[
    setting("TOKENIZER", "the values of a field by a regular expression", Works),
    setting(
        "INDEXED",
        "whether the field is indexed",
        Partial("it switches `TOKENIZER` off; searches compare fields either way"),
    ),
    setting("INDEXED_VALUE", "whether the value is a word of the event", Harmless("searches compare fields")),
];
