//! JSON functions that read documents.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use serde_json::Value as Json;

use super::{append_json, document, single, to_json};
use crate::json_path::{Path, text_of};
use crate::scalar::Call;
use crate::scalar::multivalue::is_true;
use crate::value::Value;
use crate::xml_document;

pub(super) fn of_document(call: &Call<'_>, compute: fn(&Json) -> Option<Json>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        append_json(&mut built, document(call.value(0, row)).and_then(|document| compute(&document)).as_ref());
    }
    Ok(built.finish())
}

pub(super) fn keys(document: &Json) -> Option<Json> {
    Some(document.as_object()?.keys().map(|key| Json::from(key.as_str())).collect())
}

pub(super) fn entries(document: &Json) -> Option<Json> {
    let entry = |(key, value): (&String, &Json)| {
        Json::Object([("key".to_owned(), Json::from(key.as_str())), ("value".to_owned(), value.clone())].into_iter().collect())
    };
    Some(document.as_object()?.iter().map(entry).collect())
}

pub(super) fn json(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        match single(call.value(0, row)) {
            Value::Text(text) if !is_json(text) => built.append_null(),
            Value::Text(text) => built.append_text(text),
            value => append_json(&mut built, Some(&to_json(value))),
        }
    }
    Ok(built.finish())
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

pub(super) fn json_valid(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        built.append(match single(call.value(0, row)) {
            Value::Null => Value::Null,
            Value::Text(text) => Value::Boolean(is_json(text)),
            _ => Value::Boolean(true),
        });
    }
    Ok(built.finish())
}

pub(super) fn json_array_to_mv(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let quoted = is_true(&call.value(1, row));
        match document(call.value(0, row)) {
            Some(Json::Array(items)) => {
                built.append_values(items.iter().map(|item| if quoted { item.to_string() } else { text_of(item) }));
            }
            _ => built.append_null(),
        }
    }
    Ok(built.finish())
}

pub(super) fn extracted(call: &Call<'_>, find: fn(&Json, &str) -> Option<Json>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let found = document(call.value(0, row)).and_then(|document| {
            let at = |argument: usize| call.value(argument, row).text().and_then(|path| find(&document, &path));
            match call.arguments.len() {
                1 => Some(document),
                2 => at(1),
                count => Some((1..count).map(|argument| at(argument).unwrap_or(Json::Null)).collect()),
            }
        });
        append_json(&mut built, found.as_ref());
    }
    Ok(built.finish())
}

/// The value at a path; all values as array when the path has a wildcard.
pub(super) fn at_path(document: &Json, path: &str) -> Option<Json> {
    // The elements of a document that is no array are the document itself.
    let path = match path.strip_prefix("{}") {
        Some("") if !document.is_array() => return Some(document.clone()),
        Some(rest) if !document.is_array() => Path::parse(rest.strip_prefix('.')?)?,
        _ => Path::parse(path)?,
    };
    let found = path.extract(document);
    if path.has_wildcard() {
        if found.is_empty() { None } else { Some(found.into_iter().cloned().collect()) }
    } else {
        found.into_iter().next().cloned()
    }
}

pub(super) fn json_has_key_exact(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let value = call.value(0, row);
        built.append(match call.value(1, row).text() {
            Some(key) if !value.is_null() => Value::Boolean(
                document(value)
                    .is_some_and(|document| document.as_object().is_some_and(|object| object.contains_key(key.as_ref()))),
            ),
            _ => Value::Null,
        });
    }
    Ok(built.finish())
}

pub(super) fn spath(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let value = single(call.value(0, row));
        let path = call.value(1, row).text().and_then(|path| Path::parse(&path));
        if let Value::Text(text) = value
            && text.trim_start().starts_with('<')
        {
            let roots = xml_document::parse(text.trim()).unwrap_or_default();
            let found = path.map(|path| xml_document::extract(&roots, path.steps())).unwrap_or_default();
            built.append_values(found);
            continue;
        }
        let found = match (value, path) {
            (Value::Text(text), Some(path)) => path.select(text),
            (value, Some(path)) => document(value).map(|document| path.extract(&document).into_iter().cloned().collect()),
            _ => None,
        };
        match found {
            Some(found) => built.append_values(found.iter().map(text_of)),
            None => built.append_null(),
        }
    }
    Ok(built.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::super::testing::{boolean, null, one, text, values};

    #[test]
    fn validity() {
        assert_eq!(
            [one("json", &[text(r#"{"a": 1}"#)]), one("json", &[text("Golden Gate")]), one("json", &[null()])],
            [r#"{"a": 1}"#, "null", "null"]
        );
        assert_eq!([one("json_valid", &[text("[1,2]")]), one("json_valid", &[text("{names:")])], ["True", "False"]);
        assert_eq!(one("json_valid", &[text(&"[".repeat(100_000))]), "False");
    }

    #[test]
    fn extracting() {
        let document = r#"{"a":{"b":[1,2]},"s":"c","n":null,"system.path":"/opt","list":[{"n":"x"},{"n":"y"}]}"#;
        let at = |path: &str| one("json_extract", &[text(document), text(path)]);
        assert_eq!(
            [at("a"), at("a.b"), at("a.b{1}"), at("s"), at("n"), at("system.path"), at("list{}.n")],
            [r#"{"b":[1,2]}"#, "[1,2]", "2", "c", "null", "null", r#"["x","y"]"#]
        );
        assert_eq!(one("json_extract", &[text(document), text("s"), text("nope"), text("a.b{0}")]), r#"["c",null,1]"#);
        assert_eq!(one("json_extract", &[text(r#""str""#)]), "str");
        assert_eq!(at("{}"), document);
        assert_eq!(one("json_extract", &[text(r#"[{"n":1},{"n":2}]"#), text("{}.n")]), "[1,2]");
        assert_eq!(one("json_extract_exact", &[text(document), text("system.path")]), "/opt");
        assert_eq!(
            [
                one("json_has_key_exact", &[text(document), text("system.path")]),
                one("json_has_key_exact", &[text(document), text("b")])
            ],
            ["True", "False"]
        );
        assert_eq!(one("json_keys", &[text(r#"{"b": 1, "a": 2}"#)]), r#"["b","a"]"#);
        assert_eq!(one("json_keys", &[text("[1]")]), "null");
        assert_eq!(one("json_entries", &[text(r#"{"a": 1, "b": [2]}"#)]), r#"[{"key":"a","value":1},{"key":"b","value":[2]}]"#);
        assert_eq!(one("spath", &[text(document), text("list{}.n")]), "x|y");
        assert_eq!(one("spath", &[text(document), text("a")]), r#"{"b":[1,2]}"#);
        assert_eq!(one("json_extract", &[values(&[document]), text("s")]), "c");
        assert_eq!(
            [
                one("spath", &[text("plain"), text("a")]),
                one("spath", &[text("<a>1</a>"), text("a")]),
                one("spath", &[text("<a>1</a>"), text("b")])
            ],
            ["null", "1", "null"]
        );
    }

    #[test]
    fn arrays_and_values() {
        assert_eq!(one("json_array_to_mv", &[text(r#"["a",1,{"b":2}]"#)]), r#"a|1|{"b":2}"#);
        assert_eq!(one("json_array_to_mv", &[text(r#"["a",true]"#), boolean(true)]), r#""a"|true"#);
        assert_eq!(
            [
                one("json_array_to_mv", &[text("no")]),
                one("json_array_to_mv", &[text("{}")]),
                one("json_array_to_mv", &[text("[]")])
            ],
            ["null"; 3]
        );
    }
}
