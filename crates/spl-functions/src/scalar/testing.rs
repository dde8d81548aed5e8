//! Calls of functions for unit tests.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListBuilder, StringViewArray, StringViewBuilder};
use arrow::datatypes::Field;
use datafusion_common::config::ConfigOptions;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl};

use super::{SplFunction, lookup};
use crate::column::Column;
use crate::value::Value;

/// A text literal.
pub(crate) fn text(value: &str) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::Utf8View(Some(value.to_owned())))
}

/// A number literal.
pub(crate) fn number(value: f64) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::Float64(Some(value)))
}

/// A whole number literal.
pub(crate) fn integer(value: i64) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::Int64(Some(value)))
}

/// A condition literal.
pub(crate) fn boolean(value: bool) -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::Boolean(Some(value)))
}

/// An absent field.
pub(crate) fn null() -> ColumnarValue {
    ColumnarValue::Scalar(ScalarValue::Null)
}

/// A text column.
pub(crate) fn texts(values: &[Option<&str>]) -> ColumnarValue {
    ColumnarValue::Array(Arc::new(StringViewArray::from(values.to_vec())))
}

/// A column with several values in its only row.
pub(crate) fn values(values: &[&str]) -> ColumnarValue {
    let mut builder = ListBuilder::new(StringViewBuilder::new());
    for value in values {
        builder.values().append_value(value);
    }
    builder.append(true);
    ColumnarValue::Array(Arc::new(builder.finish()))
}

/// Calls a function.
pub(crate) fn call(function: &SplFunction, arguments: &[ColumnarValue]) -> Result<ArrayRef> {
    let rows = arguments
        .iter()
        .find_map(|argument| match argument {
            ColumnarValue::Array(array) => Some(array.len()),
            ColumnarValue::Scalar(_) => None,
        })
        .unwrap_or(1);
    let types: Vec<_> = arguments.iter().map(ColumnarValue::data_type).collect();
    let returns = function.return_type(&types)?;
    let arg_fields = types.into_iter().map(|data_type| Arc::new(Field::new("argument", data_type, true))).collect();
    let result = function.invoke_with_args(ScalarFunctionArgs {
        args: arguments.to_vec(),
        arg_fields,
        number_rows: rows,
        return_field: Arc::new(Field::new("result", returns, true)),
        config_options: Arc::new(ConfigOptions::new()),
    })?;
    result.into_array(rows)
}

/// The results of a function by row, as text; none = null, several values joined by `|`, conditions as True, False.
pub(crate) fn evaluate(name: &str, arguments: &[ColumnarValue]) -> Result<Vec<Option<String>>> {
    let spec = lookup(name).unwrap_or_else(|| panic!("no function {name}"));
    let array = call(&SplFunction::new(spec), arguments)?;
    let column = Column::new(&array)?;
    Ok((0..array.len())
        .map(|row| match column.value(row) {
            Value::Null => None,
            value => Some(value.each_text().join("|")),
        })
        .collect())
}

/// The first result; `null` for null, `error` when the function fails.
pub(crate) fn one(name: &str, arguments: &[ColumnarValue]) -> String {
    match evaluate(name, arguments) {
        Ok(results) => results.into_iter().next().flatten().unwrap_or_else(|| "null".to_owned()),
        Err(_) => "error".to_owned(),
    }
}

/// What the check of literal arguments says.
pub(crate) fn check(name: &str, arguments: &[Option<Value<'_>>]) -> std::result::Result<(), String> {
    lookup(name).and_then(|spec| spec.check).map_or(Ok(()), |check| check(arguments))
}
