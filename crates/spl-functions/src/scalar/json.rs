//! JSON functions of eval, and `spath`.
//!
//! A field has no JSON type of its own: a text that is a JSON object or array is taken as one wherever a value goes into
//! a document, any other text is a JSON string.

mod read;
mod write;

use arrow::array::ArrayRef;
use datafusion_common::Result;
use serde_json::{Number, Value as Json};

use super::{Call, FunctionSpec, Kernel};
use crate::column::{ColumnBuilder, ValueType};
use crate::json_path::{Path, text_of};
use crate::value::Value;
use read::{at_path, entries, extracted, json, json_array_to_mv, json_has_key_exact, json_valid, keys, of_document, spath};
use write::{append, edited, extend, json_array, json_delete, json_object};

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
        status: super::Status::Full,
        check: None,
    }
}

/// The JSON functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    function("json", "json(<value>)", "the value when it is JSON, else null", (1, Some(1)), json),
    FunctionSpec {
        status: super::Status::Full,
        check: Some(after_document),
        ..function(
            "json_append",
            "json_append(<json>,<path_value_pairs>)",
            "the document with the values appended to the arrays at the paths",
            (3, None),
            |call| edited(call, append),
        )
    },
    function("json_array", "json_array(<values>)", "a JSON array of the values", (0, None), json_array),
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
    function("json_delete", "json_delete(<object>,<keys>)", "the object without the keys", (2, None), json_delete),
    function(
        "json_entries",
        "json_entries(<value>)",
        "the members of an object as array of objects with key and value",
        (1, Some(1)),
        |call| of_document(call, entries),
    ),
    FunctionSpec {
        status: super::Status::Full,
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
        |call| extracted(call, |document, key| document.as_object()?.get(key).cloned()),
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
    function("json_keys", "json_keys(<json>)", "the keys of an object as JSON array", (1, Some(1)), |call| {
        of_document(call, keys)
    }),
    FunctionSpec {
        status: super::Status::Full,
        check: Some(|arguments| in_pairs(arguments.len())),
        ..function("json_object", "json_object(<members>)", "a JSON object of the keys and values", (0, None), json_object)
    },
    FunctionSpec {
        status: super::Status::Full,
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
        status: super::Status::Full,
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
        ..function("json_valid", "json_valid(<json>)", "whether the value is valid JSON", (1, Some(1)), json_valid)
    },
    FunctionSpec {
        category: "Text functions",
        returns: |_| ValueType::Multivalue,
        ..function(
            "spath",
            "spath(<value>,<path>)",
            "the values at the path in a text of JSON or XML, objects and arrays as JSON",
            (2, Some(2)),
            spath,
        )
    },
];

fn in_pairs(arguments: usize) -> std::result::Result<(), String> {
    if arguments.is_multiple_of(2) { Ok(()) } else { Err("the last argument has no value: arguments come in pairs".to_owned()) }
}

fn after_document(arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    in_pairs(arguments.len().saturating_sub(1))
}

/// Several values that are only one are that one.
fn single(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Multivalue(values) if values.len() == 1 => values.get(0).map_or(Value::Null, Value::Text),
        other => other,
    }
}

/// A value as JSON.
fn to_json(value: Value<'_>) -> Json {
    match single(value) {
        Value::Null => Json::Null,
        Value::Boolean(flag) => Json::Bool(flag),
        Value::Integer(number) => number.into(),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => (number as i64).into(),
        Value::Float(number) => Number::from_f64(number).map_or(Json::Null, Json::Number),
        Value::Text(text) => container(text).unwrap_or_else(|| Json::String(text.to_owned())),
        Value::Multivalue(values) => values.iter().map(Json::from).collect(),
    }
}

/// A text that is a JSON object or array.
fn container(text: &str) -> Option<Json> {
    if text.trim_start().starts_with(['{', '[']) { serde_json::from_str(text).ok() } else { None }
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
