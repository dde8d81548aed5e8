//! Settings of macros.conf, savedsearches.conf and datamodels.conf.
//!
//! Source: Splunk admin manual, macros.conf, savedsearches.conf, datamodels.conf.

use super::Status::{Harmless, Partial, Works};
use super::{SettingSpec, setting};

const SCHEDULER: super::Status = Harmless("`splq backtest` runs each search at its time, side by side");
const WEB: super::Status = Harmless("for Splunk Web");
const NO_ACTION: super::Status = Harmless("`splq` sends nothing to anyone");
const NO_STORE: super::Status = Harmless("`splq accelerate` makes summaries");

/// macros.conf.
pub const MACROS: &[SettingSpec] = &[
    setting("definition", "the text that replaces the macro", Works),
    setting("args", "the names of its arguments", Works),
    setting("iseval", "whether the definition is an expression", Works),
    setting("validation", "a condition on the arguments", Works),
    setting("errormsg", "what is said when it fails", Works),
    setting("description", "a text for people", Harmless("for people")),
    setting("disabled", "no setting of the specification, but found in apps", Harmless("Splunk does not know it here")),
];

/// savedsearches.conf.
pub const SAVED_SEARCHES: &[SettingSpec] = &[
    setting("search", "the search", Works),
    setting("description", "a text for people", Works),
    setting("disabled", "whether the search is not used", Works),
    setting("dispatch.earliest_time", "the earliest time", Works),
    setting("dispatch.latest_time", "the latest time", Works),
    setting(
        "args.<name>",
        "the value of an argument",
        Partial("`savedsearch name=value` gives arguments; defaults are not read"),
    ),
    setting("enableSched", "whether the search is scheduled", Works),
    setting("cron_schedule", "when the search runs", Works),
    setting("schedule", "an old name of `cron_schedule`", Harmless("Splunk does not read it any more")),
    setting("schedule_as", "how the search is scheduled", SCHEDULER),
    setting("schedule_window", "when the search may run", Works),
    setting(
        "schedule_priority",
        "which search runs first",
        Partial("a search with a priority has no `schedule_window`; `splq backtest` runs searches side by side"),
    ),
    setting("allow_skew", "when the search may run", SCHEDULER),
    setting("realtime_schedule", "how runs are skipped", SCHEDULER),
    setting("run_on_startup", "whether the search runs at the start", Works),
    setting("run_n_times", "how often the search runs", Works),
    setting("max_concurrent", "how many runs at a time", SCHEDULER),
    setting("workload_pool", "which resources a run gets", SCHEDULER),
    setting("is_visible", "whether Splunk Web lists the search", WEB),
    setting("displayview", "the view of the search", WEB),
    setting("vsid", "the state of the view", WEB),
    setting("request.<name>", "settings of the view", WEB),
    setting("display.<name>", "settings of the view", WEB),
    setting("embed.<name>", "whether the report is embedded", WEB),
    setting("dispatch.time_format", "the form of absolute times", Partial("`splq backtest` reads it")),
    setting("dispatch.<name>", "how the search is run", Harmless("`splq` runs a search to its end")),
    setting("action.risk", "whether rows become risk events", Works),
    setting("action.risk.param.<name>", "what the risk events say", Works),
    setting("action.notable", "whether rows become findings", Works),
    setting("action.notable.param.<name>", "what the findings say", Works),
    setting("action.correlationsearch.<name>", "the name and the annotations of risk events and findings", Works),
    setting("action.summary_index", "whether rows go into a summary index", Works),
    setting("action.summary_index.<name>", "which one, and fields of its events", Partial("events only, no metrics")),
    setting("action.populate_lookup", "whether rows are written to a lookup", Works),
    setting("action.populate_lookup.dest", "which lookup", Works),
    setting("action.lookup", "whether rows are written to a lookup file", Works),
    setting("action.lookup.<name>", "which file, and whether rows are added", Works),
    setting("action.<name>", "what an alert does", NO_ACTION),
    setting("actions", "what an alert does", NO_ACTION),
    setting("alert.suppress", "whether alerts are held back", Works),
    setting("alert.suppress.<name>", "which, and for how long", Works),
    setting("alert.digest_mode", "whether all rows are one alert", Works),
    setting("alert.track", "whether a search that always triggers is an alert", Works),
    setting("alert.<name>", "how alerts are kept", NO_ACTION),
    setting("alert_type", "when an alert is raised", NO_ACTION),
    setting("alert_comparator", "when an alert is raised", NO_ACTION),
    setting("alert_threshold", "when an alert is raised", NO_ACTION),
    setting("alert_condition", "when an alert is raised", Works),
    setting("counttype", "when an alert is raised", Works),
    setting("relation", "when an alert is raised", Works),
    setting("quantity", "when an alert is raised", Works),
    setting("auto_summarize", "whether a summary is kept", NO_STORE),
    setting("auto_summarize.<name>", "how a summary is kept", NO_STORE),
    setting("defer_scheduled_searchable_idxc", "whether a run waits", SCHEDULER),
    setting("skip_scheduled_realtime_idxc", "whether a run is skipped", SCHEDULER),
    setting("restart_on_searchpeer_add", "whether a run is restarted", SCHEDULER),
    setting("estimatedResultCount", "an internal note", WEB),
    setting("earliest_time", "an old name of `dispatch.earliest_time`", Harmless("Splunk does not read it any more")),
    setting("latest_time", "an old name of `dispatch.latest_time`", Harmless("Splunk does not read it any more")),
    setting("federated.<name>", "where the search runs", Harmless("there are no other servers")),
    setting("precalculate_required_fields_for_alerts", "which fields alerts keep", NO_ACTION),
    setting("calculate_alert_required_fields_in_search", "which fields alerts keep", NO_ACTION),
    setting("durable.<name>", "how missed runs are made up for", SCHEDULER),
    setting("nextrun", "an internal note", WEB),
    setting("qualifiedSearch", "an internal note", WEB),
    setting("role", "who runs the search", Harmless("there are no users")),
    setting("userid", "who runs the search", Harmless("there are no users")),
    setting("sendresults", "an old name of an alert action", NO_ACTION),
    setting("viewstate.<name>", "the state of the view", WEB),
    setting("dispatchAs", "who runs the search", Harmless("there are no users")),
];

/// datamodels.conf.
pub const DATA_MODELS: &[SettingSpec] = &[
    setting("acceleration", "whether a summary is kept", NO_STORE),
    setting("acceleration.<name>", "how a summary is kept", NO_STORE),
    setting("tags_whitelist", "the tags that the model needs", Harmless("every tag is there")),
    setting("strict_fields", "whether only fields of the model are searched", Harmless("`tstats` refuses unknown fields")),
    setting("dataset.<name>", "settings of table datasets", WEB),
    setting("poll_buckets_until_maxtime", "how a summary is kept", NO_STORE),
];
