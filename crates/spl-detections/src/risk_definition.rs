//! What the risk events and findings of a search say beside its rows, in one form for detections and saved searches.

use spl_parser::span::Spanned;

use crate::attack::{Attack, kill_chain_phase};
use crate::detection::Detection;
use crate::detection_type::DetectionType;

/// What the risk events and findings of a search say beside its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RiskDefinition {
    /// The name of the rule.
    pub name: String,
    /// What it finds.
    pub description: Option<String>,
    /// The risk message, with `$field$`.
    pub message: String,
    /// Whom risk is counted for.
    pub objects: Vec<ScoredObject>,
    /// Where it comes from: fields, each with the type of its values.
    pub threats: Vec<(String, String)>,
    /// How bad a finding is; none = what the highest score says.
    pub severity: Option<String>,
    /// `endpoint`, `network` ...
    pub security_domain: Option<String>,
    /// Names of stories.
    pub stories: Vec<String>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Other annotations by framework: `nist`, `cis20`, `kill_chain_phases`.
    pub frameworks: Vec<(String, Vec<String>)>,
}

/// A field whose values risk is counted for.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredObject {
    /// The field.
    pub field: String,
    /// What its values are: `system`, `user`, `other`, or a type of one's own.
    pub kind: String,
    /// How much.
    pub score: i64,
}

impl RiskDefinition {
    /// That of a detection: what `contentctl` writes into savedsearches.conf.
    pub fn of(detection: &Detection, attack: &Attack) -> Self {
        let tags = &detection.tags;
        let risk = detection.risk();
        let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
        let texts = |values: &[Spanned<String>]| values.iter().map(|value| value.value.clone()).collect::<Vec<_>>();
        let techniques = texts(&tags.techniques);
        let tactics = attack.tactics_of(techniques.iter().map(String::as_str));
        let mut phases: Vec<String> = Vec::new();
        for phase in tactics.iter().filter_map(|tactic| kill_chain_phase(&tactic.id)) {
            if !phases.iter().any(|known| known == phase) {
                phases.push(phase.to_owned());
            }
        }
        let network = tags.security_domain.as_ref().is_some_and(|domain| domain.value == "network");
        let nist = if detection.kind() == Some(DetectionType::Ttp) { "DE.CM" } else { "DE.AE" };
        let frameworks = [
            ("kill_chain_phases", phases),
            ("nist", vec![nist.to_owned()]),
            ("cis20", vec![if network { "CIS 13" } else { "CIS 10" }.to_owned()]),
            ("cve", texts(&tags.cves)),
        ];
        Self {
            name: text(&detection.name).unwrap_or_default(),
            description: text(&detection.description),
            message: text(&risk.message).unwrap_or_default(),
            objects: risk
                .risk_objects
                .iter()
                .map(|object| ScoredObject {
                    field: object.field.value.clone(),
                    kind: object.kind.map_or("other", |kind| kind.name()).to_owned(),
                    score: object.score.unwrap_or_default(),
                })
                .collect(),
            threats: risk.threat_objects.into_iter().map(|threat| (threat.field.value, threat.kind)).collect(),
            severity: Some(severity(detection.risk_score()).to_owned()),
            security_domain: text(&tags.security_domain),
            stories: texts(&tags.analytic_stories),
            techniques,
            frameworks: frameworks.into_iter().map(|(name, values)| (name.to_owned(), values)).collect(),
        }
    }

    /// How bad a finding is.
    pub fn severity(&self) -> &str {
        let highest = || self.objects.iter().map(|object| object.score).max();
        self.severity.as_deref().unwrap_or_else(|| severity(highest()))
    }
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
