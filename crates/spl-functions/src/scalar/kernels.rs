//! The loops that kernels are made of: a condition, a number or a text per row.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder};
use datafusion_common::{Result, exec_datafusion_err};

use super::Call;
use crate::column::{Column, MOST_COLUMN, ValueType};
use crate::value::Value;

/// Number whatever the arguments are.
pub(crate) fn float(_: &[ValueType]) -> ValueType {
    ValueType::Float
}

/// Whole number whatever the arguments are.
pub(crate) fn integer(_: &[ValueType]) -> ValueType {
    ValueType::Integer
}

/// Text whatever the arguments are.
pub(crate) fn text(_: &[ValueType]) -> ValueType {
    ValueType::Text
}

/// Condition whatever the arguments are.
pub(crate) fn boolean(_: &[ValueType]) -> ValueType {
    ValueType::Boolean
}

/// Several texts when the first argument has several values, else text.
pub(crate) fn text_or_values(types: &[ValueType]) -> ValueType {
    match types.first() {
        Some(ValueType::Multivalue) => ValueType::Multivalue,
        _ => ValueType::Text,
    }
}

/// A condition per row; none = null.
pub(crate) fn conditions(call: &Call<'_>, mut test: impl FnMut(usize) -> Result<Option<bool>>) -> Result<ArrayRef> {
    let mut built = BooleanBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        built.append_option(test(row)?);
    }
    Ok(Arc::new(built.finish()))
}

/// A number per row; none = null.
pub(crate) fn numbers(call: &Call<'_>, mut compute: impl FnMut(usize) -> Option<f64>) -> Result<ArrayRef> {
    let mut built = Float64Builder::with_capacity(call.rows);
    for row in 0..call.rows {
        built.append_option(compute(row));
    }
    Ok(Arc::new(built.finish()))
}

/// A whole number per row; none = null.
pub(crate) fn integers(call: &Call<'_>, mut compute: impl FnMut(usize) -> Option<i64>) -> Result<ArrayRef> {
    let mut built = Int64Builder::with_capacity(call.rows);
    for row in 0..call.rows {
        built.append_option(compute(row));
    }
    Ok(Arc::new(built.finish()))
}

/// A function of one number; what is no number gives null.
pub(crate) fn of_number(call: &Call<'_>, compute: impl Fn(f64) -> f64) -> Result<ArrayRef> {
    numbers(call, |row| call.value(0, row).number().map(&compute))
}

/// A function of two numbers; what is no number gives null.
pub(crate) fn of_two_numbers(call: &Call<'_>, compute: impl Fn(f64, f64) -> Option<f64>) -> Result<ArrayRef> {
    numbers(call, |row| compute(call.value(0, row).number()?, call.value(1, row).number()?))
}

/// A text per row from the first argument's text, value by value when there are several. The closure appends the
/// result to the empty text it is given, or returns false for null (several values: leaves the value out).
pub(crate) fn texts(call: &Call<'_>, mut compute: impl FnMut(usize, &str, &mut String) -> Result<bool>) -> Result<ArrayRef> {
    let mut built = call.builder();
    let (mut source, mut result) = (String::new(), String::new());
    for row in 0..call.rows {
        match call.value(0, row) {
            Value::Null => built.append_null(),
            Value::Multivalue(values) if call.returns == ValueType::Multivalue => {
                let mut results = Vec::with_capacity(values.len());
                let mut bytes = 0;
                for value in values.iter() {
                    let mut result = String::new();
                    if compute(row, value, &mut result)? {
                        bytes += result.len();
                        results.push(result);
                    }
                    // The builder cuts the list and counts it.
                    if bytes > MOST_COLUMN {
                        break;
                    }
                }
                built.append_values(&results);
            }
            value => {
                result.clear();
                let found = if let Value::Text(text) = value {
                    compute(row, text, &mut result)?
                } else {
                    source.clear();
                    value.write_text(&mut source);
                    compute(row, &source, &mut result)?
                };
                if found { built.append_text(&result) } else { built.append_null() }
            }
        }
    }
    Ok(built.finish())
}

/// Whether a text of the value satisfies the test: any of several values; none for null.
pub(crate) fn any_text(value: Value<'_>, mut test: impl FnMut(&str) -> Result<bool>) -> Result<Option<bool>> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => test(text).map(Some),
        Value::Multivalue(values) => {
            for value in values.iter() {
                if test(value)? {
                    return Ok(Some(true));
                }
            }
            Ok(Some(false))
        }
        other => test(&other.text().unwrap_or_default()).map(Some),
    }
}

/// An argument that is mostly a literal, compiled once; recompiled only when its text changes from row to row.
pub(crate) struct Compiled<T> {
    source: Option<String>,
    compiled: Option<T>,
}

impl<T> Compiled<T> {
    /// Nothing compiled yet.
    pub(crate) fn new() -> Self {
        Self { source: None, compiled: None }
    }

    /// What the argument compiles to in a row; none when it is null there.
    pub(crate) fn get(
        &mut self,
        call: &Call<'_>,
        argument: usize,
        row: usize,
        compile: impl FnOnce(&str) -> std::result::Result<T, String>,
    ) -> Result<Option<&T>> {
        if self.compiled.is_some() && call.arguments.get(argument).is_some_and(|column| column.literal().is_some()) {
            return Ok(self.compiled.as_ref());
        }
        let Some(text) = call.value(argument, row).text() else {
            return Ok(None);
        };
        if self.source.as_deref() != Some(text.as_ref()) {
            self.compiled = Some(compile(&text).map_err(|message| exec_datafusion_err!("{message}"))?);
            self.source = Some(text.into_owned());
        }
        Ok(self.compiled.as_ref())
    }
}

/// The text of an argument that must be a literal.
pub(crate) fn literal_text<'a>(call: &'a Call<'_>, argument: usize) -> Option<std::borrow::Cow<'a, str>> {
    call.arguments.get(argument).and_then(Column::literal).and_then(|value| value.text())
}
