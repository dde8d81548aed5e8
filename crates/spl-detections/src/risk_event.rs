//! The risk events and findings that Enterprise Security would make of a detection's rows: one risk event for each row and
//! value of a risk object, one finding (notable) for each row.
//!
//! Source: Splunk Enterprise Security, "Risk-based alerting" and "Risk data model"; the settings are those that `contentctl`
//! writes into savedsearches.conf.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use crate::attack::Attack;
use crate::deployment::{Deployment, Notable};
use crate::detection::Detection;
use crate::detection_type::DetectionType;
use crate::risk::tokens;
use crate::risk_definition::RiskDefinition;
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
    /// `risk`, `notable` or the name of a summary index.
    pub index: String,
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
        for (name, value) in [("index", self.index.as_str()), ("source", self.source.as_str()), ("sourcetype", "stash")] {
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
    /// The place of its risk object in [`RiskDefinition::objects`].
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

/// The risk events of a search's rows: for each row, each risk object and each of its values one. A row without a value in
/// a risk object gives none for it.
pub fn risk_events(definition: &RiskDefinition, facts: &RunFacts<'_>, rows: &[ResultRow]) -> Vec<RiskEvent> {
    let common = annotations(definition, facts);
    let mut events = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let message = Message::filled(&definition.message, row);
        let threats = threat_fields(&definition.threats, row);
        for (object, of) in definition.objects.iter().enumerate() {
            for value in row.get(of.field.as_str()).into_iter().flatten() {
                let mut fields = carried(row);
                fields.extend(common.clone());
                let mut set = |name: &str, value: String| drop(fields.insert(name.to_owned(), vec![value]));
                let score = of.score.to_string();
                set("risk_object", value.clone());
                set("risk_object_type", of.kind.clone());
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

/// The findings of a search's rows, one for each.
pub fn notables(definition: &RiskDefinition, notable: &Notable, facts: &RunFacts<'_>, rows: &[ResultRow]) -> Vec<CreatedEvent> {
    let common = annotations(definition, facts);
    let description = definition.description.as_deref().unwrap_or_default();
    let titled = |text: &Option<spl_parser::span::Spanned<String>>, default: &str, row: &ResultRow| {
        let text = text.as_ref().map_or(default, |text| text.as_str());
        let text = text.replace("%name%", &definition.name).replace("%description%", description);
        Message::filled(&text, row).text
    };
    let of_row = |row: &ResultRow| {
        let mut fields = carried(row);
        fields.extend(common.clone());
        let mut set = |name: &str, value: String| drop(fields.insert(name.to_owned(), vec![value]));
        set("rule_name", definition.name.clone());
        set("rule_title", titled(&notable.rule_title, "%name%", row));
        set("rule_description", titled(&notable.rule_description, "%description%", row));
        set("severity", definition.severity().to_owned());
        if !notable.fields.is_empty() {
            let shown: Vec<&str> = notable.fields.iter().map(|field| field.as_str()).collect();
            set("nes_fields", shown.join(","));
        }
        created(NOTABLE_INDEX, facts, fields)
    };
    rows.iter().map(of_row).collect()
}

fn created(index: &str, facts: &RunFacts<'_>, fields: IndexMap<String, Vec<String>>) -> CreatedEvent {
    CreatedEvent { time: facts.now, index: index.to_owned(), source: facts.search_name.clone(), fields }
}

/// The events of a summary index that rows become, at their own time where they have one.
///
/// Source: Splunk search reference, collect.
pub fn summary_events(index: &str, more: &[(String, String)], facts: &RunFacts<'_>, rows: &[ResultRow]) -> Vec<CreatedEvent> {
    let begin = facts.info_min_time.parse().ok().filter(|begin| *begin > 0.0);
    let of_row = |row: &ResultRow| {
        let mut fields = carried(row);
        let time = row.get("_time").and_then(|time| time.first()?.parse().ok());
        fields.shift_remove("orig_time");
        let own = [
            ("search_name", &facts.search_name),
            ("info_min_time", &facts.info_min_time),
            ("info_max_time", &facts.info_max_time),
            ("info_search_time", &format!("{:.3}", facts.now)),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).chain(more.iter().cloned());
        fields.extend(own.map(|(name, value)| (name, vec![value])));
        CreatedEvent { time: time.or(begin).unwrap_or(facts.now), ..created(index, facts, fields) }
    };
    rows.iter().map(of_row).collect()
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
fn threat_fields(threats: &[(String, String)], row: &ResultRow) -> IndexMap<String, Vec<String>> {
    let (mut objects, mut types) = (Vec::new(), Vec::new());
    for (field, kind) in threats {
        for value in row.get(field.as_str()).into_iter().flatten() {
            objects.push(value.clone());
            types.push(kind.clone());
        }
    }
    let fields = [("threat_object", objects), ("threat_object_type", types)];
    fields.into_iter().filter(|(_, values)| !values.is_empty()).map(|(name, values)| (name.to_owned(), values)).collect()
}

/// What all events of a run say of the search.
fn annotations(definition: &RiskDefinition, facts: &RunFacts<'_>) -> IndexMap<String, Vec<String>> {
    let techniques = definition.techniques.clone();
    let tactics = facts.attack.tactics_of(techniques.iter().map(String::as_str));
    let names = techniques.iter().filter_map(|id| facts.attack.technique(id)).map(|technique| technique.name.clone());
    let attack = [("mitre_attack", &techniques)];
    let others = definition.frameworks.iter().map(|(name, values)| (name.as_str(), values));
    let frameworks: Vec<(&str, &Vec<String>)> =
        attack.into_iter().chain(others).filter(|(_, values)| !values.is_empty()).collect();
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
    set("savedsearch_description", definition.description.iter().cloned().collect());
    set("security_domain", definition.security_domain.iter().cloned().collect());
    set("analyticstories", definition.stories.clone());
    set("annotations._all", frameworks.iter().flat_map(|(_, values)| (*values).clone()).collect());
    set("annotations._frameworks", frameworks.iter().map(|(name, _)| (*name).to_owned()).collect());
    set("annotations.mitre_attack.mitre_tactic", tactics.iter().map(|tactic| tactic.name.clone()).collect());
    set("annotations.mitre_attack.mitre_tactic_id", tactics.iter().map(|tactic| tactic.id.clone()).collect());
    set("annotations.mitre_attack.mitre_technique", names.collect());
    set("annotations.mitre_attack.mitre_technique_id", techniques.clone());
    for (name, values) in &frameworks {
        set(&format!("annotations.{name}"), (*values).clone());
    }
    fields
}

#[cfg(test)]
#[path = "risk_event/tests.rs"]
mod tests;
