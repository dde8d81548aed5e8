//! Paths into JSON documents (`a.b{0}.c`, `a{}`) and the names of automatically extracted fields.
//!
//! Source: Splunk search reference, spath; JSON functions.

mod select;

use indexmap::IndexMap;
use serde_json::Value;

/// Most steps of a path; no document that can be read is nested deeper.
const MOST_STEPS: usize = 127;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `name`: the value of a key of an object.
    Key(String),
    /// `{n}`: an element of an array from 0, negative numbers from the end.
    Element(i64),
    /// `{}`: all elements of an array.
    Elements,
    /// `{@name}`: an attribute, which only XML has.
    Attribute(String),
}

/// A path: keys separated by points, each followed by any number of `{}`, `{n}` or `{@name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// Reads a path; none when it has no such form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let end = rest.find(['.', '{']).unwrap_or(rest.len());
            let (key, mut after) = rest.split_at(end);
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            } else if !(steps.is_empty() && after.starts_with('{')) {
                return None;
            }
            while let Some(inside) = after.strip_prefix('{') {
                let (index, behind) = inside.split_once('}')?;
                steps.push(match (index, index.strip_prefix('@')) {
                    ("", _) => Step::Elements,
                    (_, Some(attribute)) => Step::Attribute(attribute.to_owned()),
                    _ => Step::Element(index.parse().ok()?),
                });
                after = behind;
            }
            if steps.len() > MOST_STEPS {
                return None;
            }
            if after.is_empty() {
                return Some(Self(steps));
            }
            rest = after.strip_prefix('.')?;
        }
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether it can name several values.
    pub fn has_wildcard(&self) -> bool {
        self.0.contains(&Step::Elements)
    }

    /// The values it names, in the order of the document.
    pub fn extract<'a>(&self, document: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![document];
        for step in &self.0 {
            found = match step {
                Step::Key(key) => found.into_iter().filter_map(|value| value.as_object()?.get(key)).collect(),
                Step::Element(index) => found.into_iter().filter_map(|value| element(value.as_array()?, *index)).collect(),
                Step::Elements => found.into_iter().filter_map(Value::as_array).flatten().collect(),
                Step::Attribute(_) => Vec::new(),
            };
        }
        found
    }

    /// Changes each value that it names.
    pub fn change(&self, document: &mut Value, mut change: impl FnMut(&mut Value)) {
        change_at(document, &self.0, &mut change);
    }

    /// Puts a value where it points: keys that are missing are made, elements are not; where the document has another
    /// form than the path, it stays as it is.
    pub fn set(&self, document: &mut Value, value: &Value) {
        set_at(document, &self.0, value);
    }

    /// Removes the key that it ends with.
    pub fn remove(&self, document: &mut Value) {
        if let Some((Step::Key(key), parents)) = self.0.split_last() {
            change_at(document, parents, &mut |parent| {
                if let Value::Object(object) = parent {
                    object.shift_remove(key);
                }
            });
        }
    }
}

fn position(len: usize, index: i64) -> Option<usize> {
    if index < 0 { len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?) } else { usize::try_from(index).ok() }
}

fn element(array: &[Value], index: i64) -> Option<&Value> {
    array.get(position(array.len(), index)?)
}

fn change_at(value: &mut Value, steps: &[Step], change: &mut dyn FnMut(&mut Value)) {
    let Some((step, rest)) = steps.split_first() else {
        return change(value);
    };
    match (step, value) {
        (Step::Key(key), Value::Object(object)) => {
            if let Some(child) = object.get_mut(key) {
                change_at(child, rest, change);
            }
        }
        (Step::Element(index), Value::Array(array)) => {
            if let Some(child) = position(array.len(), *index).and_then(|position| array.get_mut(position)) {
                change_at(child, rest, change);
            }
        }
        (Step::Elements, Value::Array(array)) => array.iter_mut().for_each(|child| change_at(child, rest, change)),
        _ => {}
    }
}

fn set_at(value: &mut Value, steps: &[Step], new: &Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = new.clone();
        return;
    };
    match (step, value) {
        (Step::Key(key), Value::Object(object)) => match object.get_mut(key) {
            Some(child) => set_at(child, rest, new),
            None if rest.iter().all(|step| matches!(step, Step::Key(_))) => {
                let mut made = new.clone();
                for step in rest.iter().rev() {
                    if let Step::Key(key) = step {
                        made = Value::Object([(key.clone(), made)].into_iter().collect());
                    }
                }
                object.insert(key.clone(), made);
            }
            None => {}
        },
        (Step::Element(index), Value::Array(array)) => {
            if let Some(child) = position(array.len(), *index).and_then(|position| array.get_mut(position)) {
                set_at(child, rest, new);
            }
        }
        (Step::Elements, Value::Array(array)) => array.iter_mut().for_each(|child| set_at(child, rest, new)),
        _ => {}
    }
}

/// The values that a path names in a document, in order; none for a path without the form of one.
pub fn extract<'a>(document: &'a Value, path: &str) -> Vec<&'a Value> {
    Path::parse(path).map(|path| path.extract(document)).unwrap_or_default()
}

/// A value as the text of a field: strings without quotes, `true`, `false` and `null` as such, objects and arrays as
/// compact JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The fields of a document as automatic extraction names them, in the order in which they appear, each with its values:
/// `a.b` for nested objects, `a{}` and `a{}.b` for arrays. A JSON null is the text `null`; empty objects and arrays
/// have no field; a document that is a single value has none.
pub fn flatten(document: &Value) -> Vec<(String, Vec<String>)> {
    let mut fields = IndexMap::new();
    collect(document, String::new(), &mut fields);
    fields.into_iter().collect()
}

fn collect(value: &Value, name: String, fields: &mut IndexMap<String, Vec<String>>) {
    match value {
        Value::Object(object) => {
            for (key, child) in object {
                collect(child, if name.is_empty() { key.clone() } else { format!("{name}.{key}") }, fields);
            }
        }
        Value::Array(array) => {
            let name = format!("{name}{{}}");
            for child in array {
                collect(child, name.clone(), fields);
            }
        }
        _ if name.is_empty() => {}
        scalar => fields.entry(name).or_default().push(text_of(scalar)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(document: &Value, path: &str) -> Vec<String> {
        extract(document, path).into_iter().map(text_of).collect()
    }

    #[test]
    fn paths() {
        let document =
            json!({"a": 1, "b": {"c": "x"}, "d": [10, 20], "e": [{"f": "p"}, {"f": "q"}, {"g": 1}], "h": [[1], [2, 3]]});
        assert_eq!(texts(&document, "b.c"), ["x"]);
        assert_eq!(texts(&document, "b"), [r#"{"c":"x"}"#]);
        assert_eq!(texts(&document, "d{1}"), ["20"]);
        assert_eq!(texts(&document, "d{-1}"), ["20"]);
        assert_eq!(texts(&document, "d{}"), ["10", "20"]);
        assert_eq!(texts(&document, "d"), ["[10,20]"]);
        assert_eq!(texts(&document, "e{}.f"), ["p", "q"]);
        assert_eq!(texts(&document, "e{1}.f"), ["q"]);
        assert_eq!(texts(&document, "h{}{}"), ["1", "2", "3"]);
        assert_eq!(texts(&document, "h{1}{0}"), ["2"]);
        for nothing in ["x", "a.b", "d{2}", "d{-3}", "a{}", "e.f", "d{@x}", "", ".", "a.", "a..b", "d{", "d{x}", "d{0}x"] {
            assert!(texts(&document, nothing).is_empty(), "{nothing}");
        }
        assert_eq!(texts(&json!([{"n": 1}, {"n": 2}]), "{}.n"), ["1", "2"]);
        assert_eq!(Path::parse(&"a.".repeat(10_000)), None);
    }

    #[test]
    fn automatic_names() {
        let document =
            json!({"k": "v", "n": null, "o": {"p": {"q": 1.5}}, "m": [1, [2], {"x": true}, {"x": "y"}], "empty": {}, "none": []});
        let flat = flatten(&document);
        let fields: Vec<(&str, String)> = flat.iter().map(|(name, values)| (name.as_str(), values.join("|"))).collect();
        assert_eq!(
            fields,
            [
                ("k", "v".to_owned()),
                ("n", "null".to_owned()),
                ("o.p.q", "1.5".to_owned()),
                ("m{}", "1".to_owned()),
                ("m{}{}", "2".to_owned()),
                ("m{}.x", "true|y".to_owned())
            ]
        );
        assert_eq!(flatten(&json!([{"a": 1}, {"a": 2}])), [("{}.a".to_owned(), vec!["1".to_owned(), "2".to_owned()])]);
        assert!(flatten(&json!(5)).is_empty());
    }
}
