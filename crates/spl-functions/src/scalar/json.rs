//! JSON functions of eval, and `spath`.
//!
//! A field has no JSON type of its own: a text that is a JSON object or array is taken as one wherever a value goes into
//! a document, any other text is a JSON string.

use arrow::array::ArrayRef;
use datafusion_common::{Result, exec_err};
use serde_json::{Map, Number, Value as Json};

use super::multivalue::is_true;
use super::{Call, FunctionSpec, Kernel};
use crate::column::{ColumnBuilder, ValueType};
use crate::json_path::{Path, Step, text_of};
use crate::value::Value;

const CATEGORY: &str = "JSON functions";

const fn function(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arity: (usize, Option<usize>),
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec {
        name,
        category: CATEGORY,
        syntax,
        summary,
        arity,
        returns: |_| ValueType::Text,
        kernel: Kernel::Columns(kernel),
        check: None,
    }
}

/// The JSON functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    function(
        "json",
        "json(<value>)",
        "the value when it is JSON, else null",
        (1, Some(1)),
        json,
    ),
    FunctionSpec {
        check: Some(after_document),
        ..function(
            "json_append",
            "json_append(<json>,<path_value_pairs>)",
            "the document with the values appended to the arrays at the paths",
            (3, None),
            |call| edited(call, append),
        )
    },
    function(
        "json_array",
        "json_array(<values>)",
        "a JSON array of the values",
        (0, None),
        json_array,
    ),
    FunctionSpec {
        returns: |_| ValueType::Multivalue,
        ..function(
            "json_array_to_mv",
            "json_array_to_mv(<json_array>,<boolean>)",
            "the elements of a JSON array as values, strings with quotes when the flag is true",
            (1, Some(2)),
            json_array_to_mv,
        )
    },
    function(
        "json_delete",
        "json_delete(<object>,<keys>)",
        "the object without the keys",
        (2, None),
        json_delete,
    ),
    function(
        "json_entries",
        "json_entries(<value>)",
        "the members of an object as array of objects with key and value",
        (1, Some(1)),
        |call| of_document(call, entries),
    ),
    FunctionSpec {
        check: Some(after_document),
        ..function(
            "json_extend",
            "json_extend(<json>,<path_value_pairs>)",
            "the document with the elements of the arrays appended to the arrays at the paths",
            (3, None),
            |call| edited(call, extend),
        )
    },
    function(
        "json_extract",
        "json_extract(<json>,<paths>)",
        "the value at the path; with several paths their values as JSON array",
        (1, None),
        |call| extracted(call, at_path),
    ),
    function(
        "json_extract_exact",
        "json_extract_exact(<json>,<keys>)",
        "the value of the key, taken literally; with several keys their values as JSON array",
        (1, None),
        |call| {
            extracted(call, |document, key| {
                document.as_object()?.get(key).cloned()
            })
        },
    ),
    FunctionSpec {
        returns: |_| ValueType::Boolean,
        ..function(
            "json_has_key_exact",
            "json_has_key_exact(<object>,<key>)",
            "whether the object has the key, taken literally",
            (2, Some(2)),
            json_has_key_exact,
        )
    },
    function(
        "json_keys",
        "json_keys(<json>)",
        "the keys of an object as JSON array",
        (1, Some(1)),
        |call| of_document(call, keys),
    ),
    FunctionSpec {
        check: Some(|arguments| in_pairs(arguments.len())),
        ..function(
            "json_object",
            "json_object(<members>)",
            "a JSON object of the keys and values",
            (0, None),
            json_object,
        )
    },
    FunctionSpec {
        check: Some(after_document),
        ..function(
            "json_set",
            "json_set(<json>,<path_value_pairs>)",
            "the document with the values put in at the paths",
            (3, None),
            |call| {
                edited(call, |document, path, value| {
                    if let Some(path) = Path::parse(path) {
                        path.set(document, &value);
                    }
                })
            },
        )
    },
    FunctionSpec {
        check: Some(after_document),
        ..function(
            "json_set_exact",
            "json_set_exact(<json>,<key_value_pairs>)",
            "the object with the values put in at the keys, taken literally",
            (3, None),
            |call| {
                edited(call, |document, key, value| {
                    if let Json::Object(object) = document {
                        object.insert(key.to_owned(), value);
                    }
                })
            },
        )
    },
    FunctionSpec {
        returns: |_| ValueType::Boolean,
        ..function(
            "json_valid",
            "json_valid(<json>)",
            "whether the value is valid JSON",
            (1, Some(1)),
            json_valid,
        )
    },
    FunctionSpec {
        category: "Text functions",
        returns: |_| ValueType::Multivalue,
        ..function(
            "spath",
            "spath(<value>,<path>)",
            "the values at the path in a JSON text, objects and arrays as JSON",
            (2, Some(2)),
            spath,
        )
    },
];

fn in_pairs(arguments: usize) -> std::result::Result<(), String> {
    if arguments.is_multiple_of(2) {
        Ok(())
    } else {
        Err("the last argument has no value: arguments come in pairs".to_owned())
    }
}

fn after_document(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    in_pairs(arguments.len().saturating_sub(1))
}

/// Several values that are only one are that one.
fn single(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Multivalue(values) if values.len() == 1 => {
            values.get(0).map_or(Value::Null, Value::Text)
        }
        other => other,
    }
}

/// A value as JSON.
fn to_json(value: Value<'_>) -> Json {
    match single(value) {
        Value::Null => Json::Null,
        Value::Boolean(flag) => Json::Bool(flag),
        Value::Integer(number) => number.into(),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            (number as i64).into()
        }
        Value::Float(number) => Number::from_f64(number).map_or(Json::Null, Json::Number),
        Value::Text(text) => container(text).unwrap_or_else(|| Json::String(text.to_owned())),
        Value::Multivalue(values) => values.iter().map(Json::from).collect(),
    }
}

/// A text that is a JSON object or array.
fn container(text: &str) -> Option<Json> {
    if text.trim_start().starts_with(['{', '[']) {
        serde_json::from_str(text).ok()
    } else {
        None
    }
}

/// An argument that must be a JSON document; none when it is not.
fn document(value: Value<'_>) -> Option<Json> {
    match single(value) {
        Value::Text(text) => serde_json::from_str(text).ok(),
        Value::Null => None,
        other => Some(to_json(other)),
    }
}

/// A result as field value: a JSON null is null.
fn append_json(built: &mut ColumnBuilder, result: Option<&Json>) {
    match result {
        None | Some(Json::Null) => built.append_null(),
        Some(value) => built.append_text(&text_of(value)),
    }
}

fn of_document(call: &Call<'_>, compute: fn(&Json) -> Option<Json>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        append_json(
            &mut built,
            document(call.value(0, row))
                .and_then(|document| compute(&document))
                .as_ref(),
        );
    }
    Ok(built.finish())
}

fn keys(document: &Json) -> Option<Json> {
    Some(
        document
            .as_object()?
            .keys()
            .map(|key| Json::from(key.as_str()))
            .collect(),
    )
}

fn entries(document: &Json) -> Option<Json> {
    let entry = |(key, value): (&String, &Json)| {
        Json::Object(
            [
                ("key".to_owned(), Json::from(key.as_str())),
                ("value".to_owned(), value.clone()),
            ]
            .into_iter()
            .collect(),
        )
    };
    Some(document.as_object()?.iter().map(entry).collect())
}

fn json(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
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

fn json_valid(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        built.append(match single(call.value(0, row)) {
            Value::Null => Value::Null,
            Value::Text(text) => Value::Boolean(is_json(text)),
            _ => Value::Boolean(true),
        });
    }
    Ok(built.finish())
}

fn json_array(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        let items = (0..call.arguments.len()).map(|argument| to_json(call.value(argument, row)));
        built.append_text(&items.collect::<Json>().to_string());
    }
    Ok(built.finish())
}

fn json_object(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        let members: Option<Map<String, Json>> = (0..call.arguments.len())
            .step_by(2)
            .map(|key| {
                Some((
                    call.value(key, row).text()?.into_owned(),
                    to_json(call.value(key + 1, row)),
                ))
            })
            .collect();
        append_json(&mut built, members.map(Json::Object).as_ref());
    }
    Ok(built.finish())
}

fn json_array_to_mv(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        let quoted = is_true(&call.value(1, row));
        match document(call.value(0, row)) {
            Some(Json::Array(items)) => {
                built.append_values(items.iter().map(|item| {
                    if quoted {
                        item.to_string()
                    } else {
                        text_of(item)
                    }
                }));
            }
            _ => built.append_null(),
        }
    }
    Ok(built.finish())
}

fn json_delete(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
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

fn extracted(call: &Call<'_>, find: fn(&Json, &str) -> Option<Json>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        let found = document(call.value(0, row)).and_then(|document| {
            let at = |argument: usize| {
                call.value(argument, row)
                    .text()
                    .and_then(|path| find(&document, &path))
            };
            match call.arguments.len() {
                1 => Some(document),
                2 => at(1),
                count => Some(
                    (1..count)
                        .map(|argument| at(argument).unwrap_or(Json::Null))
                        .collect(),
                ),
            }
        });
        append_json(&mut built, found.as_ref());
    }
    Ok(built.finish())
}

/// The value at a path; all values as array when the path has a wildcard.
fn at_path(document: &Json, path: &str) -> Option<Json> {
    // The elements of a document that is no array are the document itself.
    let path = match path.strip_prefix("{}") {
        Some("") if !document.is_array() => return Some(document.clone()),
        Some(rest) if !document.is_array() => Path::parse(rest.strip_prefix('.')?)?,
        _ => Path::parse(path)?,
    };
    let found = path.extract(document);
    if path.steps().contains(&Step::Elements) {
        if found.is_empty() {
            None
        } else {
            Some(found.into_iter().cloned().collect())
        }
    } else {
        found.into_iter().next().cloned()
    }
}

fn json_has_key_exact(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        let value = call.value(0, row);
        built.append(match call.value(1, row).text() {
            Some(key) if !value.is_null() => {
                Value::Boolean(document(value).is_some_and(|document| {
                    document
                        .as_object()
                        .is_some_and(|object| object.contains_key(key.as_ref()))
                }))
            }
            _ => Value::Null,
        });
    }
    Ok(built.finish())
}

/// A document changed by pairs of a path and a value, from left to right.
fn edited(call: &Call<'_>, edit: fn(&mut Json, &str, Json)) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
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

fn append(document: &mut Json, path: &str, value: Json) {
    if let Some(path) = Path::parse(path) {
        path.change(document, |target| push_all(target, [value.clone()]));
    }
}

fn extend(document: &mut Json, path: &str, value: Json) {
    let Some(path) = Path::parse(path) else {
        return;
    };
    let values = match value {
        Json::Array(values) => values,
        single => vec![single],
    };
    path.change(document, |target| push_all(target, values.iter().cloned()));
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

fn spath(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        let value = single(call.value(0, row));
        if matches!(value, Value::Text(text) if text.trim_start().starts_with('<')) {
            return exec_err!("spath reads JSON; paths into XML are not supported");
        }
        let path = call
            .value(1, row)
            .text()
            .and_then(|path| Path::parse(&path));
        match (document(value), path) {
            (Some(document), Some(path)) => {
                built.append_values(path.extract(&document).into_iter().map(text_of))
            }
            _ => built.append_null(),
        }
    }
    Ok(built.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::testing::{boolean, check, integer, null, number, one, text, values};

    #[test]
    fn building() {
        let object = one(
            "json_object",
            &[
                text("s"),
                text("x"),
                text("n"),
                integer(5),
                text("t"),
                boolean(true),
                text("z"),
                null(),
            ],
        );
        assert_eq!(object, r#"{"s":"x","n":5,"t":true,"z":null}"#);
        assert_eq!(
            one(
                "json_array",
                &[
                    text("dubois"),
                    text(r#"{"name": "patel"}"#),
                    number(2.0),
                    number(0.5)
                ]
            ),
            r#"["dubois",{"name":"patel"},2,0.5]"#
        );
        assert_eq!(
            [one("json_object", &[]), one("json_array", &[])],
            ["{}", "[]"]
        );
        assert_eq!(one("json_array", &[values(&["a", "1"])]), r#"[["a","1"]]"#);
        assert_eq!(
            one("json_object", &[text("k"), text("[not json")]),
            r#"{"k":"[not json"}"#
        );
        assert!(check("json_object", &[None]).is_err());
        assert!(check("json_set", &[None, None, None]).is_ok());
        assert!(check("json_set", &[None, None, None, None]).is_err());
    }

    #[test]
    fn validity() {
        assert_eq!(
            [
                one("json", &[text(r#"{"a": 1}"#)]),
                one("json", &[text("Golden Gate")]),
                one("json", &[null()])
            ],
            [r#"{"a": 1}"#, "null", "null"]
        );
        assert_eq!(
            [
                one("json_valid", &[text("[1,2]")]),
                one("json_valid", &[text("{names:")])
            ],
            ["True", "False"]
        );
        assert_eq!(one("json_valid", &[text(&"[".repeat(100_000))]), "False");
    }

    #[test]
    fn extracting() {
        let document = r#"{"a":{"b":[1,2]},"s":"c","n":null,"system.path":"/opt","list":[{"n":"x"},{"n":"y"}]}"#;
        let at = |path: &str| one("json_extract", &[text(document), text(path)]);
        assert_eq!(
            [
                at("a"),
                at("a.b"),
                at("a.b{1}"),
                at("s"),
                at("n"),
                at("system.path"),
                at("list{}.n")
            ],
            [
                r#"{"b":[1,2]}"#,
                "[1,2]",
                "2",
                "c",
                "null",
                "null",
                r#"["x","y"]"#
            ]
        );
        assert_eq!(
            one(
                "json_extract",
                &[text(document), text("s"), text("nope"), text("a.b{0}")]
            ),
            r#"["c",null,1]"#
        );
        assert_eq!(one("json_extract", &[text(r#""str""#)]), "str");
        assert_eq!(at("{}"), document);
        assert_eq!(
            one(
                "json_extract",
                &[text(r#"[{"n":1},{"n":2}]"#), text("{}.n")]
            ),
            "[1,2]"
        );
        assert_eq!(
            one("json_extract_exact", &[text(document), text("system.path")]),
            "/opt"
        );
        assert_eq!(
            [
                one("json_has_key_exact", &[text(document), text("system.path")]),
                one("json_has_key_exact", &[text(document), text("b")])
            ],
            ["True", "False"]
        );
        assert_eq!(
            one("json_keys", &[text(r#"{"b": 1, "a": 2}"#)]),
            r#"["b","a"]"#
        );
        assert_eq!(one("json_keys", &[text("[1]")]), "null");
        assert_eq!(
            one("json_entries", &[text(r#"{"a": 1, "b": [2]}"#)]),
            r#"[{"key":"a","value":1},{"key":"b","value":[2]}]"#
        );
        assert_eq!(one("spath", &[text(document), text("list{}.n")]), "x|y");
        assert_eq!(one("spath", &[text(document), text("a")]), r#"{"b":[1,2]}"#);
        assert_eq!(one("json_extract", &[values(&[document]), text("s")]), "c");
        assert_eq!(
            [
                one("spath", &[text("plain"), text("a")]),
                one("spath", &[text("<a/>"), text("a")])
            ],
            ["null", "error"]
        );
    }

    #[test]
    fn changing() {
        let set = |document: &str, path: &str, value: &str| {
            one("json_set", &[text(document), text(path), text(value)])
        };
        assert_eq!(set(r#"{"a":1,"b":2}"#, "a", "x"), r#"{"a":"x","b":2}"#);
        assert_eq!(set(r#"{"c":["p","q"]}"#, "c{1}", "z"), r#"{"c":["p","z"]}"#);
        assert_eq!(
            set(r#"{"g":[{"n":1},{}]}"#, "g{}.k", "v"),
            r#"{"g":[{"n":1,"k":"v"},{"k":"v"}]}"#
        );
        assert_eq!(set("{}", "a.b.c", "[1]"), r#"{"a":{"b":{"c":[1]}}}"#);
        assert_eq!(set(r#"{"a":"b"}"#, "a.c", "d"), r#"{"a":"b"}"#);
        assert_eq!(set("no", "a", "d"), "null");
        assert_eq!(
            one(
                "json_set_exact",
                &[text("{}"), text("a.b"), text("v"), text("c"), integer(1)]
            ),
            r#"{"a.b":"v","c":1}"#
        );
        let append = |document: &str, path: &str, value: &str| {
            one("json_append", &[text(document), text(path), text(value)])
        };
        assert_eq!(
            append(r#"{"x":["a"]}"#, "x", r#"["d"]"#),
            r#"{"x":["a",["d"]]}"#
        );
        assert_eq!(append(r#"{"x":"a"}"#, "x", "b"), r#"{"x":["a","b"]}"#);
        assert_eq!(append(r#"{"x":[1]}"#, "nope", "b"), r#"{"x":[1]}"#);
        assert_eq!(
            one(
                "json_append",
                &[
                    text(r#"{"x":[]}"#),
                    text("x"),
                    integer(1),
                    text("x"),
                    integer(2)
                ]
            ),
            r#"{"x":[1,2]}"#
        );
        assert_eq!(
            one(
                "json_extend",
                &[text(r#"{"x":["a"]}"#), text("x"), text(r#"["b","c"]"#)]
            ),
            r#"{"x":["a","b","c"]}"#
        );
        let delete = |keys: &[&str]| {
            let mut arguments = vec![text(r#"{"a":{"b":1,"c":2},"d":[1],"e":3}"#)];
            arguments.extend(keys.iter().map(|key| text(key)));
            one("json_delete", &arguments)
        };
        assert_eq!(
            [
                delete(&["a.b", "d"]),
                delete(&[r#"["a","e"]"#]),
                delete(&["x.y"])
            ],
            [
                r#"{"a":{"c":2},"e":3}"#,
                r#"{"d":[1]}"#,
                r#"{"a":{"b":1,"c":2},"d":[1],"e":3}"#
            ]
        );
    }

    #[test]
    fn arrays_and_values() {
        assert_eq!(
            one("json_array_to_mv", &[text(r#"["a",1,{"b":2}]"#)]),
            r#"a|1|{"b":2}"#
        );
        assert_eq!(
            one("json_array_to_mv", &[text(r#"["a",true]"#), boolean(true)]),
            r#""a"|true"#
        );
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
