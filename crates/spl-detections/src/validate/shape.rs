//! Shapes of mappings inside files of content: which keys they have, which they need, and of what type the values are.

use spl_parser::Diagnostic;
use spl_parser::diagnostic::nearest;

use super::header::is_url;
use crate::yaml::reader::flag_of;
use crate::yaml::{Node, Value};

/// A key of a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

/// What the value of a key is. Nothing is a value of no required key and of every other one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    /// A text or a boolean.
    TextOrFlag,
    /// A text that is a URL.
    Url,
    Number,
    Flag,
    List,
    Texts,
    /// At least one text.
    SomeTexts,
    Mapping(&'static [Key]),
    Mappings(&'static [Key]),
}

/// A key that must be there.
pub(super) const fn required(name: &'static str, kind: Kind) -> Key {
    Key { name, required: true, kind }
}

/// A key that may be left out.
pub(super) const fn optional(name: &'static str, kind: Kind) -> Key {
    Key { name, required: false, kind }
}

/// `scheduling` of a deployment.
pub(super) const SCHEDULING: &[Key] = &[
    required("cron_schedule", Kind::Text),
    required("earliest_time", Kind::Text),
    required("latest_time", Kind::Text),
    required("schedule_window", Kind::Text),
];

/// `alert_action` of a deployment.
pub(super) const ALERT_ACTION: &[Key] = &[
    optional("email", Kind::Mapping(EMAIL)),
    optional("notable", Kind::Mapping(NOTABLE)),
    optional("rba", Kind::Mapping(&[optional("enabled", Kind::Flag)])),
    optional("slack", Kind::Mapping(SLACK)),
    optional("phantom", Kind::Mapping(PHANTOM)),
];

const EMAIL: &[Key] = &[required("message", Kind::Text), required("subject", Kind::Text), required("to", Kind::Text)];

const NOTABLE: &[Key] =
    &[required("rule_description", Kind::Text), required("rule_title", Kind::Text), required("nes_fields", Kind::Texts)];

const SLACK: &[Key] = &[required("channel", Kind::Text), required("message", Kind::Text)];

const PHANTOM: &[Key] = &[
    required("cam_workers", Kind::Text),
    required("label", Kind::Text),
    required("phantom_server", Kind::Text),
    required("sensitivity", Kind::Text),
    required("severity", Kind::Text),
];

/// How strictly a mapping is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Other keys are refused, in it and below it.
    OnlyThese,
    /// Other keys are of no interest.
    AlsoOthers,
}

/// Checks the mapping at `path` (`alert_action.notable`).
pub(super) fn check(node: &Node, keys: &[Key], path: &str, strictness: Strictness, problems: &mut Vec<Diagnostic>) {
    let Value::Mapping(entries) = &node.value else {
        problems.push(Diagnostic::error("content/type", format!("`{path}` is no mapping of keys"), node.span));
        return;
    };
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for key in keys {
        let path = below(key.name);
        match entries.iter().find(|(name, _)| name.value == key.name).map(|(_, value)| value) {
            Some(value) if value.value != Value::Null => of_kind(value, key.kind, &path, strictness, problems),
            _ if key.required => {
                problems.push(Diagnostic::error("content/missing", format!("`{path}` is missing"), node.span));
            }
            _ => {}
        }
    }
    if strictness == Strictness::OnlyThese {
        for (name, _) in entries {
            let known = || keys.iter().map(|key| key.name);
            if !known().any(|key| key == name.value) {
                let near = nearest(&name.value, known()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                let message = format!("layout 5 has no key `{}`{near}", below(&name.value));
                problems.push(Diagnostic::error("content/unknown-key", message, name.span));
            }
        }
    }
}

fn of_kind(node: &Node, kind: Kind, path: &str, strictness: Strictness, problems: &mut Vec<Diagnostic>) {
    let wrong = |what: &str| Diagnostic::error("content/type", format!("`{path}` {what}"), node.span);
    match (kind, &node.value) {
        (Kind::Text, Value::Text(_)) | (Kind::Flag, Value::Flag(_)) | (Kind::List, Value::List(_)) => {}
        (Kind::Flag, Value::Text(text)) if flag_of(text).is_some() => {}
        (Kind::Number, Value::Integer(_)) => {}
        (Kind::Number, _) => problems.push(wrong("is no whole number")),
        (Kind::TextOrFlag, Value::Text(_) | Value::Flag(_)) => {}
        (Kind::Url, Value::Text(text)) if is_url(text) => {}
        (Kind::Url, _) => problems.push(Diagnostic::error("content/value", format!("`{path}` is no URL"), node.span)),
        (Kind::Text | Kind::TextOrFlag, _) => problems.push(wrong("is no text")),
        (Kind::Flag, _) => problems.push(wrong("is neither true nor false")),
        (Kind::Texts | Kind::SomeTexts, Value::List(items)) => {
            if let Some(item) = items.iter().find(|item| !matches!(item.value, Value::Text(_))) {
                let message = format!("an item of `{path}` is no text");
                problems.push(Diagnostic::error("content/type", message, item.span));
            } else if matches!(kind, Kind::SomeTexts) && items.is_empty() {
                problems.push(Diagnostic::error("content/missing", format!("`{path}` names none"), node.span));
            }
        }
        (Kind::Mapping(keys), _) => check(node, keys, path, strictness, problems),
        (Kind::Mappings(keys), Value::List(items)) => {
            for item in items {
                check(item, keys, path, strictness, problems);
            }
        }
        (Kind::List | Kind::Texts | Kind::SomeTexts | Kind::Mappings(_), _) => problems.push(wrong("is no list")),
    }
}
