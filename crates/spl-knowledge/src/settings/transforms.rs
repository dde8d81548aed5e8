//! Settings of transforms.conf.
//!
//! Source: Splunk admin manual, transforms.conf.

use super::Status::{Harmless, Partial, Works};
use super::{SettingSpec, setting};

const NOT_APPLIED: super::Status =
    Harmless("there are no metrics, as the `METRIC-SCHEMA-TRANSFORMS` that names the transform says");

/// Settings of field transforms at search time.
pub const FIELDS: &[SettingSpec] = &[
    setting("REGEX", "the regular expression", Works),
    setting("FORMAT", "names and values of fields from the groups", Works),
    setting("SOURCE_KEY", "the field that is read", Works),
    setting("DELIMS", "characters that separate values, or pairs and their parts", Works),
    setting("FIELDS", "names of delimited values", Works),
    setting("MV_ADD", "whether further matches are further values", Works),
    setting("CLEAN_KEYS", "whether names keep only letters, digits and underscores", Works),
    setting("KEEP_EMPTY_VALS", "whether empty values are kept", Works),
    setting("CAN_OPTIMIZE", "whether an extraction that nothing needs is left out", Harmless("it changes no results")),
    setting(
        "MATCH_LIMIT",
        "how long the regular expression may try",
        Harmless("a fixed limit holds for all regular expressions"),
    ),
    setting("DEPTH_LIMIT", "how deep the regular expression may go", Harmless("a fixed limit holds for all regular expressions")),
    setting("disabled", "no setting of the specification, but found in many apps", Works),
];

/// Settings of transforms at index time.
pub const INDEX_TIME: &[SettingSpec] = &[
    setting("DEST_KEY", "what is written", Works),
    setting("WRITE_META", "whether fields are indexed", Works),
    setting("DEFAULT_VALUE", "what is written without a match", Works),
    setting("LOOKAHEAD", "how far into an event is looked", Works),
    setting("REPEAT_MATCH", "whether the match is repeated", Works),
    setting("INGEST_EVAL", "expressions that write fields", Works),
    setting("CLONE_SOURCETYPE", "the sourcetype of a copy", Works),
    setting("STOP_PROCESSING_IF", "when no further transform runs", Works),
    setting("METRIC-SCHEMA-MEASURES", "measures of metrics", NOT_APPLIED),
    setting("METRIC-SCHEMA-MEASURES-<prefix>", "measures of metrics", NOT_APPLIED),
    setting("METRIC-SCHEMA-BLACKLIST-DIMS", "dimensions that metrics lack", NOT_APPLIED),
    setting("METRIC-SCHEMA-BLACKLIST-DIMS-<prefix>", "dimensions that metrics lack", NOT_APPLIED),
    setting("METRIC-SCHEMA-WHITELIST-DIMS", "dimensions that metrics have", NOT_APPLIED),
    setting("METRIC-SCHEMA-WHITELIST-DIMS-<prefix>", "dimensions that metrics have", NOT_APPLIED),
    setting("REMOVE_DIMS_FROM_METRIC_NAME", "whether dimensions stay in the name of a metric", NOT_APPLIED),
];

/// Settings of lookups.
pub const LOOKUPS: &[SettingSpec] = &[
    setting("filename", "the CSV file", Partial("geospatial files (`.kmz`, `.kml`) are not read")),
    setting("collection", "a KV store collection", Partial("it has no rows until `--lookup NAME=FILE.csv` gives them")),
    setting(
        "external_cmd",
        "a command that looks values up",
        Partial("no command is run: rows come from `--lookup NAME=FILE.csv`"),
    ),
    setting("external_type", "the kind of lookup", Partial("`kvstore` works, others need rows from `--lookup NAME=FILE.csv`")),
    setting("fields_list", "the fields of the lookup", Works),
    setting("match_type", "how fields are compared", Works),
    setting("case_sensitive_match", "whether case counts", Works),
    setting("max_matches", "the most rows that match", Works),
    setting("min_matches", "the fewest rows that match", Works),
    setting("default_match", "the value where too few rows match", Works),
    setting("time_field", "the field with the time of a row", Works),
    setting("time_format", "how that time is written", Works),
    setting("max_offset_secs", "how far an event may be behind a row", Works),
    setting("min_offset_secs", "how far an event must be behind a row", Works),
    setting("filter", "a condition on the rows", Works),
    setting(
        "reverse_lookup_honor_case_sensitive_match",
        "whether case counts in reverse",
        Harmless("searches for looked-up values compute them"),
    ),
    setting("index_fields_list", "fields that are indexed", Harmless("it changes no results")),
    setting("batch_index_query", "how queries are grouped", Harmless("it changes no results")),
    setting("allow_caching", "whether results are kept", Harmless("it changes no results")),
    setting("cache_size", "how many results are kept", Harmless("it changes no results")),
    setting("max_ext_batch", "how many rows a command gets", Harmless("no command is run")),
    setting("feature_id_element", "the element with the name of a place", Harmless("geospatial files are not read")),
    setting("check_permission", "who may write the file", Harmless("there are no users")),
    setting("replicate", "whether indexers have the file", Harmless("there are no indexers")),
    setting("python.version", "which Python runs the command", Harmless("no command is run")),
    setting("python.required", "which Python runs the command", Harmless("no command is run")),
    setting("disabled", "no setting of the specification, but found in many apps", Harmless("Splunk does not know it here")),
    setting("description", "a text for people", Harmless("for people")),
];
