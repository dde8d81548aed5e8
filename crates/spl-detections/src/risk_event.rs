//! The risk events and findings that Enterprise Security would make of a detection's rows: one risk event for each row and
//! value of a risk object, one finding (notable) for each row.
//!
//! Source: Splunk Enterprise Security, "Risk-based alerting" and "Risk data model"; the settings are those that `contentctl`
//! writes into savedsearches.conf.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use crate::attack::{Attack, kill_chain_phase};
use crate::deployment::{Deployment, Notable};
use crate::detection::{Detection, DetectionType};
use crate::risk::{Risk, tokens};
use crate::rows::ResultRow;

/// The index of risk events.
pub const RISK_INDEX: &str = "risk";

/// The index of findings.
pub const NOTABLE_INDEX: &str = "notable";

/// What saved searches are named after when `contentctl.yml` does not say.
pub const DEFAULT_LABEL: &str = "ESCU";

/// What becomes of the rows of a detection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions {
    /// They become risk events.
    pub makes_risk: bool,
    /// They become findings, which say this.
    pub notable: Option<Notable>,
}

impl Actions {
    /// Those of a deployment; without one those that its type has in the deployments that come with `contentctl`.
    pub fn of(detection: &Detection, deployment: Option<&Deployment>) -> Self {
        if let Some(deployment) = deployment {
            return Self { makes_risk: deployment.makes_risk, notable: deployment.notable.clone() };
        }
        let kind = detection.kind();
        Self {
            makes_risk: matches!(kind, Some(DetectionType::Ttp | DetectionType::Anomaly)),
            notable: matches!(kind, Some(DetectionType::Ttp | DetectionType::Correlation)).then(Notable::default),
        }
    }
}

/// What is known of a run of a detection's search beside its rows.
#[derive(Clone, Debug)]
pub struct RunFacts<'r> {
    /// The name of the saved search: `ESCU - Name - Rule`.
    pub search_name: String,
    /// When it ran, in epoch seconds; the time of its events.
    pub now: f64,
    /// From when it searched, as `addinfo` writes it: `0.000`.
    pub info_min_time: String,
    /// Until when it searched: `+Infinity`.
    pub info_max_time: String,
    /// The techniques that annotations name.
    pub attack: &'r Attack,
}

/// The name of the saved search of a detection.
pub fn search_name(label: Option<&str>, detection: &str) -> String {
    format!("{} - {detection} - Rule", label.unwrap_or(DEFAULT_LABEL))
}

/// An event of the index `risk` or `notable`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatedEvent {
    /// In epoch seconds.
    pub time: f64,
    /// `risk` or `notable`.
    pub index: &'static str,
    /// The name of the saved search.
    pub source: String,
    /// Its fields, without `_time`, `index`, `source` and `sourcetype`.
    pub fields: IndexMap<String, Vec<String>>,
}

impl CreatedEvent {
    /// The values of a field.
    pub fn values(&self, field: &str) -> &[String] {
        self.fields.get(field).map_or(&[], Vec::as_slice)
    }

    /// As a JSON object: one value as itself, several as an array.
    pub fn json(&self) -> Value {
        let mut object = serde_json::Map::new();
        object.insert("_time".to_owned(), number(self.time));
        for (name, value) in [("index", self.index), ("source", self.source.as_str()), ("sourcetype", "stash")] {
            object.insert(name.to_owned(), Value::from(value));
        }
        for (name, values) in &self.fields {
            let value = match values.as_slice() {
                [] => continue,
                [one] => field_value(name, one),
                several => several.iter().map(|value| Value::from(value.as_str())).collect(),
            };
            object.insert(name.clone(), value);
        }
        Value::Object(object)
    }
}

/// Scores are numbers; every other value stays the text that it is.
fn field_value(name: &str, text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(score) if name.ends_with("risk_score") => Value::from(score),
        _ => Value::from(text),
    }
}

fn number(time: f64) -> Value {
    if time.fract() == 0.0 && time.abs() < 1e15 { Value::from(time as i64) } else { Value::from(time) }
}

/// A risk event and what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskEvent {
    /// The event.
    pub event: CreatedEvent,
    /// The place of its risk object in [`Risk::risk_objects`].
    pub object: usize,
    /// The place of its row.
    pub row: usize,
    /// The message.
    pub message: Message,
}

/// A text whose `$field$` are filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The text.
    pub text: String,
    /// Fields that the row does not have: their `$field$` stays as it is.
    pub missing: Vec<String>,
    /// Fields whose values are blank.
    pub blank: Vec<String>,
}

impl Message {
    /// Fills a text with the values of a row; several values of a field are joined by `, `.
    pub fn filled(text: &str, row: &ResultRow) -> Self {
        let mut message = Self { text: text.to_owned(), ..Self::default() };
        let names: BTreeSet<&str> = tokens(text).collect();
        for name in names {
            match row.get(name) {
                None => message.missing.push(name.to_owned()),
                Some(values) => {
                    let value = values.join(", ");
                    if value.trim().is_empty() {
                        message.blank.push(name.to_owned());
                    }
                    message.text = message.text.replace(&format!("${name}$"), &value);
                }
            }
        }
        message
    }
}

/// The risk events of a detection's rows: for each row, each risk object and each of its values one. A row without a value in
/// a risk object gives none for it.
pub fn risk_events(detection: &Detection, facts: &RunFacts<'_>, rows: &[ResultRow]) -> Vec<RiskEvent> {
    let risk = detection.risk();
    let common = annotations(detection, facts);
    let mut events = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let message = Message::filled(risk.message.as_ref().map_or("", |message| &message.value), row);
        let threats = threat_fields(&risk, row);
        for (object, of) in risk.risk_objects.iter().enumerate() {
            for value in row.get(of.field.as_str()).into_iter().flatten() {
                let mut fields = carried(row);
                fields.extend(common.clone());
                let mut set = |name: &str, value: String| drop(fields.insert(name.to_owned(), vec![value]));
                let score = of.score.unwrap_or_default().to_string();
                set("risk_object", value.clone());
                set("risk_object_type", of.kind.map_or("other", |kind| kind.name()).to_owned());
                set("risk_score", score.clone());
                set("calculated_risk_score", score);
                set("risk_message", message.text.clone());
                let contributing = value.replace('\\', "\\\\").replace('"', "\\\"");
                let of_field = of.field.as_str();
                set(
                    "contributing_events_search",
                    format!("| savedsearch \"{}\" | search {of_field}=\"{contributing}\"", facts.search_name),
                );
                fields.extend(threats.clone());
                let event = created(RISK_INDEX, facts, fields);
                events.push(RiskEvent { event, object, row: place, message: message.clone() });
            }
        }
    }
    events
}

/// The findings of a detection's rows, one for each.
pub fn notables(detection: &Detection, notable: &Notable, facts: &RunFacts<'_>, rows: &[ResultRow]) -> Vec<CreatedEvent> {
    let name = detection.name.as_ref().map_or("", |name| name.as_str());
    let common = annotations(detection, facts);
    let titled = |text: &Option<spl_parser::span::Spanned<String>>, default: &str, row: &ResultRow| {
        let text = text.as_ref().map_or(default, |text| text.as_str());
        let description = detection.description.as_ref().map_or("", |description| description.as_str());
        let text = text.replace("%name%", name).replace("%description%", description);
        Message::filled(&text, row).text
    };
    let of_row = |row: &ResultRow| {
        let mut fields = carried(row);
        fields.extend(common.clone());
        let mut set = |name: &str, value: String| drop(fields.insert(name.to_owned(), vec![value]));
        set("rule_name", name.to_owned());
        set("rule_title", titled(&notable.rule_title, "%name%", row));
        set("rule_description", titled(&notable.rule_description, "%description%", row));
        set("severity", severity(detection.risk_score()).to_owned());
        if !notable.fields.is_empty() {
            let shown: Vec<&str> = notable.fields.iter().map(|field| field.as_str()).collect();
            set("nes_fields", shown.join(","));
        }
        created(NOTABLE_INDEX, facts, fields)
    };
    rows.iter().map(of_row).collect()
}

/// How bad a finding is, from the risk score of its detection: none is `high`.
pub fn severity(score: Option<i64>) -> &'static str {
    match score {
        None => "high",
        Some(..=20) => "informational",
        Some(21..=40) => "low",
        Some(41..=60) => "medium",
        Some(61..=80) => "high",
        Some(_) => "critical",
    }
}

fn created(index: &'static str, facts: &RunFacts<'_>, fields: IndexMap<String, Vec<String>>) -> CreatedEvent {
    CreatedEvent { time: facts.now, index, source: facts.search_name.clone(), fields }
}

/// Fields that an event of a summary index has of its own: what a row has in them goes into `orig_...`.
const OWN: [&str; 8] = ["host", "index", "source", "sourcetype", "splunk_server", "linecount", "eventtype", "tag"];

/// What an event takes over from a row.
fn carried(row: &ResultRow) -> IndexMap<String, Vec<String>> {
    let name = |field: &str| match field {
        "_time" | "_raw" => Some(format!("orig{field}")),
        own if OWN.contains(&own) => Some(format!("orig_{own}")),
        internal if internal.starts_with('_') => None,
        other => Some(other.to_owned()),
    };
    row.iter().filter_map(|(field, values)| Some((name(field)?, values.clone()))).collect()
}

/// Threat objects and their types, side by side.
fn threat_fields(risk: &Risk, row: &ResultRow) -> IndexMap<String, Vec<String>> {
    let (mut objects, mut types) = (Vec::new(), Vec::new());
    for threat in &risk.threat_objects {
        for value in row.get(threat.field.as_str()).into_iter().flatten() {
            objects.push(value.clone());
            types.push(threat.kind.clone());
        }
    }
    let fields = [("threat_object", objects), ("threat_object_type", types)];
    fields.into_iter().filter(|(_, values)| !values.is_empty()).map(|(name, values)| (name.to_owned(), values)).collect()
}

/// What all events of a run say of the detection.
fn annotations(detection: &Detection, facts: &RunFacts<'_>) -> IndexMap<String, Vec<String>> {
    let tags = &detection.tags;
    let texts = |values: &[spl_parser::span::Spanned<String>]| values.iter().map(|value| value.value.clone()).collect::<Vec<_>>();
    let techniques = texts(&tags.techniques);
    let tactics = facts.attack.tactics_of(techniques.iter().map(String::as_str));
    let mut phases: Vec<String> = Vec::new();
    for phase in tactics.iter().filter_map(|tactic| kill_chain_phase(&tactic.id)) {
        if !phases.iter().any(|known| known == phase) {
            phases.push(phase.to_owned());
        }
    }
    let network = tags.security_domain.as_ref().is_some_and(|domain| domain.value == "network");
    let nist = if detection.kind() == Some(DetectionType::Ttp) { "DE.CM" } else { "DE.AE" };
    let names = techniques.iter().filter_map(|id| facts.attack.technique(id)).map(|technique| technique.name.clone());
    let frameworks: [(&str, Vec<String>); 5] = [
        ("mitre_attack", techniques.clone()),
        ("kill_chain_phases", phases),
        ("nist", vec![nist.to_owned()]),
        ("cis20", vec![if network { "CIS 13" } else { "CIS 10" }.to_owned()]),
        ("cve", texts(&tags.cves)),
    ];
    let mut fields = IndexMap::new();
    let mut set = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            fields.insert(name.to_owned(), values);
        }
    };
    set("search_name", vec![facts.search_name.clone()]);
    set("info_min_time", vec![facts.info_min_time.clone()]);
    set("info_max_time", vec![facts.info_max_time.clone()]);
    set("info_search_time", vec![format!("{:.3}", facts.now)]);
    let text = |text: &Option<spl_parser::span::Spanned<String>>| text.iter().map(|text| text.value.clone()).collect();
    set("savedsearch_description", text(&detection.description));
    set("security_domain", text(&tags.security_domain));
    set("analyticstories", texts(&tags.analytic_stories));
    set("annotations._all", frameworks.iter().flat_map(|(_, values)| values.clone()).collect());
    let used = frameworks.iter().filter(|(_, values)| !values.is_empty());
    set("annotations._frameworks", used.map(|(name, _)| (*name).to_owned()).collect());
    set("annotations.mitre_attack.mitre_tactic", tactics.iter().map(|tactic| tactic.name.clone()).collect());
    set("annotations.mitre_attack.mitre_tactic_id", tactics.iter().map(|tactic| tactic.id.clone()).collect());
    set("annotations.mitre_attack.mitre_technique", names.collect());
    set("annotations.mitre_attack.mitre_technique_id", techniques);
    for (name, values) in frameworks {
        set(&format!("annotations.{name}"), values);
    }
    fields
}

#[cfg(test)]
#[path = "risk_event/tests.rs"]
mod tests;
