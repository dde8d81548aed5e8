//! `INGEST_EVAL` and `STOP_PROCESSING_IF`: assignments and conditions over the keys and indexed fields of an event. The
//! expressions themselves are evaluated by whoever loads.

use std::sync::Arc;

use super::event::{IndexedEvent, is_key};

/// Compiles eval expressions for events that are being loaded.
pub trait IngestEvaluator: Send + Sync {
    /// An expression ready for use. Names may carry the prefixes of transforms.conf, as in `$pd:_raw$`, `$field:x$`,
    /// `$mv:x$`; it asks for them with the prefix and without the `$`.
    ///
    /// # Errors
    /// Why the expression can't be used.
    fn compile(&self, expression: &str) -> Result<Arc<dyn IngestExpression>, String>;
}

/// An eval expression.
pub trait IngestExpression: Send + Sync {
    /// Its value for an event whose values `value` tells by name.
    fn evaluate(&self, value: &dyn Fn(&str) -> IngestValue) -> IngestValue;
}

/// A value of an ingest-time evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum IngestValue {
    /// None.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several texts.
    Several(Vec<String>),
}

impl IngestValue {
    /// Whether a condition of this value holds: not null, false or zero.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Null | Self::Boolean(false) => false,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => text != "0",
            Self::Several(values) => !values.is_empty(),
            Self::Boolean(true) => true,
        }
    }

    fn texts(self) -> Vec<String> {
        match self {
            Self::Null => Vec::new(),
            Self::Boolean(flag) => vec![flag.to_string()],
            Self::Number(number) => vec![number.to_string()],
            Self::Text(text) => vec![text],
            Self::Several(values) => values,
        }
    }
}

/// The assignments of an `INGEST_EVAL`.
#[derive(Clone)]
pub(super) struct Assignments(Vec<Assignment>);

#[derive(Clone)]
struct Assignment {
    name: String,
    /// `:=`: other values of the field go.
    replaces: bool,
    /// The type in brackets behind the name.
    kind: Option<String>,
    expression: Arc<dyn IngestExpression>,
}

impl Assignments {
    /// Reads `a=1, b:=2, c[int]=3`.
    ///
    /// # Errors
    /// What can't be read or compiled.
    pub(super) fn new(text: &str, evaluator: &Arc<dyn IngestEvaluator>) -> Result<Self, String> {
        let mut assignments = Vec::new();
        for one in split(text) {
            let one = one.trim();
            if one.is_empty() {
                continue;
            }
            let at = one.find('=').ok_or_else(|| format!("`{one}` is no assignment"))?;
            let (mut name, expression) = (one[..at].trim_end(), &one[at + 1..]);
            let replaces = name.ends_with(':');
            name = name.strip_suffix(':').unwrap_or(name).trim_end();
            let mut kind = None;
            if let Some((before, inside)) = name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) {
                (name, kind) = (before.trim_end(), Some(inside.trim().to_ascii_lowercase()));
            }
            let name = name.strip_prefix('$').and_then(|name| name.strip_suffix('$')).unwrap_or(name);
            let name = name.trim_matches(['"', '\'']);
            if name.is_empty() {
                return Err(format!("`{one}` names no field"));
            }
            let expression = evaluator.compile(expression.trim()).map_err(|message| format!("`{one}`: {message}"))?;
            assignments.push(Assignment { name: name.to_owned(), replaces, kind, expression });
        }
        Ok(Self(assignments))
    }

    /// Carries them out, one after the other.
    pub(super) fn apply(&self, event: &mut IndexedEvent) {
        for assignment in &self.0 {
            let found = assignment.expression.evaluate(&|name| value(event, name));
            assignment.write(event, found);
        }
    }
}

impl Assignment {
    fn write(&self, event: &mut IndexedEvent, value: IngestValue) {
        let (name, always_field) = match self.name.split_once(':') {
            Some(("field" | "mv", name)) => (name, true),
            Some(("pd", name)) => (name, false),
            _ => (self.name.as_str(), false),
        };
        let key = match name {
            "host" => "MetaData:Host",
            "source" => "MetaData:Source",
            "sourcetype" => "MetaData:Sourcetype",
            "index" => "_MetaData:Index",
            name => name,
        };
        if !always_field && is_key(key) {
            match (key, value) {
                (_, IngestValue::Null) => {}
                ("_time", IngestValue::Number(seconds)) => {
                    event.time = Some(seconds);
                    event.changed = true;
                }
                (_, value) => event.set_key(key, &value.texts().join(" ")),
            }
            return;
        }
        if self.replaces {
            event.remove_field(name);
        }
        let whole = self.kind.as_deref() == Some("int");
        for text in value.texts() {
            let text = match text.parse::<f64>() {
                Ok(number) if whole => number.trunc().to_string(),
                _ => text,
            };
            event.add_field(name, &text);
        }
    }
}

/// The value of a name in an expression: a key, what a search would show, or the first value of an indexed field.
pub(super) fn value(event: &IndexedEvent, name: &str) -> IngestValue {
    let text = |text: &str| IngestValue::Text(text.to_owned());
    let field = |name: &str| event.field(name).map_or(IngestValue::Null, text);
    match name.split_once(':') {
        Some(("pd", key)) => event.key(key).map_or(IngestValue::Null, |value| text(&value)),
        Some(("field", name)) => field(name),
        Some(("mv", name)) => {
            let values: Vec<String> =
                event.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect();
            if values.is_empty() { IngestValue::Null } else { IngestValue::Several(values) }
        }
        _ => match name {
            "_time" => event.time.map_or(IngestValue::Null, IngestValue::Number),
            "host" => text(&event.host),
            "source" => text(&event.source),
            "sourcetype" => text(&event.sourcetype),
            "index" => text(&event.index),
            "splunk_server" => text("localhost"),
            "linecount" => IngestValue::Number(event.raw.lines().count().max(1) as f64),
            name if is_key(name) => event.key(name).map_or(IngestValue::Null, |value| text(&value)),
            name => field(name),
        },
    }
}

/// Splits a list at commas outside quotes and parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (quote, character) {
            (Some(_), '\\') => escaped = true,
            (Some(mark), other) if other == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// An evaluator for which every expression is a name or a text in quotes.
    struct Names;

    struct Name(String);

    impl IngestEvaluator for Names {
        fn compile(&self, expression: &str) -> Result<Arc<dyn IngestExpression>, String> {
            Ok(Arc::new(Name(expression.to_owned())))
        }
    }

    impl IngestExpression for Name {
        fn evaluate(&self, value: &dyn Fn(&str) -> IngestValue) -> IngestValue {
            match self.0.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                Some(text) => IngestValue::Text(text.to_owned()),
                None => value(&self.0),
            }
        }
    }

    #[test]
    fn assignments_write_keys_and_fields() {
        let evaluator: Arc<dyn IngestEvaluator> = Arc::new(Names);
        let text = r#"queue="nullQueue", sourcetype="x", a="1,2", a="3", b="4", b:="5", c[int]="7.5", $field:host$="y", d:=mv:a"#;
        let mut event = IndexedEvent { sourcetype: "st".to_owned(), ..IndexedEvent::default() };
        Assignments::new(text, &evaluator).unwrap().apply(&mut event);
        assert!(event.dropped && event.sourcetype == "x");
        let expected = [("a", "1,2"), ("a", "3"), ("b", "5"), ("c", "7"), ("host", "y"), ("d", "1,2"), ("d", "3")];
        assert_eq!(event.fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(Assignments::new("novalue", &evaluator).is_err());
    }
}
