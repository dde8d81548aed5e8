//! Macros, stories, baselines, data sources and deployments.

use std::path::PathBuf;

use spl_exec::time::parse_time_modifier;
use spl_parser::{Diagnostic, Span};

use super::shape::{self, ALERT_ACTION, Key, Kind, SCHEDULING, Strictness, optional, required};
use super::values::{CATEGORIES, DOMAINS, PRODUCTS, USE_CASES};
use super::{Content, File, references};
use crate::detection::Detection;
use crate::detection_type::{DetectionType, Layout};
use crate::schedule::CronSchedule;
use crate::scheduled_search::schedule_window;
use crate::yaml::{Node, Value};

/// Tags of a story. The last ones are filled in by `contentctl` and accepted all the same.
const STORY_TAGS: &[Key] = &[
    required("category", Kind::SomeTexts),
    required("product", Kind::SomeTexts),
    required("usecase", Kind::Text),
    optional("cve", Kind::Texts),
    optional("group", Kind::Texts),
    optional("mitre_attack_enrichments", Kind::List),
    optional("mitre_attack_tactics", Kind::List),
    optional("datamodels", Kind::List),
    optional("kill_chain_phases", Kind::List),
];

/// Tags of a baseline.
const BASELINE_TAGS: &[Key] = &[
    required("analytic_story", Kind::Texts),
    required("detections", Kind::Texts),
    required("product", Kind::SomeTexts),
    required("security_domain", Kind::Text),
];

/// Lists of a data source.
const DATA_SOURCE: &[Key] = &[
    optional(
        "supported_TA",
        Kind::Mappings(&[required("name", Kind::Text), optional("url", Kind::Url), required("version", Kind::Text)]),
    ),
    optional("fields", Kind::List),
    optional("field_mappings", Kind::List),
    optional("convert_to_log_source", Kind::List),
];

/// A deployment inside another file.
const INLINE_DEPLOYMENT: &[Key] = &[
    required("scheduling", Kind::Mapping(SCHEDULING)),
    optional("alert_action", Kind::Mapping(ALERT_ACTION)),
    optional("type", Kind::Text),
    optional("name", Kind::Text),
    optional("id", Kind::Text),
    optional("date", Kind::Text),
    optional("author", Kind::Text),
    optional("description", Kind::Text),
    optional("version", Kind::Number),
    optional("references", Kind::Texts),
    optional("status", Kind::Text),
];

/// Checks the files that are neither detections nor lookups.
pub(super) fn check(content: &Content) -> Vec<(&'static str, PathBuf, Vec<Diagnostic>)> {
    let mut all = Vec::new();
    for (folder, files) in &content.files {
        let of: fn(&Content, &mut Checked<'_>) = match *folder {
            "macros" => of_macro,
            "stories" => of_story,
            "baselines" => of_baseline,
            "data_sources" => of_data_source,
            "deployments" => of_deployment,
            _ => continue,
        };
        for file in files.iter().filter(|file| file.root.is_some()) {
            let mut checked = Checked { file, problems: Vec::new() };
            of(content, &mut checked);
            all.push((*folder, file.path.clone(), checked.problems));
        }
    }
    all
}

struct Checked<'f> {
    file: &'f File,
    problems: Vec<Diagnostic>,
}

impl Checked<'_> {
    fn first(&self) -> Span {
        self.file.entries().first().map_or(Span::default(), |(key, _)| key.span)
    }

    fn wrong(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        self.problems.push(Diagnostic::error(code, message, span));
    }

    /// A text that must be there.
    fn text(&mut self, key: &str) -> Option<(String, Span)> {
        match self.file.get(key).map(|node| (&node.value, node.span)) {
            Some((Value::Text(text), span)) => Some((text.clone(), span)),
            Some((_, span)) => {
                self.wrong("content/type", format!("`{key}` is no text"), span);
                None
            }
            None => {
                self.wrong("content/missing", format!("`{key}` is missing"), self.first());
                None
            }
        }
    }

    /// The mapping of a key that is there.
    fn shape(&mut self, key: &str, keys: &[Key], content: &Content) {
        let strictness = if content.is_v5 { Strictness::OnlyThese } else { Strictness::AlsoOthers };
        if let Some(node) = self.file.get(key) {
            shape::check(node, keys, key, strictness, &mut self.problems);
        } else if key == "tags" {
            self.wrong("content/missing", "`tags` is missing", self.first());
        }
    }

    /// Keys of the file itself.
    fn whole(&mut self, keys: &[Key]) {
        if let Some(root) = &self.file.root {
            shape::check(root, keys, "", Strictness::AlsoOthers, &mut self.problems);
        }
    }

    fn tags(&self) -> Option<&[(spl_parser::span::Spanned<String>, Node)]> {
        match &self.file.get("tags")?.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    fn tag(&self, key: &str) -> Option<&Node> {
        self.tags()?.iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }
}

fn of_macro(_: &Content, checked: &mut Checked<'_>) {
    if let Some((text, span)) = checked.text("definition")
        && text.is_empty()
    {
        checked.wrong("content/value", "`definition` is empty", span);
    }
    checked.whole(&[optional("arguments", Kind::Texts)]);
}

fn of_story(content: &Content, checked: &mut Checked<'_>) {
    checked.text("narrative");
    checked.shape("tags", STORY_TAGS, content);
    products(checked);
    for (category, span) in named(checked, "category") {
        if !CATEGORIES.contains(&category.as_str()) {
            checked.wrong("content/value", format!("`{category}` is no category of stories"), span);
        }
    }
    match checked.tag("usecase").map(|node| (node.value.clone(), node.span)) {
        Some((Value::Text(text), span)) if !USE_CASES.contains(&text.as_str()) => {
            let message = format!("`usecase: {text}` is unknown; expected one of {}", USE_CASES.join(", "));
            checked.wrong("content/value", message, span);
        }
        _ => {}
    }
    if content.is_v5 {
        status(checked, &["production", "deprecated"]);
    }
}

fn of_baseline(content: &Content, checked: &mut Checked<'_>) {
    if let Some((kind, span)) = checked.text("type")
        && kind != "Baseline"
    {
        checked.wrong("content/value", format!("`type: {kind}` is none of a baseline; expected Baseline"), span);
    }
    if let Some((search, span)) = checked.text("search") {
        if search.chars().count() < 4 {
            checked.wrong("content/value", "`search` has fewer than 4 characters", span);
        }
        // Version 4 looks at no lookups of baselines, and neither version at their macros.
        if content.is_v5 {
            checked.problems.extend(references::of_lookups(content, &search, span, Layout::V5));
        }
    }
    for key in ["how_to_implement", "known_false_positives"] {
        if let Some((text, span)) = checked.text(key)
            && text.chars().count() < 4
        {
            checked.wrong("content/value", format!("`{key}` has fewer than 4 characters"), span);
        }
    }
    if content.is_v5 {
        status(checked, &["production", "deprecated"]);
    }
    checked.shape("tags", BASELINE_TAGS, content);
    products(checked);
    match checked.tag("security_domain").map(|node| (node.value.clone(), node.span)) {
        Some((Value::Text(text), span)) if !DOMAINS.contains(&text.as_str()) => {
            let message = format!("`security_domain: {text}` is unknown; expected one of {}", DOMAINS.join(", "));
            checked.wrong("content/value", message, span);
        }
        _ => {}
    }
    if let Some(deployment) = checked.file.get("deployment") {
        of_inline_deployment(deployment, content.is_v5, &mut checked.problems);
    }
    let stories = named(checked, "analytic_story");
    for (place, (story, span)) in stories.iter().enumerate() {
        if !content.has("stories", story) {
            checked.wrong("content/reference", format!("there is no story `{story}`"), *span);
        } else if content.is_v5 && stories[..place].iter().any(|(other, _)| other == story) {
            checked.wrong("content/reference", format!("the story `{story}` is named twice"), *span);
        }
    }
    // A detection that is gone is no reason for `contentctl` to refuse its baseline.
    for (detection, span) in named(checked, "detections") {
        if !content.has("detections", &detection) {
            let message = format!("there is no detection `{detection}`");
            checked.problems.push(Diagnostic::warning("content/reference", message, Some(span)));
        }
    }
}

/// The texts in a list of tags.
fn named(checked: &Checked<'_>, key: &str) -> Vec<(String, Span)> {
    let Some(Value::List(items)) = checked.tag(key).map(|node| &node.value) else { return Vec::new() };
    let text = |item: &Node| if let Value::Text(text) = &item.value { Some((text.clone(), item.span)) } else { None };
    items.iter().filter_map(text).collect()
}

/// Products that do not exist.
fn products(checked: &mut Checked<'_>) {
    for (product, span) in named(checked, "product") {
        if !PRODUCTS.contains(&product.as_str()) {
            checked.wrong("content/value", format!("`{product}` is no product"), span);
        }
    }
}

fn of_data_source(content: &Content, checked: &mut Checked<'_>) {
    checked.text("source");
    checked.text("sourcetype");
    checked.whole(DATA_SOURCE);
    if content.is_v5 {
        checked.whole(&[optional("mitre_components", Kind::Texts), optional("output_fields", Kind::Texts)]);
    }
}

/// A deployment inside a detection or a baseline.
pub(super) fn of_inline_deployment(deployment: &Node, is_v5: bool, problems: &mut Vec<Diagnostic>) {
    let Value::Mapping(entries) = &deployment.value else {
        return problems.push(Diagnostic::error("content/type", "`deployment` is no mapping of keys", deployment.span));
    };
    // Nothing in it: the default one is taken.
    if !entries.is_empty() {
        // What stands beside these is overwritten or has a default.
        let strictness = if is_v5 { Strictness::OnlyThese } else { Strictness::AlsoOthers };
        shape::check(deployment, INLINE_DEPLOYMENT, "deployment", strictness, problems);
        if let Some((_, scheduling)) = entries.iter().find(|(name, _)| name.value == "scheduling") {
            of_scheduling(scheduling, problems);
        }
    }
}

/// Times that Splunk will not understand: `contentctl` takes any text for one.
fn of_scheduling(scheduling: &Node, problems: &mut Vec<Diagnostic>) {
    let Value::Mapping(entries) = &scheduling.value else { return };
    for (name, node) in entries {
        let Value::Text(text) = &node.value else { continue };
        let read = match name.value.as_str() {
            "cron_schedule" => CronSchedule::parse(text).map(drop),
            "earliest_time" | "latest_time" => parse_time_modifier(text).map(drop),
            "schedule_window" => schedule_window(text)
                .map(drop)
                .ok_or_else(|| format!("`{text}` is no schedule window: expected minutes, or `auto`")),
            _ => continue,
        };
        if let Err(message) = read {
            problems.push(Diagnostic::warning("content/value", message, Some(node.span)));
        }
    }
}

fn of_deployment(content: &Content, checked: &mut Checked<'_>) {
    if let Some((kind, span)) = checked.text("type")
        && DetectionType::parse(&kind).is_none()
        && !matches!(kind.as_str(), "Baseline" | "Embedded")
    {
        checked.wrong("content/value", format!("`type: {kind}` is no type of a deployment"), span);
    }
    if checked.file.get("scheduling").is_none() {
        checked.wrong("content/missing", "`scheduling` is missing", checked.first());
    }
    checked.shape("scheduling", SCHEDULING, content);
    if let Some(scheduling) = checked.file.get("scheduling") {
        of_scheduling(scheduling, &mut checked.problems);
    }
    checked.shape("alert_action", ALERT_ACTION, content);
}

fn status(checked: &mut Checked<'_>, known: &[&str]) {
    if let Some((text, span)) = checked.text("status")
        && !known.contains(&text.as_str())
    {
        checked.wrong("content/value", format!("`status: {text}` is unknown; expected one of {}", known.join(", ")), span);
    }
}

/// The detection of a file.
pub(super) fn read(file: &File) -> Option<(Detection, Vec<Diagnostic>)> {
    file.root.as_ref().map(Detection::read)
}
