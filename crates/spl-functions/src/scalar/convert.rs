//! The conversions of the `convert` command and the bins of the `bin` command as functions of a plan; searches can't
//! name them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array};
use datafusion_common::{Result, exec_datafusion_err, exec_err};
use hashbrown::HashMap;

use super::{Call, FunctionSpec, Kernel};
use crate::column::{Column, ValueType};
use crate::convert;
use crate::numeric_bins::{bin_text, linear_bounds, linear_place, parse_log_span};
use crate::time::parse_span;
use crate::value::{Value, format_number};

/// Category of functions that only plans name.
pub const INTERNAL_CATEGORY: &str = "convert";

const fn internal(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arguments: usize,
    returns: fn(&[ValueType]) -> ValueType,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec {
        name,
        category: INTERNAL_CATEGORY,
        syntax,
        summary,
        arity: (arguments, Some(arguments)),
        returns,
        kernel: Kernel::Columns(kernel),
        status: super::Status::Full,
        check: None,
    }
}

/// The conversions and bins.
pub const FUNCTIONS: &[FunctionSpec] = &[
    internal("convert_auto", "convert_auto(<value>)", "the value as number, null when it is none", 1, float, |call| {
        numbers(call, convert::num)
    }),
    internal("convert_num", "convert_num(<value>)", "the value as number, null when it is none", 1, float, |call| {
        numbers(call, convert::num)
    }),
    internal("convert_ctime", "convert_ctime(<value>,<format>)", "epoch seconds as text, other values unchanged", 2, text, ctime),
    internal(
        "convert_mktime",
        "convert_mktime(<value>,<format>)",
        "a time as epoch seconds, other values unchanged",
        2,
        text,
        |call| {
            each(call, |value, row| {
                convert::mktime(value, &call.value(1, row).text()?, call.time_zone, call.now).map(format_number)
            })
        },
    )
    .at_now(),
    internal("convert_dur2sec", "convert_dur2sec(<value>)", "a duration as seconds, other values unchanged", 1, text, |call| {
        each(call, |value, _| convert::dur2sec(value).map(format_number))
    }),
    internal(
        "convert_mstime",
        "convert_mstime(<value>)",
        "minutes and seconds as seconds, other values unchanged",
        1,
        text,
        |call| each(call, |value, _| convert::mstime(value).map(format_number)),
    ),
    internal("convert_memk", "convert_memk(<value>)", "a size as kilobytes, other values unchanged", 1, text, |call| {
        each(call, |value, _| convert::memk(value).map(format_number))
    }),
    internal("convert_rmcomma", "convert_rmcomma(<value>)", "the value without commas", 1, text, |call| {
        each(call, |value, _| Some(convert::rmcomma(value)))
    }),
    internal("convert_rmunit", "convert_rmunit(<value>)", "the number at the start, other values unchanged", 1, text, |call| {
        each(call, |value, _| convert::rmunit(value).map(format_number))
    }),
    internal("bin_time", "bin_time(<value>,<span>,<aligntime>)", "the start of the time bin", 3, float, bin_time),
    internal(
        "bin_number",
        "bin_number(<value>,<size>)",
        "the bin of the number as low-high, other values unchanged",
        2,
        text,
        bin_number,
    ),
    internal(
        "bin_log",
        "bin_log(<value>,<span>)",
        "the logarithmic bin of the number as low-high, other values unchanged",
        2,
        text,
        bin_log,
    ),
];

fn float(_: &[ValueType]) -> ValueType {
    ValueType::Float
}

/// Text, or several values where the argument can have several.
fn text(arguments: &[ValueType]) -> ValueType {
    match arguments.first() {
        Some(ValueType::Multivalue) => ValueType::Multivalue,
        _ => ValueType::Text,
    }
}

fn numbers(call: &Call<'_>, convert: fn(&str) -> Option<f64>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let number = match call.value(0, row) {
            value @ (Value::Integer(_) | Value::Float(_)) => value.number(),
            value => value.text().and_then(|text| convert(&text)),
        };
        built.append(number.map_or(Value::Null, Value::Float));
    }
    Ok(built.finish())
}

/// Converts value by value, multivalue fields item by item; what can't be converted stays.
fn each(call: &Call<'_>, convert: impl Fn(&str, usize) -> Option<String>) -> Result<ArrayRef> {
    each_with_numbers(call, |_, _| None, convert)
}

/// The same with a conversion of numbers; those that it gives nothing for are converted as texts.
fn each_with_numbers(
    call: &Call<'_>,
    of_number: impl Fn(f64, usize) -> Option<String>,
    convert: impl Fn(&str, usize) -> Option<String>,
) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        match call.value(0, row) {
            Value::Multivalue(values) => {
                built.append_values(values.iter().map(|value| convert(value, row).unwrap_or_else(|| value.to_owned())));
            }
            value => match of_plain_number(&value).and_then(|number| of_number(number, row)) {
                Some(converted) => built.append_text(&converted),
                None => match value.text() {
                    None => built.append_null(),
                    Some(text) => match convert(&text, row) {
                        Some(converted) => built.append_text(&converted),
                        None => built.append_text(&text),
                    },
                },
            },
        }
    }
    Ok(built.finish())
}

/// A value that is a number and not a text that looks like one.
fn of_plain_number(value: &Value<'_>) -> Option<f64> {
    matches!(value, Value::Integer(_) | Value::Float(_)).then(|| value.number()).flatten()
}

/// Epoch seconds as text. Numbers are not written out to be read again.
fn ctime(call: &Call<'_>) -> Result<ArrayRef> {
    let format = |row| call.value(1, row).text();
    each_with_numbers(
        call,
        |epoch, row| convert::time_text(epoch, &format(row)?, call.time_zone),
        |value, row| convert::ctime(value, &format(row)?, call.time_zone),
    )
}

/// The text of an argument that plans give as a literal.
fn literal_text(call: &Call<'_>, argument: usize) -> Result<String> {
    match call.arguments.get(argument).and_then(Column::literal).and_then(|value| value.text()) {
        Some(text) => Ok(text.into_owned()),
        None => exec_err!("a bin needs its span as a literal"),
    }
}

fn bin_time(call: &Call<'_>) -> Result<ArrayRef> {
    let span = parse_span(&literal_text(call, 1)?).map_err(|error| exec_datafusion_err!("{error}"))?;
    if let Some(Column::Float(times)) = call.arguments.first()
        && call.arguments.get(2).is_none_or(|align| matches!(align, Column::Literal(_) | Column::Null))
    {
        let align = call.value(2, 0).number();
        // Events come by time, so that most are in the bin of the one before.
        let (mut from, mut to, mut start) = (f64::NAN, f64::NAN, f64::NAN);
        let mut bin_of = |epoch: f64| {
            if epoch >= from && epoch < to {
                return start;
            }
            start = span.floor(epoch, call.time_zone, align);
            // Only bins of whole seconds end exactly at a float.
            (from, to) = match span.unit().microseconds() {
                Some(1_000_000..) if align.is_none() && (0.0..1e12).contains(&start) => (start, start + span.seconds()),
                _ => (f64::NAN, f64::NAN),
            };
            start
        };
        let starts: Float64Array = if times.null_count() == 0 {
            Float64Array::from_iter_values(times.values().iter().map(|epoch| bin_of(*epoch)))
        } else {
            times.iter().map(|epoch| epoch.map(&mut bin_of)).collect()
        };
        return Ok(Arc::new(starts));
    }
    let mut built = call.builder();
    for row in 0..call.rows {
        let aligntime = call.value(2, row).number();
        let start = call.value(0, row).number().map(|epoch| span.floor(epoch, call.time_zone, aligntime));
        built.append(start.map_or(Value::Null, Value::Float));
    }
    Ok(built.finish())
}

fn bin_number(call: &Call<'_>) -> Result<ArrayRef> {
    let size = |row| call.value(1, row).number().unwrap_or(f64::NAN);
    bins(call, size, linear_place, linear_bounds)
}

fn bin_log(call: &Call<'_>) -> Result<ArrayRef> {
    let text = literal_text(call, 1)?;
    match parse_log_span(&text) {
        Some(Ok(span)) => bins(call, |_| 0.0, |value, _| span.place(value), |place, _| span.bounds(place)),
        Some(Err(error)) => exec_err!("{error}"),
        None => exec_err!("\"{text}\" is not a logarithmic span such as log10 or 2log5"),
    }
}

/// The bins of values as text. The text of a bin is written once for many values.
fn bins(
    call: &Call<'_>,
    size: impl Fn(usize) -> f64,
    place: impl Fn(f64, f64) -> Option<f64>,
    bounds: impl Fn(f64, f64) -> (f64, f64),
) -> Result<ArrayRef> {
    const MOST_KEPT: usize = 4096;
    let mut built = call.builder();
    let mut texts: HashMap<(u64, u64), String> = HashMap::new();
    for row in 0..call.rows {
        let (value, size) = (call.value(0, row), size(row));
        let Some(place) = value.number().and_then(|number| place(number, size)) else {
            built.append(value);
            continue;
        };
        let text = || bin_text(bounds(place, size));
        let key = (place.to_bits(), size.to_bits());
        if texts.len() < MOST_KEPT || texts.contains_key(&key) {
            built.append_text(texts.entry(key).or_insert_with(text));
        } else {
            built.append_text(&text());
        }
    }
    Ok(built.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use arrow::array::StringViewArray;
    use chrono_tz::Tz;

    use super::*;
    use crate::pattern::PatternCache;

    fn run(name: &str, values: &[Option<&str>], others: &[&str]) -> Vec<Option<String>> {
        let spec = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
        let Kernel::Columns(kernel) = spec.kernel else { panic!("planned") };
        let mut arguments = vec![Column::Text(StringViewArray::from(values.to_vec()))];
        arguments.extend(others.iter().map(|other| Column::Literal(Box::new(Column::Text(StringViewArray::from(vec![*other]))))));
        arguments.resize_with(spec.arity.0, || Column::Null);
        let patterns = PatternCache::default();
        let built = kernel(&Call {
            arguments: &arguments,
            rows: values.len(),
            returns: (spec.returns)(&[ValueType::Text]),
            now: 0.0,
            time_zone: Tz::UTC,
            patterns: &patterns,
            too_large: &crate::settings::TooLarge::default(),
        })
        .unwrap();
        let column = Column::new(&built).unwrap();
        (0..values.len()).map(|row| column.value(row).text().map(|text| text.into_owned())).collect()
    }

    fn texts(values: &[&str]) -> Vec<Option<String>> {
        values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
    }

    #[test]
    fn conversions_leave_what_they_do_not_know() {
        assert_eq!(run("convert_ctime", &[Some("1700000000"), Some("x"), None], &["%H:%M"]), texts(&["22:13", "x", ""]));
        assert_eq!(run("convert_dur2sec", &[Some("00:10:15"), Some("x")], &[]), texts(&["615", "x"]));
        assert_eq!(run("convert_num", &[Some("1,000"), Some("x")], &[]), texts(&["1000", ""]));
        assert_eq!(run("convert_rmunit", &[Some("12.5ms"), Some("ms")], &[]), texts(&["12.5", "ms"]));
    }

    #[test]
    fn bins_of_times_and_numbers() {
        assert_eq!(run("bin_time", &[Some("1699930801"), Some("x")], &["1h"]), texts(&["1699930800", ""]));
        assert_eq!(run("bin_time", &[Some("1699925600")], &["1h", "1800"]), texts(&["1699925400"]));
        assert_eq!(run("bin_number", &[Some("5"), Some("12"), Some("x")], &["10"]), texts(&["0-10", "10-20", "x"]));
        assert_eq!(run("bin_log", &[Some("5"), Some("500"), Some("0")], &["log10"]), texts(&["1-10", "100-1000", "0"]));
    }
}
