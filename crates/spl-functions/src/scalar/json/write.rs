//! JSON functions that make or change documents.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use serde_json::{Map, Value as Json};

use super::{append_json, document, to_json};
use crate::json_path::{Path, text_of};
use crate::scalar::Call;
use crate::value::Value;

pub(super) fn json_array(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let items = (0..call.arguments.len()).map(|argument| to_json(call.value(argument, row)));
        built.append_text(&items.collect::<Json>().to_string());
    }
    Ok(built.finish())
}

pub(super) fn json_object(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let members: Option<Map<String, Json>> = (0..call.arguments.len())
            .step_by(2)
            .map(|key| Some((call.value(key, row).text()?.into_owned(), to_json(call.value(key + 1, row)))))
            .collect();
        append_json(&mut built, members.map(Json::Object).as_ref());
    }
    Ok(built.finish())
}

pub(super) fn json_delete(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let mut object = document(call.value(0, row)).filter(Json::is_object);
        if let Some(object) = &mut object {
            for argument in 1..call.arguments.len() {
                for key in key_list(call.value(argument, row)) {
                    if let Some(path) = Path::parse(&key) {
                        path.remove(object);
                    }
                }
            }
        }
        append_json(&mut built, object.as_ref());
    }
    Ok(built.finish())
}

/// Keys given as text, as several values or as JSON array.
fn key_list(value: Value<'_>) -> Vec<String> {
    match to_json(value) {
        Json::Null => Vec::new(),
        Json::Array(keys) => keys.iter().map(text_of).collect(),
        key => vec![text_of(&key)],
    }
}

/// A document changed by pairs of a path and a value, from left to right.
pub(super) fn edited(call: &Call<'_>, edit: fn(&mut Json, &str, Json)) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let mut document = document(call.value(0, row));
        if let Some(document) = &mut document {
            for path in (1..call.arguments.len()).step_by(2) {
                if let Some(text) = call.value(path, row).text() {
                    edit(document, &text, to_json(call.value(path + 1, row)));
                }
            }
        }
        append_json(&mut built, document.as_ref());
    }
    Ok(built.finish())
}

/// Appends a value to the array that a path names; the empty path is the document itself.
pub(super) fn append(document: &mut Json, path: &str, value: Json) {
    if path.is_empty() {
        push_all(document, [value]);
    } else if let Some(path) = Path::parse(path) {
        path.change(document, |target| push_all(target, [value.clone()]));
    }
}

/// Appends each value of an array to the array that a path names; the empty path is the document itself.
pub(super) fn extend(document: &mut Json, path: &str, value: Json) {
    let values = match value {
        Json::Array(values) => values,
        single => vec![single],
    };
    if path.is_empty() {
        push_all(document, values);
    } else if let Some(path) = Path::parse(path) {
        path.change(document, |target| push_all(target, values.iter().cloned()));
    }
}

/// Appends to the array that a value is, or is wrapped into.
fn push_all(value: &mut Json, items: impl IntoIterator<Item = Json>) {
    match value {
        Json::Array(array) => array.extend(items),
        single => {
            let mut array = vec![single.take()];
            array.extend(items);
            *single = Json::Array(array);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::super::testing::{boolean, check, integer, null, number, one, text, values};

    #[test]
    fn building() {
        let object =
            one("json_object", &[text("s"), text("x"), text("n"), integer(5), text("t"), boolean(true), text("z"), null()]);
        assert_eq!(object, r#"{"s":"x","n":5,"t":true,"z":null}"#);
        assert_eq!(
            one("json_array", &[text("dubois"), text(r#"{"name": "patel"}"#), number(2.0), number(0.5)]),
            r#"["dubois",{"name":"patel"},2,0.5]"#
        );
        assert_eq!([one("json_object", &[]), one("json_array", &[])], ["{}", "[]"]);
        assert_eq!(one("json_array", &[values(&["a", "1"])]), r#"[["a","1"]]"#);
        assert_eq!(one("json_object", &[text("k"), text("[not json")]), r#"{"k":"[not json"}"#);
        assert!(check("json_object", &[None]).is_err());
        assert!(check("json_set", &[None, None, None]).is_ok());
        assert!(check("json_set", &[None, None, None, None]).is_err());
    }

    #[test]
    fn changing() {
        let set = |document: &str, path: &str, value: &str| one("json_set", &[text(document), text(path), text(value)]);
        assert_eq!(set(r#"{"a":1,"b":2}"#, "a", "x"), r#"{"a":"x","b":2}"#);
        assert_eq!(set(r#"{"c":["p","q"]}"#, "c{1}", "z"), r#"{"c":["p","z"]}"#);
        assert_eq!(set(r#"{"g":[{"n":1},{}]}"#, "g{}.k", "v"), r#"{"g":[{"n":1,"k":"v"},{"k":"v"}]}"#);
        assert_eq!(set("{}", "a.b.c", "[1]"), r#"{"a":{"b":{"c":[1]}}}"#);
        assert_eq!(set(r#"{"a":"b"}"#, "a.c", "d"), r#"{"a":"b"}"#);
        assert_eq!(set("no", "a", "d"), "null");
        assert_eq!(one("json_set_exact", &[text("{}"), text("a.b"), text("v"), text("c"), integer(1)]), r#"{"a.b":"v","c":1}"#);
        let append = |document: &str, path: &str, value: &str| one("json_append", &[text(document), text(path), text(value)]);
        assert_eq!(append(r#"{"x":["a"]}"#, "x", r#"["d"]"#), r#"{"x":["a",["d"]]}"#);
        assert_eq!(append(r#"{"x":"a"}"#, "x", "b"), r#"{"x":["a","b"]}"#);
        assert_eq!(append(r#"{"x":[1]}"#, "nope", "b"), r#"{"x":[1]}"#);
        assert_eq!(one("json_append", &[text(r#"{"x":[]}"#), text("x"), integer(1), text("x"), integer(2)]), r#"{"x":[1,2]}"#);
        assert_eq!(one("json_extend", &[text(r#"{"x":["a"]}"#), text("x"), text(r#"["b","c"]"#)]), r#"{"x":["a","b","c"]}"#);
        let delete = |keys: &[&str]| {
            let mut arguments = vec![text(r#"{"a":{"b":1,"c":2},"d":[1],"e":3}"#)];
            arguments.extend(keys.iter().map(|key| text(key)));
            one("json_delete", &arguments)
        };
        assert_eq!(
            [delete(&["a.b", "d"]), delete(&[r#"["a","e"]"#]), delete(&["x.y"])],
            [r#"{"a":{"c":2},"e":3}"#, r#"{"d":[1]}"#, r#"{"a":{"b":1,"c":2},"d":[1],"e":3}"#]
        );
    }
}
