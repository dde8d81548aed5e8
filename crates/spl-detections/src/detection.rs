//! A detection: one YAML file of a content repository as a typed value, read once, in both layouts of `contentctl`.

use spl_parser::span::Spanned;
use spl_parser::{Diagnostic, Span};

use crate::deployment::Deployment;
use crate::detection_test::{DetectionTest, TestHome, read_tests};
use crate::detection_type::{DetectionType, Layout, Status, unknown_name};
use crate::risk::{Observable, RiskObject, ThreatObject};
use crate::yaml::{Mapping, Node, Reader, UnknownKey};

/// A detection. Texts are as written; each knows its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Its layout, told by its keys.
    pub layout: Layout,
    /// Its name, unique in a repository.
    pub name: Option<Spanned<String>>,
    /// A UUID, unique in a repository.
    pub id: Option<Spanned<String>>,
    /// Counted up with each change.
    pub version: Option<Spanned<i64>>,
    /// Of the last change, `2024-10-17`.
    pub date: Option<Spanned<String>>,
    /// Who wrote it.
    pub author: Option<Spanned<String>>,
    /// As written; [`Detection::status`] reads it.
    pub status_text: Option<Spanned<String>>,
    /// `type` as written; [`Detection::kind`] reads it.
    pub kind_text: Option<Spanned<String>>,
    /// What it finds.
    pub description: Option<Spanned<String>>,
    /// Names of data sources; one item may join several by ` AND `.
    pub data_sources: Vec<Spanned<String>>,
    /// The search. Its span begins at the value, quote or block indicator included.
    pub search: Option<Spanned<String>>,
    /// What must be collected for it.
    pub how_to_implement: Option<Spanned<String>>,
    /// What it finds though it should not.
    pub known_false_positives: Option<Spanned<String>>,
    /// URLs.
    pub references: Vec<Spanned<String>>,
    /// Searches that a result leads to.
    pub drilldowns: Vec<Drilldown>,
    /// What stands under `tags`.
    pub tags: Tags,
    /// What stands under `rba` (layout 5).
    pub rba: Option<RiskBasedAlerting>,
    /// Its tests, in the order written.
    pub tests: Vec<DetectionTest>,
    /// A deployment of its own.
    pub deployment: Option<Deployment>,
    /// Whether the saved search is switched on when the app is installed.
    pub enabled_by_default: Option<bool>,
    /// Keys that neither layout has, those of `tags`, `rba` and `tests` included.
    pub unknown_keys: Vec<UnknownKey>,
    /// What is wrong with `tags`, `rba` and `tests`: without it a test would judge less than the file asks for.
    pub test_problems: Vec<Diagnostic>,
}

/// A search that a result leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Drilldown {
    /// Its label.
    pub name: Option<Spanned<String>>,
    /// The search; `%original_detection_search%` stands for that of the detection.
    pub search: Option<Spanned<String>>,
    /// Earliest time, often `$info_min_time$`.
    pub earliest: Option<Spanned<String>>,
    /// Latest time.
    pub latest: Option<Spanned<String>>,
}

/// What stands under `tags`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags {
    /// Names of stories.
    pub analytic_stories: Vec<Spanned<String>>,
    /// `Endpoint`, `AWS Account`.
    pub asset_type: Option<Spanned<String>>,
    /// ATT&CK techniques.
    pub techniques: Vec<Spanned<String>>,
    /// Products it is for.
    pub products: Vec<Spanned<String>>,
    /// `endpoint`, `network`, `threat`, `identity`, `access`, `audit`.
    pub security_domain: Option<Spanned<String>>,
    /// `CVE-2021-44228`.
    pub cves: Vec<Spanned<String>>,
    /// Tests of Atomic Red Team.
    pub atomic_guids: Vec<Spanned<String>>,
    /// Findings that are held back.
    pub throttling: Option<Throttling>,
    /// Why its tests can't be run by a machine.
    pub manual_test: Option<Spanned<String>>,
    /// How sure a finding is, 0 to 100 (layout 4).
    pub confidence: Option<Spanned<i64>>,
    /// How bad a finding is, 0 to 100 (layout 4).
    pub impact: Option<Spanned<i64>>,
    /// The risk message with `$field$` (layout 4).
    pub message: Option<Spanned<String>>,
    /// Fields with their roles (layout 4).
    pub observables: Vec<Observable>,
    /// Fields that the search reads (layout 4).
    pub required_fields: Vec<Spanned<String>>,
}

/// Findings with the same values are held back for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Throttling {
    /// The fields whose values are compared.
    pub fields: Vec<Spanned<String>>,
    /// For how long: `3600s`, `60m`, `1h`.
    pub period: Option<Spanned<String>>,
}

/// What stands under `rba`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RiskBasedAlerting {
    /// The risk message with `$field$`.
    pub message: Option<Spanned<String>>,
    /// Whom the risk is counted for.
    pub risk_objects: Vec<RiskObject>,
    /// What it comes from.
    pub threat_objects: Vec<ThreatObject>,
    /// Where it stands.
    pub span: Span,
}

/// The code of what is wrong with a detection's file.
const CODE: &str = "detection/file";

const KEYS: &[&str] = &[
    "name",
    "id",
    "version",
    "date",
    "author",
    "status",
    "type",
    "description",
    "data_source",
    "search",
    "how_to_implement",
    "known_false_positives",
    "references",
    "drilldown_searches",
    "tags",
    "rba",
    "tests",
    "deployment",
    "explanation",
    "enabled_by_default",
];

/// Keys of `tags` that only layout 4 has.
pub(crate) const TAGS_OF_V4: &[&str] = &[
    "confidence",
    "impact",
    "message",
    "observable",
    "required_fields",
    "risk_score",
    "confidence_id",
    "impact_id",
    "evidence_str",
];

const TAGS_OF_BOTH: &[&str] = &[
    "analytic_story",
    "asset_type",
    "mitre_attack_id",
    "product",
    "security_domain",
    "cve",
    "atomic_guid",
    "throttling",
    "manual_test",
    "group",
    "research_site_url",
    "event_schema",
    "mappings",
];

impl Detection {
    /// Reads a detection out of a file's tree, with everything that is wrong with its form: what can be read is, what
    /// can't is told of and left out.
    pub fn read(root: &Node) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader::new(CODE);
        let Some(file) = reader.document(root) else { return (Self::empty(), reader.problems) };
        let reading = &mut reader;
        let mut unknown_keys = reading.unknown_keys(&file, KEYS);
        let tags = reading.mapping(&file, "tags");
        let rba = reading.mapping(&file, "rba");
        let of_v4 = tags.as_ref().is_some_and(|tags| TAGS_OF_V4.iter().any(|key| tags.get(key).is_some()));
        let layout = if rba.is_none() && of_v4 { Layout::V4 } else { Layout::V5 };
        let tags = tags.map(|tags| read_tags(reading, &tags, &mut unknown_keys)).unwrap_or_default();
        let rba = rba.map(|rba| read_rba(reading, &rba, &mut unknown_keys));
        let tests = read_tests(reading, &file, TestHome::Detection(layout), &mut unknown_keys);
        let test_problems = reading.problems.clone();
        let deployment = reading.mapping(&file, "deployment").map(|deployment| Deployment::of(reading, &deployment));
        let required = |reading: &mut Reader, key: &str| {
            let text = reading.text(&file, key);
            reading.required(&file, key, text)
        };
        let version = reading.integer(&file, "version");
        let detection = Self {
            layout,
            name: required(reading, "name"),
            id: required(reading, "id"),
            version: reading.required(&file, "version", version),
            date: required(reading, "date"),
            author: required(reading, "author"),
            status_text: required(reading, "status"),
            kind_text: required(reading, "type"),
            description: required(reading, "description"),
            data_sources: reading.texts(&file, "data_source"),
            search: required(reading, "search"),
            how_to_implement: reading.text(&file, "how_to_implement"),
            known_false_positives: reading.text(&file, "known_false_positives"),
            references: reading.texts(&file, "references"),
            drilldowns: read_drilldowns(reading, &file),
            tags,
            rba,
            tests,
            deployment,
            enabled_by_default: reading.flag(&file, "enabled_by_default"),
            unknown_keys,
            test_problems,
        };
        let mut detection = detection;
        let before = reading.problems.len();
        if let Some(text) = detection.status_text.as_ref().filter(|text| Status::parse(text).is_none()) {
            reading.wrong(unknown_name("status", text, &Status::NAMES.map(|(name, _)| name)), text.span);
        }
        if let Some(text) = detection.kind_text.as_ref().filter(|text| DetectionType::parse(text).is_none()) {
            reading.wrong(unknown_name("type", text, &DetectionType::NAMES.map(|(name, _)| name)), text.span);
        }
        // Whether a test runs at all hangs on these.
        detection.test_problems.extend(reading.problems[before..].iter().cloned());
        (detection, reader.problems)
    }

    /// Its status; none when it is missing or unknown.
    pub fn status(&self) -> Option<Status> {
        self.status_text.as_ref().and_then(|text| Status::parse(text))
    }

    /// Its kind; none when it is missing or unknown.
    pub fn kind(&self) -> Option<DetectionType> {
        self.kind_text.as_ref().and_then(|text| DetectionType::parse(text))
    }

    /// The names of its data sources, joined ones apart.
    pub fn data_source_names(&self) -> impl Iterator<Item = &str> {
        self.data_sources.iter().flat_map(|item| item.value.split(" AND ")).map(str::trim)
    }

    /// What a file that holds no mapping says.
    pub(crate) fn empty() -> Self {
        Self {
            layout: Layout::V5,
            name: None,
            id: None,
            version: None,
            date: None,
            author: None,
            status_text: None,
            kind_text: None,
            description: None,
            data_sources: Vec::new(),
            search: None,
            how_to_implement: None,
            known_false_positives: None,
            references: Vec::new(),
            drilldowns: Vec::new(),
            tags: Tags::default(),
            rba: None,
            tests: Vec::new(),
            deployment: None,
            enabled_by_default: None,
            unknown_keys: Vec::new(),
            test_problems: Vec::new(),
        }
    }
}

fn read_drilldowns(reading: &mut Reader, file: &Mapping<'_>) -> Vec<Drilldown> {
    let drilldowns = reading.mappings(file, "drilldown_searches");
    drilldowns
        .iter()
        .map(|drilldown| Drilldown {
            name: reading.text(drilldown, "name"),
            search: reading.text(drilldown, "search"),
            earliest: reading.text(drilldown, "earliest_offset"),
            latest: reading.text(drilldown, "latest_offset"),
        })
        .collect()
}

fn read_tags(reading: &mut Reader, tags: &Mapping<'_>, unknown_keys: &mut Vec<UnknownKey>) -> Tags {
    let known: Vec<&'static str> = TAGS_OF_BOTH.iter().chain(TAGS_OF_V4).copied().collect();
    unknown_keys.extend(reading.unknown_keys(tags, &known));
    let observables = reading.mappings(tags, "observable");
    Tags {
        analytic_stories: reading.texts(tags, "analytic_story"),
        asset_type: reading.text(tags, "asset_type"),
        techniques: reading.texts(tags, "mitre_attack_id"),
        products: reading.texts(tags, "product"),
        security_domain: reading.text(tags, "security_domain"),
        cves: reading.texts(tags, "cve"),
        atomic_guids: reading.texts(tags, "atomic_guid"),
        throttling: reading.mapping(tags, "throttling").map(|throttling| Throttling {
            fields: reading.texts(&throttling, "fields"),
            period: reading.text(&throttling, "period"),
        }),
        manual_test: reading.text(tags, "manual_test"),
        confidence: reading.integer(tags, "confidence"),
        impact: reading.integer(tags, "impact"),
        message: reading.text(tags, "message"),
        observables: observables.iter().filter_map(|observable| Observable::of(reading, observable)).collect(),
        required_fields: reading.texts(tags, "required_fields"),
    }
}

fn read_rba(reading: &mut Reader, rba: &Mapping<'_>, unknown_keys: &mut Vec<UnknownKey>) -> RiskBasedAlerting {
    unknown_keys.extend(reading.unknown_keys(rba, &["message", "risk_objects", "threat_objects"]));
    let message = reading.text(rba, "message");
    let risk_objects = reading.mappings(rba, "risk_objects");
    let threat_objects = reading.mappings(rba, "threat_objects");
    RiskBasedAlerting {
        message: reading.required(rba, "message", message),
        risk_objects: risk_objects.iter().filter_map(|object| RiskObject::of(reading, object)).collect(),
        threat_objects: threat_objects.iter().filter_map(|object| ThreatObject::of(reading, object)).collect(),
        span: rba.span(),
    }
}

mod risk;

#[cfg(test)]
#[path = "detection/tests.rs"]
mod tests;
