//! Detections of both layouts: values, filter macro, risk, drilldowns, tests, references.

use std::path::PathBuf;

use spl_parser::span::Spanned;
use spl_parser::{Diagnostic, Span};

use super::header::{file_stem, is_uuid};
use super::shape::{self, Key, Kind, Strictness, optional};
use super::values::{ASSET_TYPES, DOMAINS, OBSERVABLE_TYPES, PRODUCTS, THREAT_OBJECT_TYPES};
use super::{Content, File, others, references};
use crate::deployment::Deployment;
use crate::detection::{Detection, TAGS_OF_V4};
use crate::detection_type::{DetectionType, Layout, Status};
use crate::risk::tokens;
use crate::yaml::{Node, Value};

/// Tags that nothing else is done with.
const TAGS: &[Key] = &[
    optional("group", Kind::Texts),
    optional("research_site_url", Kind::Url),
    optional("event_schema", Kind::Text),
    optional("mappings", Kind::List),
];

/// Checks all detections.
pub(super) fn check(content: &Content) -> Vec<(&'static str, PathBuf, Vec<Diagnostic>)> {
    let files = content.files.get("detections").into_iter().flatten();
    let one = |file: &File| {
        let (detection, read) = others::read(file)?;
        let mut checked = Checked { content, file, detection: &detection, problems: Vec::new() };
        checked.reading(read);
        checked.all();
        Some(("detections", file.path.clone(), checked.problems))
    };
    files.filter_map(one).collect()
}

struct Checked<'c> {
    content: &'c Content,
    file: &'c File,
    detection: &'c Detection,
    problems: Vec<Diagnostic>,
}

impl Checked<'_> {
    fn wrong(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        self.problems.push(Diagnostic::error(code, message, span));
    }

    /// What reading the file told, under the codes of rules; the head is checked elsewhere.
    fn reading(&mut self, read: Vec<Diagnostic>) {
        const HEAD: [&str; 6] = ["name", "id", "version", "date", "author", "description"];
        for problem in read {
            let of_head = HEAD.iter().any(|key| problem.message.starts_with(&format!("`{key}` ")));
            if of_head {
                continue;
            }
            let code = match &problem.message {
                message if message.ends_with("is missing") => "content/missing",
                message if message.contains("; expected one of") || message.contains("out of range") => "content/value",
                _ => "content/type",
            };
            self.problems.push(Diagnostic { code, ..problem });
        }
        if self.detection.layout == Layout::V5 {
            if let Some(Node { value: Value::Mapping(entries), .. }) = self.file.get("tags") {
                for (key, _) in entries.iter().filter(|(key, _)| TAGS_OF_V4.contains(&key.as_str())) {
                    let message = format!("layout 5 has no key `tags.{}`: it is one of layout 4", key.value);
                    self.problems.push(Diagnostic::error("content/unknown-key", message, key.span));
                }
            }
            for key in &self.detection.unknown_keys {
                let near = key.near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                let message = format!("layout 5 has no key `{}`{near}", key.path);
                // There `contentctl` looks at no other keys.
                self.problems.push(match key.path.starts_with("rba.") {
                    true => Diagnostic::warning("content/unknown-key", message, Some(key.span)),
                    false => Diagnostic::error("content/unknown-key", message, key.span),
                });
            }
        }
    }

    fn first(&self) -> Span {
        self.file.entries().first().map_or(Span::default(), |(key, _)| key.span)
    }

    fn is_production(&self) -> bool {
        self.detection.status() == Some(Status::Production)
    }

    /// Whether a name occurs in the search, in any letter case.
    fn in_search(&self, name: &str) -> bool {
        let search = self.detection.search.as_ref().map(|search| search.to_lowercase()).unwrap_or_default();
        search.contains(&name.to_lowercase())
    }

    fn all(&mut self) {
        self.search();
        self.texts();
        self.tags();
        self.risk();
        self.drilldowns();
        self.tests();
        for name in self.detection.data_source_names().map(str::to_owned).collect::<Vec<_>>() {
            let item = self.detection.data_sources.iter().find(|item| item.value.contains(&name));
            if !self.content.has("data_sources", &name) {
                let (message, span) = (format!("there is no data source `{name}`"), item.map_or(self.first(), |item| item.span));
                self.problems.push(match self.detection.layout {
                    Layout::V4 => Diagnostic::warning("content/reference", message, Some(span)),
                    Layout::V5 => Diagnostic::error("content/reference", message, span),
                });
            }
        }
        self.output_fields();
        let enabled = self.detection.enabled_by_default == Some(true);
        if enabled && (!self.is_production() || self.detection.kind() == Some(DetectionType::Hunting)) {
            self.wrong(
                "content/enabled",
                "only production detections of type TTP, Anomaly and Correlation are enabled by default",
                self.first(),
            );
        }
        let not_v5 =
            self.detection.layout == Layout::V5 && matches!(self.detection.status(), Some(Status::Validation | Status::Removed));
        let not_v4 = self.detection.layout == Layout::V4 && self.detection.status() == Some(Status::Removed);
        if let Some(status) = self.detection.status_text.as_ref().filter(|_| not_v5 || not_v4) {
            self.wrong("content/value", format!("`status: {}` is none of this layout", status.value), status.span);
        }
    }

    /// What a data source promises to give out must be in the search, in the letter case that it has.
    fn output_fields(&mut self) {
        let makes_risk = matches!(self.detection.kind(), Some(DetectionType::Ttp | DetectionType::Anomaly));
        let Some(search) = self.detection.search.as_ref().filter(|_| makes_risk && self.is_production()) else { return };
        if self.detection.layout == Layout::V4 {
            return;
        }
        for name in self.detection.data_source_names() {
            let mut sources = self.content.files.get("data_sources").into_iter().flatten();
            let source = sources.find(|source| source.text_of("name") == Some(name));
            let Some(Value::List(fields)) = source.and_then(|source| source.get("output_fields")).map(|node| &node.value) else {
                continue;
            };
            let texts = fields.iter().filter_map(|field| if let Value::Text(text) = &field.value { Some(text) } else { None });
            let lost: Vec<&str> = texts.filter(|field| !search.value.contains(field.as_str())).map(String::as_str).collect();
            if !lost.is_empty() {
                let message = format!("the search lacks output fields of the data source `{name}`: {}", lost.join(", "));
                self.problems.push(Diagnostic::error("content/output-fields", message, search.span));
            }
        }
    }

    fn search(&mut self) {
        let Some(search) = &self.detection.search else { return };
        let named = self.detection.name.as_ref().map_or_else(|| self.file.stem(), |name| file_stem(name));
        let filter = format!("`{named}_filter`");
        if !search.value.contains(&filter) {
            self.wrong("content/filter-macro", format!("the search does not call {filter}"), search.span);
        }
        let layout = self.detection.layout;
        self.problems.extend(references::of_macros(self.content, &search.value, search.span, &named, layout));
        self.problems.extend(references::of_lookups(self.content, &search.value, search.span, layout));
    }

    fn texts(&mut self) {
        let detection = self.detection;
        for (key, text) in
            [("how_to_implement", &detection.how_to_implement), ("known_false_positives", &detection.known_false_positives)]
        {
            match text {
                None if self.file.get(key).is_none() => {
                    self.wrong("content/missing", format!("`{key}` is missing"), self.first())
                }
                Some(text) if text.chars().count() < 4 => {
                    self.wrong("content/value", format!("`{key}` has fewer than 4 characters"), text.span);
                }
                _ => {}
            }
        }
    }

    fn one_of(&mut self, key: &str, value: Option<&Spanned<String>>, known: &[&str]) {
        match value {
            None => self.wrong("content/missing", format!("`tags.{key}` is missing"), self.first()),
            Some(text) if !known.contains(&text.as_str()) => {
                self.wrong(
                    "content/value",
                    format!("`{key}: {}` is unknown; expected one of {}", text.value, known.join(", ")),
                    text.span,
                );
            }
            Some(_) => {}
        }
    }

    fn tags(&mut self) {
        let tags = &self.detection.tags;
        let Some(node) = self.file.get("tags") else {
            return self.wrong("content/missing", "`tags` is missing", self.first());
        };
        if self.detection.layout == Layout::V5 {
            shape::check(node, TAGS, "tags", Strictness::AlsoOthers, &mut self.problems);
        }
        self.one_of("asset_type", tags.asset_type.as_ref(), &ASSET_TYPES);
        self.one_of("security_domain", tags.security_domain.as_ref(), &DOMAINS);
        if tags.products.is_empty() {
            self.wrong("content/missing", "`tags.product` names none", self.first());
        }
        for product in tags.products.iter().filter(|product| !PRODUCTS.contains(&product.as_str())) {
            self.wrong("content/value", format!("`{}` is no product", product.value), product.span);
        }
        if tags.analytic_stories.is_empty() && !self.has_tag("analytic_story") {
            self.wrong("content/missing", "`tags.analytic_story` is missing", self.first());
        }
        for (place, story) in tags.analytic_stories.iter().enumerate() {
            if !self.content.has("stories", story) {
                self.wrong("content/reference", format!("there is no story `{}`", story.value), story.span);
            } else if self.detection.layout == Layout::V5
                && tags.analytic_stories[..place].iter().any(|other| other.value == story.value)
            {
                self.wrong("content/reference", format!("the story `{}` is named twice", story.value), story.span);
            }
        }
        for technique in &tags.techniques {
            if !is_technique(technique) {
                self.wrong(
                    "content/value",
                    format!("`{}` is no technique; expected T1234 or T1234.001", technique.value),
                    technique.span,
                );
            } else if self.detection.layout == Layout::V5
                && let Some((parent, _)) = technique.value.split_once('.')
                && tags.techniques.iter().any(|other| other.value == parent)
            {
                let message = format!("`{}` and its technique `{parent}` are both named", technique.value);
                self.wrong("content/value", message, technique.span);
            }
        }
        for cve in tags.cves.iter().filter(|cve| !is_cve(cve)) {
            self.wrong("content/value", format!("`{}` is no CVE; expected CVE-2024-1234", cve.value), cve.span);
        }
        for guid in tags.atomic_guids.iter().filter(|guid| !is_uuid(guid)) {
            self.wrong("content/value", format!("`{}` is no UUID", guid.value), guid.span);
        }
        if let Some(throttling) = &tags.throttling {
            if throttling.fields.is_empty() {
                self.wrong("content/throttling", "`throttling.fields` names none", self.first());
            }
            for field in &throttling.fields {
                let in_search = self.detection.search.as_ref().is_some_and(|search| search.value.contains(field.as_str()));
                if field.value.contains(' ') || !in_search {
                    let message = format!("`{}` has a blank or does not occur in the search", field.value);
                    self.wrong("content/throttling", message, field.span);
                }
            }
            match &throttling.period {
                Some(period) if is_period(period) => {}
                Some(period) => {
                    self.wrong(
                        "content/throttling",
                        format!("`period: {}` is none; expected 3600s, 60m, 1h", period.value),
                        period.span,
                    );
                }
                None => self.wrong("content/throttling", "`throttling.period` is missing", self.first()),
            }
        }
    }

    fn has_tag(&self, key: &str) -> bool {
        let tags = self.file.get("tags").map(|node| &node.value);
        matches!(tags, Some(Value::Mapping(entries)) if entries.iter().any(|(name, _)| name.value == key))
    }

    fn deployment(&self) -> Option<&Deployment> {
        if let Some(own) = &self.detection.deployment {
            return Some(own);
        }
        let wanted = Deployment::default_name(self.detection.kind()?);
        self.content.deployments.iter().find(|deployment| deployment.name.as_ref().is_some_and(|name| name.value == wanted))
    }

    fn risk(&mut self) {
        if let Some(deployment) = self.file.get("deployment") {
            others::of_inline_deployment(deployment, self.detection.layout == Layout::V5, &mut self.problems);
        }
        if let (None, Some(kind)) = (self.deployment(), self.detection.kind()) {
            let message = format!("there is no deployment `{}`", Deployment::default_name(kind));
            self.wrong("content/reference", message, self.first());
        }
        match self.detection.layout {
            Layout::V4 => self.risk_of_v4(),
            Layout::V5 => self.risk_of_v5(),
        }
    }

    fn risk_of_v4(&mut self) {
        let tags = &self.detection.tags;
        for (key, value) in [("confidence", &tags.confidence), ("impact", &tags.impact)] {
            match value {
                Some(value) if !(0..=100).contains(&value.value) => {
                    self.wrong(
                        "content/value",
                        format!("`{key}: {}` is out of range; expected 0 to 100", value.value),
                        value.span,
                    );
                }
                Some(_) => {}
                None => self.wrong("content/missing", format!("`tags.{key}` is missing"), self.first()),
            }
        }
        if tags.message.is_none() {
            self.wrong("content/missing", "`tags.message` is missing", self.first());
        }
        if tags.required_fields.is_empty() {
            self.wrong("content/missing", "`tags.required_fields` names none", self.first());
        }
        for kind in tags.observables.iter().filter_map(|observable| observable.kind.as_ref()) {
            if !OBSERVABLE_TYPES.contains(&kind.as_str()) {
                self.wrong("content/value", format!("`type: {}` is no type of an observable", kind.value), kind.span);
            }
        }
        if !self.is_production() {
            return;
        }
        let needs = matches!(self.detection.kind(), Some(DetectionType::Ttp | DetectionType::Anomaly));
        if needs && self.detection.risk().risk_objects.is_empty() {
            self.wrong(
                "content/risk",
                "a production detection of this type needs an observable with the role Victim",
                self.first(),
            );
        }
        for observable in &tags.observables {
            if !self.in_search(&observable.name) {
                let message = format!("the observable `{}` does not occur in the search", observable.name.value);
                self.wrong("content/risk", message, observable.name.span);
            }
        }
        self.message();
    }

    fn risk_of_v5(&mut self) {
        let makes_risk = self.deployment().is_some_and(|deployment| deployment.makes_risk);
        let Some(rba) = &self.detection.rba else {
            if makes_risk {
                self.wrong("content/risk", "the deployment makes risk events, but `rba` is missing", self.first());
            }
            return;
        };
        if !makes_risk && self.deployment().is_some() {
            self.wrong("content/risk", "the deployment makes no risk events: `rba` must be left out", rba.span);
        }
        if let Some(Node { value: Value::Mapping(entries), span }) = self.file.get("rba")
            && !entries.iter().any(|(name, _)| name.value == "threat_objects")
        {
            self.problems.push(Diagnostic::error(
                "content/missing",
                "`rba.threat_objects` is missing; it may be empty: `[]`",
                *span,
            ));
        }
        if rba.risk_objects.is_empty() {
            self.wrong("content/risk", "`rba.risk_objects` names none", rba.span);
        }
        for threat in rba.threat_objects.iter().filter(|threat| !THREAT_OBJECT_TYPES.contains(&threat.kind.as_str())) {
            self.wrong("content/value", format!("`type: {}` is no type of a threat object", threat.kind), threat.field.span);
        }
        if !self.is_production() {
            return;
        }
        let fields =
            rba.risk_objects.iter().map(|object| &object.field).chain(rba.threat_objects.iter().map(|object| &object.field));
        for field in fields.filter(|field| !self.in_search(field)).collect::<Vec<_>>() {
            self.problems.push(Diagnostic::error(
                "content/risk",
                format!("the field `{}` does not occur in the search", field.value),
                field.span,
            ));
        }
        self.message();
    }

    /// Fields of the risk message.
    fn message(&mut self) {
        let Some(message) = self.detection.risk().message else { return };
        let lost: Vec<String> = tokens(&message).filter(|field| !self.in_search(field)).map(str::to_owned).collect();
        for field in lost {
            let text = format!("`${field}$` of the risk message does not occur in the search");
            self.wrong("content/risk", text, message.span);
        }
    }

    fn drilldowns(&mut self) {
        let drilldowns = &self.detection.drilldowns;
        for drilldown in drilldowns {
            match &drilldown.name {
                Some(name) if name.chars().count() < 5 => {
                    self.wrong("content/value", "the name of a drilldown search has fewer than 5 characters", name.span);
                }
                Some(_) => {}
                None => self.wrong("content/missing", "a drilldown search has no `name`", self.first()),
            }
            if drilldown.search.is_none() {
                self.wrong("content/missing", "a drilldown search has no `search`", self.first());
            }
        }
        if let Some(Node { value: Value::List(items), .. }) = self.file.get("drilldown_searches") {
            for item in items {
                let Value::Mapping(entries) = &item.value else { continue };
                for key in ["earliest_offset", "latest_offset"] {
                    // Nothing is a value of these, but it has to be written.
                    if !entries.iter().any(|(name, _)| name.value == key) {
                        self.wrong("content/missing", format!("a drilldown search has no `{key}`"), item.span);
                    }
                }
            }
        }
        if !self.is_production() || self.detection.kind() == Some(DetectionType::Hunting) {
            return;
        }
        let original = "%original_detection_search%";
        let has_original = drilldowns.iter().any(|one| one.search.as_ref().is_some_and(|search| search.value.contains(original)));
        if drilldowns.len() < 2 {
            self.wrong("content/drilldown", "a production detection needs two drilldown searches", self.first());
        } else if !has_original {
            self.wrong("content/drilldown", format!("no drilldown search holds {original}"), self.first());
        }
    }

    fn tests(&mut self) {
        let data = self.detection.tests.iter().flat_map(|test| &test.attack_data).map(|data| &data.data);
        let root = &self.content.root;
        for data in data.filter(|data| !data.value.contains("://") && !root.join(&data.value).is_file()) {
            let message = format!("`{}` is neither a URL nor a file below the repository", data.value);
            self.problems.push(Diagnostic::error("content/test", message, data.span));
        }
        let exempt = self.detection.kind() == Some(DetectionType::Correlation) || self.detection.tags.manual_test.is_some();
        if self.is_production() && !exempt && self.detection.tests.is_empty() {
            self.wrong("content/test", "a production detection needs a test", self.first());
        }
    }
}

fn is_technique(text: &str) -> bool {
    let Some(number) = text.strip_prefix('T') else { return false };
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    match number.split_once('.') {
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        None => digits(number, 4),
    }
}

fn is_cve(text: &str) -> bool {
    let Some((year, number)) = text.strip_prefix("CVE-").and_then(|rest| rest.split_once('-')) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4 && year.starts_with(['1', '2']) && digits(year) && digits(number)
}

fn is_period(text: &str) -> bool {
    let Some(number) = text.strip_suffix(['s', 'm', 'h']) else { return false };
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}
