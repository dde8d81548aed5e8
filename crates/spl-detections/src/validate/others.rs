//! Macros, stories, baselines, data sources and deployments.

use std::path::PathBuf;

use spl_parser::{Diagnostic, Span};

use super::{Content, File, references};
use crate::detection::{Detection, DetectionType, Layout};
use crate::yaml::{Node, Value};

const CATEGORIES: [&str; 14] = [
    "Abuse",
    "Adversary Tactics",
    "Best Practices",
    "Cloud Security",
    "Compliance",
    "Malware",
    "Uncategorized",
    "Vulnerability",
    "Account Compromise",
    "Data Destruction",
    "Lateral Movement",
    "Privilege Escalation",
    "Ransomware",
    "Unauthorized Software",
];

const USE_CASES: [&str; 7] = [
    "Fraud Detection",
    "Compliance",
    "Application Security",
    "Security Monitoring",
    "Advanced Threat Detection",
    "Insider Threat",
    "Other",
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
}

fn of_story(content: &Content, checked: &mut Checked<'_>) {
    checked.text("narrative");
    if checked.tags().is_none() {
        return checked.wrong("content/missing", "`tags` is missing", checked.first());
    }
    match checked.tag("category").map(|node| (node.value.clone(), node.span)) {
        Some((Value::List(items), span)) => {
            if items.is_empty() {
                checked.wrong("content/value", "`tags.category` names none", span);
            }
            for item in items {
                let text = if let Value::Text(text) = &item.value { text.clone() } else { String::new() };
                if !CATEGORIES.contains(&text.as_str()) {
                    checked.wrong("content/value", format!("`{text}` is no category of stories"), item.span);
                }
            }
        }
        Some((_, span)) => checked.wrong("content/type", "`tags.category` is no list", span),
        None => checked.wrong("content/missing", "`tags.category` is missing", checked.first()),
    }
    match checked.tag("usecase").map(|node| (node.value.clone(), node.span)) {
        Some((Value::Text(text), _)) if USE_CASES.contains(&text.as_str()) => {}
        Some((Value::Text(text), span)) => {
            let message = format!("`usecase: {text}` is unknown; expected one of {}", USE_CASES.join(", "));
            checked.wrong("content/value", message, span);
        }
        Some((_, span)) => checked.wrong("content/type", "`tags.usecase` is no text", span),
        None => checked.wrong("content/missing", "`tags.usecase` is missing", checked.first()),
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
        let layout = if content.is_v5 { Layout::V5 } else { Layout::V4 };
        checked.problems.extend(references::of_search(content, &search, span, &checked.file.stem(), layout));
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
    named(content, checked, "analytic_story", "stories", "story");
    named(content, checked, "detections", "detections", "detection");
}

/// Names in a list of tags must be those of files, each once.
fn named(content: &Content, checked: &mut Checked<'_>, key: &str, folder: &str, what: &str) {
    let Some(Value::List(items)) = checked.tag(key).map(|node| node.value.clone()) else { return };
    let mut seen: Vec<String> = Vec::new();
    for item in items {
        let Value::Text(name) = &item.value else {
            checked.wrong("content/type", format!("a {what} is no text"), item.span);
            continue;
        };
        if !content.has(folder, name) {
            checked.wrong("content/reference", format!("there is no {what} `{name}`"), item.span);
        } else if seen.contains(name) {
            checked.wrong("content/reference", format!("the {what} `{name}` is named twice"), item.span);
        }
        seen.push(name.clone());
    }
}

fn of_data_source(_: &Content, checked: &mut Checked<'_>) {
    checked.text("source");
    checked.text("sourcetype");
}

fn of_deployment(_: &Content, checked: &mut Checked<'_>) {
    if let Some((kind, span)) = checked.text("type")
        && DetectionType::parse(&kind).is_none()
        && !matches!(kind.as_str(), "Baseline" | "Embedded")
    {
        checked.wrong("content/value", format!("`type: {kind}` is no type of a deployment"), span);
    }
    if checked.file.get("scheduling").is_none() {
        checked.wrong("content/missing", "`scheduling` is missing", checked.first());
    }
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
