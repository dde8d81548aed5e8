//! Event types (eventtypes.conf) and the tags of field values (tags.conf).

use std::collections::HashSet;

use indexmap::IndexMap;
use spl_macros::{Conf, Origin, conf::as_bool};
use spl_parser::diagnostic::Diagnostic;

use crate::problem::{error, warning};
use crate::settings::EVENT_TYPES;

/// A named search; events that it finds have its name in `eventtype` (Splunk admin manual, eventtypes.conf).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventType {
    /// The name.
    pub name: String,
    /// The search, without pipes and macros expanded by whoever runs it.
    pub search: String,
    /// 1 (first) to 10 (last); decides the order of names in `eventtype`.
    pub priority: u8,
    /// Not to be used.
    pub disabled: bool,
    /// Where it was defined.
    pub origin: Origin,
}

/// A part of an event type's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePart<'a> {
    /// A text.
    Text(&'a str),
    /// The value of a field: `%code%`.
    Field(&'a str),
}

impl EventType {
    /// The name in parts: `cisco-%code%` is a text and a field. A name without fields is one text.
    ///
    /// Source: Splunk knowledge manager manual, configure event type templates.
    pub fn name_parts(&self) -> Vec<NamePart<'_>> {
        let mut parts = Vec::new();
        let mut rest = self.name.as_str();
        while let Some((before, behind)) = rest.split_once('%') {
            let named = behind.split_once('%').filter(|(field, _)| is_field_name(field));
            let Some((field, after)) = named else { break };
            if !before.is_empty() {
                parts.push(NamePart::Text(before));
            }
            parts.push(NamePart::Field(field));
            rest = after;
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(NamePart::Text(rest));
        }
        parts
    }

    /// Whether the name holds fields.
    pub fn is_template(&self) -> bool {
        self.name.contains('%') && self.name_parts().iter().any(|part| matches!(part, NamePart::Field(_)))
    }
}

fn is_field_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-' | '{' | '}'))
}

/// `field=value` has a tag (Splunk admin manual, tags.conf).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRule {
    /// The field; often `eventtype`.
    pub field: String,
    /// Its value, percent-decoded.
    pub value: String,
    /// The tag that events with this value have.
    pub tag: String,
    /// Where it was defined.
    pub origin: Origin,
}

/// Reads the stanzas of an eventtypes.conf.
pub(crate) fn read_event_types(
    conf: &Conf,
    problems: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) -> IndexMap<String, EventType> {
    let mut event_types = IndexMap::new();
    for stanza in conf.effective() {
        let setting = |key: &str| stanza.settings.get(key);
        for (key, setting) in &stanza.settings {
            if let Some((code, message)) = EVENT_TYPES.remark(key, "an event type") {
                warnings.push(warning(&setting.origin, code, message));
            }
        }
        let disabled = setting("disabled").is_some_and(|value| value.as_bool() == Some(true));
        let Some(search) = setting("search") else {
            if !disabled {
                problems.push(error(
                    &stanza.origin,
                    "knowledge/event-type",
                    format!("event type `{}` has no search", stanza.name),
                ));
            }
            continue;
        };
        let priority = match setting("priority").map(|value| (value, value.value.parse::<u8>())) {
            None => 1,
            Some((_, Ok(priority @ 1..=10))) => priority,
            Some((value, _)) => {
                problems.push(error(
                    &value.origin,
                    "knowledge/event-type",
                    format!("the priority of event type `{}` is not 1 to 10", stanza.name),
                ));
                1
            }
        };
        event_types.insert(
            stanza.name.clone(),
            EventType {
                name: stanza.name.clone(),
                search: search.value.clone(),
                priority,
                disabled,
                origin: search.origin.clone(),
            },
        );
    }
    event_types
}

/// The tags that eventtypes.conf itself gives to event types, in the setting `tags`: words with blanks or commas between
/// them. A tag that tags.conf disables for the event type is none.
pub(crate) fn read_event_type_tags(conf: &Conf, tags: &Conf) -> Vec<TagRule> {
    let mut rules = Vec::new();
    let mut disabled = HashSet::new();
    for stanza in tags.effective() {
        let Some(("eventtype", value)) = stanza.name.split_once('=').map(|(field, value)| (field.trim(), value)) else {
            continue;
        };
        let off = stanza.settings.iter().filter(|(_, setting)| as_bool(&setting.value) == Some(false));
        disabled.extend(off.map(|(tag, _)| (percent_decode(value.trim()), tag.clone())));
    }
    for stanza in conf.effective() {
        let Some(setting) = stanza.settings.get("tags") else { continue };
        let words = setting.value.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        let words = words.filter(|word| !disabled.contains(&(stanza.name.clone(), (*word).to_owned())));
        rules.extend(words.map(|tag| TagRule {
            field: "eventtype".to_owned(),
            value: stanza.name.clone(),
            tag: tag.to_owned(),
            origin: setting.origin.clone(),
        }));
    }
    rules
}

/// Reads the stanzas of a tags.conf; disabled tags are left out.
pub(crate) fn read_tags(conf: &Conf, problems: &mut Vec<Diagnostic>) -> Vec<TagRule> {
    let mut rules = Vec::new();
    for stanza in conf.effective() {
        let Some((field, value)) = stanza.name.split_once('=') else {
            problems.push(error(
                &stanza.origin,
                "knowledge/tag",
                format!("tags stanza `[{}]` is not `[field=value]`", stanza.name),
            ));
            continue;
        };
        for (tag, setting) in &stanza.settings {
            match as_bool(&setting.value) {
                Some(true) => rules.push(TagRule {
                    field: field.trim().to_owned(),
                    value: percent_decode(value.trim()),
                    tag: tag.clone(),
                    origin: setting.origin.clone(),
                }),
                Some(false) => {}
                None => problems.push(error(
                    &setting.origin,
                    "knowledge/tag",
                    format!("tag `{tag}` is `{}`, neither enabled nor disabled", setting.value),
                )),
            }
        }
    }
    rules
}

/// Replaces `%2F` and the like; other percent signs stay.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        let hex = text.get(position + 1..position + 3).filter(|_| byte == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                decoded.push(value);
                position += 3;
            }
            None => {
                decoded.push(byte);
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn event_types() {
        let text =
            "[a]\nsearch = x=1 OR y=2\npriority = 3\ncolour = red\n[b]\ndisabled = 1\n[c]\n[d]\nsearch = z\npriority = 11\n";
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        let read = read_event_types(&Conf::parse(text, "e.conf").unwrap(), &mut problems, &mut warnings);
        assert_eq!((read.len(), read["d"].priority), (2, 1));
        assert_eq!((read["a"].search.as_str(), read["a"].priority), ("x=1 OR y=2", 3));
        assert_eq!(warnings[0].message, "e.conf:4: unknown setting `colour` of an event type; did you mean `color`?");
        let messages: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(
            messages,
            ["e.conf:7: event type `c` has no search", "e.conf:10: the priority of event type `d` is not 1 to 10"]
        );
    }

    #[test]
    fn tags() {
        let text = "[eventtype=a%20b]\nprocess = enabled\nreport=enabled\nold = disabled\n[host=%2Fx%zz]\nt = perhaps\n[bad]\nt = enabled\n";
        let mut problems = Vec::new();
        let rules = read_tags(&Conf::parse(text, "t.conf").unwrap(), &mut problems);
        let shown: Vec<_> = rules.iter().map(|r| (r.field.as_str(), r.value.as_str(), r.tag.as_str())).collect();
        assert_eq!(shown, [("eventtype", "a b", "process"), ("eventtype", "a b", "report")]);
        assert_eq!(problems.len(), 2);
        assert_eq!(percent_decode("%2Fx%zz%"), "/x%zz%");
        let kinds = Conf::parse("[a b]\nsearch = x\ntags = old, new\n[c]\nsearch = y\ntags = old\n", "e.conf").unwrap();
        let rules = read_event_type_tags(&kinds, &Conf::parse(text, "t.conf").unwrap());
        let shown: Vec<_> = rules.iter().map(|r| (r.value.as_str(), r.tag.as_str())).collect();
        assert_eq!(shown, [("a b", "new"), ("c", "old")]);
    }
}
