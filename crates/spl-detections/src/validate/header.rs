//! What all kinds of content have in common: name, id, version, date, author, description, and the name of the file.

use std::path::PathBuf;

use spl_parser::diagnostic::nearest;
use spl_parser::{Diagnostic, Span};

use super::{Content, File};
use crate::yaml::Value;

/// Longest name of a detection: 99 characters of a saved search without what Splunk and `contentctl` put around it.
const LONGEST_DETECTION_NAME: usize = 67;
const LONGEST_NAME: usize = 99;
const LONGEST_DESCRIPTION: usize = 10_000;
const LONGEST_AUTHOR: usize = 255;

/// Keys that every kind has.
const COMMON: [&str; 8] = ["name", "author", "date", "version", "id", "description", "references", "status"];

/// Keys of layout 5 beside those, by folder; those of detections are checked with them.
const KEYS: [(&str, &[&str]); 6] = [
    ("macros", &["definition", "arguments"]),
    ("lookups", &["lookup_type", "default_match", "match_type", "min_matches", "max_matches", "case_sensitive_match", "fields"]),
    ("stories", &["narrative", "tags"]),
    ("baselines", &["type", "search", "how_to_implement", "known_false_positives", "tags", "deployment"]),
    (
        "data_sources",
        &[
            "source",
            "sourcetype",
            "separator",
            "separator_value",
            "configuration",
            "supported_TA",
            "fields",
            "field_mappings",
            "mitre_components",
            "convert_to_log_source",
            "example_log",
            "output_fields",
        ],
    ),
    ("deployments", &["scheduling", "alert_action", "type"]),
];

/// Checks the heads of all files.
pub(super) fn check(content: &Content) -> Vec<(&'static str, PathBuf, Vec<Diagnostic>)> {
    let mut all = Vec::new();
    for (folder, files) in &content.files {
        for file in files.iter().filter(|file| file.root.is_some()) {
            let mut head = Head { file, problems: Vec::new() };
            head.check(folder, content);
            all.push((*folder, file.path.clone(), head.problems));
        }
    }
    all
}

struct Head<'f> {
    file: &'f File,
    problems: Vec<Diagnostic>,
}

impl Head<'_> {
    fn check(&mut self, folder: &str, content: &Content) {
        // Macros and what is in layout 4 have defaults for the rest.
        let whole = matches!(folder, "stories" | "baselines" | "data_sources" | "detections")
            || folder == "deployments" && content.is_v5
            || folder == "lookups" && self.file.get("lookup_type").is_some();
        if let Some(name) = self.text("name", true) {
            let most = if folder == "detections" { LONGEST_DETECTION_NAME } else { LONGEST_NAME };
            self.at_most("name", &name, most);
            // Layout 5 names every file after its content.
            if content.is_v5 || matches!(folder, "detections" | "stories" | "baselines") {
                self.file_name(&name);
            }
        }
        if let Some(description) = self.text("description", whole || folder == "macros") {
            self.at_most("description", &description, LONGEST_DESCRIPTION);
        }
        if let Some(author) = self.text("author", whole) {
            self.at_most("author", &author, LONGEST_AUTHOR);
        }
        if let Some(id) = self.text("id", whole)
            && !is_uuid(&id)
        {
            self.wrong("content/value", format!("`id: {id}` is no UUID"), "id");
        }
        if let Some(date) = self.text("date", whole) {
            match is_date(&date) {
                false => self.wrong("content/value", format!("`date: {date}` is no date; expected YYYY-MM-DD"), "date"),
                true if content.is_v5 && date.as_str() > content.today.as_str() => {
                    self.wrong("content/value", format!("`date: {date}` lies in the future"), "date");
                }
                true => {}
            }
        }
        match self.file.get("version").map(|node| &node.value) {
            Some(Value::Integer(version)) if *version < 0 => {
                self.wrong("content/value", format!("`version: {version}` is below 0"), "version");
            }
            Some(Value::Integer(_)) => {}
            Some(_) => self.wrong("content/type", "`version` is no whole number", "version"),
            None if whole && folder != "deployments" => self.missing("version"),
            None => {}
        }
        self.references();
        if content.is_v5
            && let Some((_, own)) = KEYS.iter().find(|(known, _)| *known == folder)
        {
            for (key, _) in self.file.entries() {
                let known = || COMMON.iter().chain(*own).copied();
                if !known().any(|known| known == key.value) {
                    let near = nearest(&key.value, known()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                    let message = format!("layout 5 has no key `{}`{near}", key.value);
                    self.problems.push(Diagnostic::error("content/unknown-key", message, key.span));
                }
            }
        }
    }

    fn references(&mut self) {
        let Some(node) = self.file.get("references") else { return };
        let Value::List(items) = &node.value else {
            return self.wrong("content/type", "`references` is no list", "references");
        };
        for item in items {
            match &item.value {
                Value::Text(url) if is_url(url) => {}
                Value::Text(url) => {
                    let message = format!("`{url}` is no URL");
                    self.problems.push(Diagnostic::error("content/value", message, item.span));
                }
                _ => self.problems.push(Diagnostic::error("content/type", "a reference is no text", item.span)),
            }
        }
    }

    /// The text of a key; dates may be written without quotes.
    fn text(&mut self, key: &str, required: bool) -> Option<String> {
        match self.file.get(key).map(|node| &node.value) {
            Some(Value::Text(text)) => Some(text.clone()),
            Some(_) => {
                self.wrong("content/type", format!("`{key}` is no text"), key);
                None
            }
            None => {
                if required {
                    self.missing(key);
                }
                None
            }
        }
    }

    fn missing(&mut self, key: &str) {
        let span = self.file.entries().first().map(|(key, _)| key.span);
        self.problems.push(Diagnostic::error("content/missing", format!("`{key}` is missing"), span.unwrap_or_default()));
    }

    fn at_most(&mut self, key: &str, text: &str, most: usize) {
        let length = text.chars().count();
        if length > most {
            self.wrong("content/value", format!("`{key}` has {length} characters; at most {most} are allowed"), key);
        }
    }

    fn file_name(&mut self, name: &str) {
        let expected = file_stem(name);
        if self.file.stem() != expected {
            self.wrong("content/file-name", format!("the file of `{name}` must be named {expected}.yml"), "name");
        }
    }

    fn wrong(&mut self, code: &'static str, message: impl Into<String>, key: &str) {
        let span = self.file.get(key).map_or(Span::default(), |node| node.span);
        self.problems.push(Diagnostic::error(code, message, span));
    }
}

/// The stem of the file that holds content of a name.
pub(super) fn file_stem(name: &str) -> String {
    name.chars()
        .map(|character| if matches!(character, ' ' | '-' | '.' | '/') { '_' } else { character })
        .collect::<String>()
        .to_lowercase()
}

/// `8-4-4-4-12` hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    let fits = lengths.iter().all(|length| {
        parts.next().is_some_and(|part| part.len() == *length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    fits && parts.next().is_none()
}

/// `YYYY-MM-DD` that the calendar has.
pub(super) fn is_date(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-' && (1..=days).contains(&day)
}

pub(super) fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}
