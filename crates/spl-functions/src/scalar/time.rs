//! Date and time functions of eval.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::{Call, FunctionSpec, Kernel};
use crate::column::{Column, ValueType};
use crate::time::{self, parse_time_modifier};
use crate::value::Value;

const CATEGORY: &str = "Date and Time functions";

/// The date and time functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    FunctionSpec {
        name: "now",
        category: CATEGORY,
        syntax: "now()",
        summary: "the time that the search was started, in seconds",
        arity: (0, Some(0)),
        returns: |_| ValueType::Integer,
        kernel: Kernel::AtNow(now),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "relative_time",
        category: CATEGORY,
        syntax: "relative_time(<time>,<specifier>)",
        summary: "the time moved and snapped by a time modifier such as -1d@d",
        arity: (2, Some(2)),
        returns: |_| ValueType::Float,
        kernel: Kernel::Columns(relative_time),
        status: super::Status::Full,
        check: Some(|arguments| match arguments.get(1) {
            Some(Some(Value::Text(specifier))) => parse_time_modifier(specifier).map(|_| ()),
            _ => Ok(()),
        }),
    },
    FunctionSpec {
        name: "strftime",
        category: CATEGORY,
        syntax: "strftime(<time>,<format>)",
        summary: "the time as text",
        arity: (2, Some(2)),
        returns: |_| ValueType::Text,
        kernel: Kernel::Columns(strftime),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "strptime",
        category: CATEGORY,
        syntax: "strptime(<str>,<format>)",
        summary: "the text read as a time, in seconds",
        arity: (2, Some(2)),
        returns: |_| ValueType::Float,
        kernel: Kernel::AtNow(strptime),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "time",
        category: CATEGORY,
        syntax: "time()",
        summary: "the time, in seconds with microseconds",
        arity: (0, Some(0)),
        returns: |_| ValueType::Float,
        kernel: Kernel::AtNow(time_of_search),
        status: super::Status::Partial("it is the time at which the search was started, the same in all rows"),
        check: None,
    },
];

fn now(call: &Call<'_>) -> Result<ArrayRef> {
    constant(call, call.now.floor())
}

fn time_of_search(call: &Call<'_>) -> Result<ArrayRef> {
    constant(call, call.now)
}

fn constant(call: &Call<'_>, value: f64) -> Result<ArrayRef> {
    let mut built = call.builder();
    for _ in 0..call.rows {
        built.append(Value::Float(value));
    }
    Ok(built.finish())
}

fn relative_time(call: &Call<'_>) -> Result<ArrayRef> {
    let literal = call.arguments.get(1).and_then(Column::literal).and_then(|specifier| specifier.text());
    let modifier = literal.and_then(|specifier| parse_time_modifier(&specifier).ok());
    let mut built = call.builder();
    for row in 0..call.rows {
        let moved = call.value(0, row).number().and_then(|epoch| match &modifier {
            Some(modifier) => Some(modifier.resolve(epoch, call.time_zone)),
            None => time::relative_time(epoch, &call.value(1, row).text()?, call.time_zone),
        });
        built.append(moved.filter(|time| time.is_finite()).map_or(Value::Null, Value::Float));
    }
    Ok(built.finish())
}

fn strftime(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        match (call.value(0, row).number(), call.value(1, row).text()) {
            (Some(epoch), Some(format)) if time::is_representable(epoch) => {
                built.append_text(&time::strftime(epoch, &format, call.time_zone));
            }
            _ => built.append_null(),
        }
    }
    Ok(built.finish())
}

fn strptime(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    for row in 0..call.rows {
        let epoch = match (call.value(0, row).text(), call.value(1, row).text()) {
            (Some(text), Some(format)) => time::strptime_at(&text, &format, call.time_zone, call.now),
            _ => None,
        };
        built.append(epoch.map_or(Value::Null, Value::Float));
    }
    Ok(built.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, AsArray, Float64Array, Int64Array, StringViewArray};
    use arrow::datatypes::{Float64Type, Int64Type};
    use chrono_tz::Tz;

    use super::*;
    use crate::pattern::PatternCache;

    fn text(value: &str) -> Column {
        Column::Literal(Box::new(Column::Text(StringViewArray::from(vec![value]))))
    }

    fn run(kernel: fn(&Call<'_>) -> Result<ArrayRef>, returns: ValueType, arguments: &[Column], rows: usize) -> ArrayRef {
        let patterns = PatternCache::default();
        let too_large = crate::settings::TooLarge::default();
        let (now, time_zone) = (1_700_000_000.25, Tz::UTC);
        kernel(&Call { arguments, rows, returns, now, time_zone, patterns: &patterns, too_large: &too_large }).unwrap()
    }

    #[test]
    fn time_of_the_search() {
        let built = run(now, ValueType::Integer, &[], 2);
        assert_eq!(built.as_primitive::<Int64Type>(), &Int64Array::from(vec![1_700_000_000, 1_700_000_000]));
        let built = run(time_of_search, ValueType::Float, &[], 1);
        assert_eq!(built.as_primitive::<Float64Type>(), &Float64Array::from(vec![1_700_000_000.25]));
    }

    #[test]
    fn moving_formatting_reading() {
        let times = Column::Float(Float64Array::from(vec![Some(1_700_000_000.0), None, Some(1e300)]));
        let built = run(relative_time, ValueType::Float, &[times, text("-1d@d")], 3);
        assert_eq!(built.as_primitive::<Float64Type>(), &Float64Array::from(vec![Some(1_699_833_600.0), None, None]));

        let times = Column::new(Arc::new(StringViewArray::from(vec![Some("1700000000.5"), Some("x"), None])).as_ref()).unwrap();
        let built = run(strftime, ValueType::Text, &[times, text("%F %T.%3N")], 3);
        assert_eq!(built.as_string_view().value(0), "2023-11-14 22:13:20.500");
        assert_eq!(built.null_count(), 2);

        let texts = Column::new(Arc::new(StringViewArray::from(vec![Some("2023-11-14"), Some("x"), None])).as_ref()).unwrap();
        let built = run(strptime, ValueType::Float, &[texts, text("%F")], 3);
        assert_eq!(built.as_primitive::<Float64Type>(), &Float64Array::from(vec![Some(1_699_920_000.0), None, None]));
        let built = run(strptime, ValueType::Float, &[text("2023-11-14"), Column::Null], 1);
        assert_eq!(built.null_count(), 1);
    }

    #[test]
    fn literal_specifiers_are_checked() {
        let check = crate::scalar::lookup("relative_time").and_then(|function| function.check).unwrap();
        assert!(check(&[None, Some(Value::Text("-1d@d"))]).is_ok());
        assert!(check(&[None, Some(Value::Text("-1x"))]).unwrap_err().contains("\"x\""));
        assert!(check(&[None, None]).is_ok());
    }
}
