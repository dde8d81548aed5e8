//! Saved searches of an app as alerts: schedule, trigger, throttling and actions as savedsearches.conf gives them.
//!
//! Source: Splunk admin manual, savedsearches.conf; for `action.risk`, `action.notable` and `action.correlationsearch` what
//! `contentctl` writes, which Enterprise Security reads.

use chrono_tz::Tz;
use serde_json::Value;
use spl_exec::time::{parse_time_modifier, strptime};
use spl_knowledge::saved_search::SavedSearch;
use spl_macros::conf::as_bool;
use spl_parser::span::Spanned;
use spl_parser::{Diagnostic, Severity, Span};

use crate::deployment::{Deployment, Notable};
use crate::detection::{Detection, RiskBasedAlerting, Tags};
use crate::risk::{RiskObject, RiskObjectType, ThreatObject};
use crate::risk_definition::{RiskDefinition, ScoredObject};
use crate::risk_event::Actions;
use crate::schedule::CronSchedule;
use crate::scheduled_search::{
    Kind, Located, LookupAction, Place, Planned, PlannedQuery, ScheduledSearch, SummaryIndex, schedule_window,
};
use crate::throttle::Throttle;
use crate::trigger::Trigger;

/// The settings of a saved search, read one by one; what is wrong is gathered.
struct Settings<'s> {
    saved: &'s SavedSearch,
    problems: Vec<Located>,
    wrong: Option<String>,
}

impl<'s> Settings<'s> {
    fn get(&self, key: &str) -> Option<&'s str> {
        self.saved.settings.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.get(key) {
            None => default,
            Some(text) => as_bool(text).unwrap_or_else(|| {
                self.wrong(key, format!("`{text}` is neither true nor false"));
                default
            }),
        }
    }

    fn told(&mut self, key: &str, message: &str, severity: Severity) {
        let place = self.saved.places.get(key).unwrap_or(&self.saved.origin);
        let message = format!("{place}: [{}] {key}: {message}", self.saved.name);
        let diagnostic = Diagnostic { severity, ..Diagnostic::general("saved-search/setting", message) };
        self.problems.push(Located { source: None, diagnostic });
    }

    fn wrong(&mut self, key: &str, message: String) {
        self.told(key, &message, Severity::Error);
        self.wrong.get_or_insert(format!("{key}: {message}"));
    }

    fn warn(&mut self, key: &str, message: &str) {
        self.told(key, message, Severity::Warning);
    }
}

/// The schedule of a saved search with its cron line.
pub fn plan(saved: &SavedSearch, cron: &str, zone: Tz) -> PlannedQuery {
    let mut settings = Settings { saved, problems: Vec::new(), wrong: None };
    let search = scheduled(&mut settings, cron, zone);
    let planned = match (settings.wrong, search) {
        (None, Some(search)) => Planned::Scheduled(Box::new(search)),
        (wrong, _) => Planned::Wrong(wrong.unwrap_or_default()),
    };
    PlannedQuery { planned, problems: settings.problems }
}

/// What the rows of a saved search become, whenever it runs; what is wrong with its settings is left out.
pub fn becomes(saved: &SavedSearch) -> (Actions, RiskDefinition) {
    let mut settings = Settings { saved, problems: Vec::new(), wrong: None };
    let definition = definition(&mut settings);
    let makes_risk = settings.flag("action.risk", false);
    let notable = settings.flag("action.notable", false).then(|| notable(&settings));
    (Actions { makes_risk, notable }, definition)
}

/// A saved search as a detection, for tests: they judge its rows by the risk objects that its risk action names.
pub fn detection(saved: &SavedSearch) -> Detection {
    let (actions, definition) = becomes(saved);
    let here = |text: &str| Spanned::new(text.to_owned(), Span::default());
    let kind = |name: &str| RiskObjectType::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    let objects = definition.objects.iter().map(|object| RiskObject {
        field: here(&object.field),
        kind: kind(&object.kind),
        score: Some(object.score),
    });
    let threats = definition.threats.iter().map(|(field, kind)| ThreatObject { field: here(field), kind: kind.clone() });
    Detection {
        name: Some(here(&saved.name)),
        search: Some(here(&saved.search)),
        status_text: Some(here("production")),
        kind_text: Some(here("Anomaly")),
        description: saved.description.as_deref().map(here),
        tags: Tags { techniques: definition.techniques.iter().map(|id| here(id)).collect(), ..Tags::default() },
        rba: Some(RiskBasedAlerting {
            message: Some(here(&definition.message)),
            risk_objects: objects.collect(),
            threat_objects: threats.collect(),
            span: Span::default(),
        }),
        deployment: Some(Deployment { makes_risk: actions.makes_risk, notable: actions.notable, ..Deployment::default() }),
        ..Detection::empty()
    }
}

fn scheduled(settings: &mut Settings<'_>, cron: &str, zone: Tz) -> Option<ScheduledSearch> {
    let saved = settings.saved;
    let schedule = CronSchedule::parse(cron).map_err(|message| settings.wrong("cron_schedule", message)).ok();
    let [earliest, latest] = ["dispatch.earliest_time", "dispatch.latest_time"].map(|key| {
        let text = time_of(settings, key, zone)?;
        parse_time_modifier(&text).map_err(|message| settings.wrong(key, message)).ok()
    });
    let window = settings.get("schedule_window").unwrap_or("0");
    // A priority and a window exclude each other; the priority counts.
    let has_priority = settings.get("schedule_priority").is_some_and(|priority| priority != "default");
    let schedule_window = if has_priority { Some(0.0) } else { schedule_window(window) };
    if schedule_window.is_none() {
        settings.wrong("schedule_window", format!("`{window}` is no schedule window: expected minutes, or `auto`"));
    }
    let trigger = Trigger::read(
        settings.get("counttype"),
        settings.get("relation"),
        settings.get("quantity"),
        settings.get("alert_condition"),
    );
    let trigger = trigger.map_err(|(key, message)| settings.wrong(key, message)).unwrap_or(Trigger::Always);
    if matches!(trigger, Trigger::Count { .. }) && settings.get("alert_condition").is_some() {
        settings.warn("alert_condition", "it has no effect beside a `counttype` that counts");
    }
    let digest = settings.flag("alert.digest_mode", true);
    let throttle = throttle(settings, digest);
    let tracked = settings.get("alert.track").is_some_and(|track| as_bool(track) == Some(true));
    let definition = definition(settings);
    let makes_risk = settings.flag("action.risk", false);
    if makes_risk && definition.objects.is_empty() && settings.wrong.is_none() {
        settings.warn("action.risk", "no risk is made: neither `action.risk.param._risk` nor `..._risk_object` names a field");
    }
    let notable = settings.flag("action.notable", false).then(|| notable(settings));
    let at_startup = settings.flag("run_on_startup", false);
    let summary = settings.flag("action.summary_index", false).then(|| summary(settings)).flatten();
    let lookup = lookup(settings);
    let most_runs = match settings.get("run_n_times").map(str::parse::<u32>) {
        None | Some(Ok(0)) => None,
        Some(Ok(most)) => Some(most),
        Some(Err(_)) => {
            settings.wrong("run_n_times", "it is no number".to_owned());
            None
        }
    };
    Some(ScheduledSearch {
        name: saved.name.clone(),
        search_name: saved.name.clone(),
        kind: Kind::SavedSearch,
        text: saved.search.clone(),
        schedule: schedule?,
        earliest,
        latest,
        window_place: Place::default(),
        message_place: Place::default(),
        schedule_window: schedule_window?,
        at_startup,
        most_runs,
        trigger,
        digest,
        throttle,
        tracked,
        actions: Actions { makes_risk, notable },
        summary,
        lookup,
        definition,
    })
}

/// A time as a time modifier: an absolute time may have a format of its own. Of a real-time search the window counts back from
/// each run.
fn time_of(settings: &mut Settings<'_>, key: &str, zone: Tz) -> Option<String> {
    let text = settings.get(key)?;
    if let Some(rest) = text.strip_prefix("rt") {
        settings.warn(key, "a real-time search is replayed at the times of its cron line");
        return Some(if rest.is_empty() || rest == "now" { "now".to_owned() } else { rest.to_owned() })
            .filter(|text| text != "now" || key.ends_with("latest_time"));
    }
    let format = settings.get("dispatch.time_format");
    let absolute = format.and_then(|format| strptime(text, format, zone));
    Some(absolute.map_or_else(|| text.to_owned(), |time| time.to_string()))
}

fn throttle(settings: &mut Settings<'_>, digest: bool) -> Option<Throttle> {
    if !settings.flag("alert.suppress", false) {
        return None;
    }
    let fields: Vec<String> = list(settings.get("alert.suppress.fields").unwrap_or_default());
    if !digest && fields.is_empty() {
        settings.wrong("alert.suppress.fields", "alerts for each result that are suppressed need fields to compare".to_owned());
    }
    let group = settings.get("alert.suppress.group_name").map(str::to_owned);
    let period = match settings.get("alert.suppress.period") {
        Some(text) => Throttle::period(text).map_err(|message| settings.wrong("alert.suppress.period", message)).ok()?,
        None => {
            settings.wrong("alert.suppress", "it needs an `alert.suppress.period`".to_owned());
            return None;
        }
    };
    Some(Throttle { fields, period, group })
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|one| one.trim().trim_matches('"')).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

const RISK: &str = "action.risk.param._risk";

fn definition(settings: &mut Settings<'_>) -> RiskDefinition {
    let label = settings.get("action.correlationsearch.label").unwrap_or(&settings.saved.name);
    let mut definition = RiskDefinition {
        name: label.to_owned(),
        description: settings.saved.description.clone(),
        message: settings.get("action.risk.param._risk_message").unwrap_or_default().to_owned(),
        severity: settings.get("action.notable.param.severity").map(str::to_owned),
        security_domain: settings.get("action.notable.param.security_domain").map(str::to_owned),
        ..RiskDefinition::default()
    };
    match settings.get(RISK).map(serde_json::from_str::<Vec<Value>>) {
        Some(Ok(entries)) => entries.iter().for_each(|entry| add_object(settings, entry, &mut definition)),
        Some(Err(problem)) => settings.wrong(RISK, format!("it is no JSON list: {problem}")),
        None => {
            if let Some(field) = settings.get("action.risk.param._risk_object") {
                let kind = settings.get("action.risk.param._risk_object_type").unwrap_or("other").to_owned();
                let score = match settings.get("action.risk.param._risk_score").map(str::parse::<f64>) {
                    Some(Ok(score)) => score.round() as i64,
                    Some(Err(_)) => {
                        settings.wrong("action.risk.param._risk_score", "it is no number".to_owned());
                        0
                    }
                    None => 0,
                };
                definition.objects.push(ScoredObject { field: field.to_owned(), kind, score });
            }
        }
    }
    annotations(settings, &mut definition);
    definition
}

/// An entry of `_risk`: a risk object or a threat object.
fn add_object(settings: &mut Settings<'_>, entry: &Value, definition: &mut RiskDefinition) {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(field) = text("threat_object_field") {
        definition.threats.push((field, text("threat_object_type").unwrap_or_default()));
        return;
    }
    let Some(field) = text("risk_object_field") else {
        settings.wrong(RISK, format!("`{entry}` names neither a `risk_object_field` nor a `threat_object_field`"));
        return;
    };
    let score = match entry.get("risk_score") {
        Some(Value::Number(score)) => score.as_f64(),
        Some(Value::String(score)) => score.trim().parse().ok(),
        _ => None,
    };
    match score {
        Some(score) => {
            let kind = text("risk_object_type").unwrap_or_else(|| "other".to_owned());
            definition.objects.push(ScoredObject { field, kind, score: score.round() as i64 });
        }
        None => settings.wrong(RISK, format!("`{field}` has no `risk_score` that is a number")),
    }
}

const ANNOTATIONS: &str = "action.correlationsearch.annotations";

fn annotations(settings: &mut Settings<'_>, definition: &mut RiskDefinition) {
    let Some(text) = settings.get(ANNOTATIONS) else { return };
    let entries = match serde_json::from_str::<serde_json::Map<String, Value>>(text) {
        Ok(entries) => entries,
        Err(problem) => return settings.wrong(ANNOTATIONS, format!("it is no JSON object: {problem}")),
    };
    for (name, value) in entries {
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let values: Vec<String> = match &value {
            Value::Array(values) => values.iter().map(plain).collect(),
            Value::Null => Vec::new(),
            one => vec![plain(one)],
        };
        match name.as_str() {
            "mitre_attack" => definition.techniques = values,
            "analytic_story" => definition.stories = values,
            _ => definition.frameworks.push((name, values)),
        }
    }
}

fn notable(settings: &Settings<'_>) -> Notable {
    let text = |key: &str| settings.get(key).map(|text| Spanned::new(text.to_owned(), Span::default()));
    let fields = settings.get("action.notable.param.nes_fields").map(list).unwrap_or_default();
    Notable {
        rule_title: text("action.notable.param.rule_title"),
        rule_description: text("action.notable.param.rule_description"),
        fields: fields.into_iter().map(|field| Spanned::new(field, Span::default())).collect(),
    }
}

/// Settings of the summary index action that are no fields of events.
const SUMMARY: &str = "action.summary_index.";

fn summary(settings: &mut Settings<'_>) -> Option<SummaryIndex> {
    if settings.get("action.summary_index._type").is_some_and(|kind| kind.eq_ignore_ascii_case("metric")) {
        settings.warn("action.summary_index._type", "metrics are not added to an index");
        return None;
    }
    let is_setting = |name: &str| name.starts_with('_') || OF_THE_ACTION.contains(&name);
    let fields = settings.saved.settings.iter().filter_map(|(key, value)| {
        let name = key.strip_prefix(SUMMARY)?;
        (!is_setting(name)).then(|| (name.to_owned(), value.clone()))
    });
    let fields = fields.collect();
    let index = settings.get("action.summary_index._name").unwrap_or("summary").to_owned();
    Some(SummaryIndex { index, fields })
}

/// Settings that every action has (alert_actions.conf), and those of this one.
const OF_THE_ACTION: [&str; 12] = [
    "inline",
    "force_realtime_schedule",
    "command",
    "forceCsvResults",
    "hostname",
    "icon_path",
    "maxresults",
    "maxtime",
    "track_alert",
    "ttl",
    "is_custom",
    "python.version",
];

fn lookup(settings: &mut Settings<'_>) -> Option<LookupAction> {
    if settings.flag("action.populate_lookup", false) {
        if let Some(name) = settings.get("action.populate_lookup.dest") {
            return Some(LookupAction { name: last_name(name), appends: false });
        }
        settings.wrong("action.populate_lookup", "it needs an `action.populate_lookup.dest`".to_owned());
    }
    if settings.flag("action.lookup", false) {
        if let Some(name) = settings.get("action.lookup.filename") {
            let appends = settings.flag("action.lookup.append", false);
            return Some(LookupAction { name: last_name(name), appends });
        }
        settings.wrong("action.lookup", "it needs an `action.lookup.filename`".to_owned());
    }
    None
}

/// The name of a lookup file without its folders.
fn last_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}
