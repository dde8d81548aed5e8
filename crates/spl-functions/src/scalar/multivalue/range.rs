//! `mvrange`: ranges of numbers and times.

use arrow::array::ArrayRef;
use datafusion_common::{Result, exec_datafusion_err, exec_err};

use crate::scalar::Call;
use crate::time::{TimeModifier, parse_span, parse_time_modifier};
use crate::value::{Value, format_number};

/// Most values that `mvrange` makes for one event.
const MOST_VALUES: usize = 1_000_000;

/// What `mvrange` adds.
pub(super) enum Step {
    Number(f64),
    Span(TimeModifier),
}

impl Step {
    pub(super) fn parse(value: &Value<'_>) -> std::result::Result<Self, String> {
        if let Some(number) = value.number() {
            return if number == 0.0 { Err("the step of mvrange must not be 0".to_owned()) } else { Ok(Self::Number(number)) };
        }
        let text = value.text().unwrap_or_default();
        parse_span(&text)?;
        match parse_time_modifier(&format!("+{}", text.trim())) {
            Ok(modifier) => Ok(Self::Span(modifier)),
            Err(_) => {
                Err(format!("mvrange can't step by \"{text}\": use a number or a time span of seconds or more, such as 7d"))
            }
        }
    }
}

pub(super) fn mvrange(call: &Call<'_>) -> Result<ArrayRef> {
    let mut built = call.builder();
    let mut values: Vec<String> = Vec::new();
    for row in 0..call.rows {
        values.clear();
        let step = if call.has(2) { call.value(2, row) } else { Value::Integer(1) };
        let bounds = call.value(0, row).number().zip(call.value(1, row).number());
        let (Some((start, end)), false) = (bounds, step.is_null()) else {
            built.append_null();
            continue;
        };
        let step = Step::parse(&step).map_err(|error| exec_datafusion_err!("{error}"))?;
        let mut current = start;
        let ascending = !matches!(step, Step::Number(number) if number < 0.0);
        while if ascending { current < end } else { current > end } {
            if values.len() == MOST_VALUES {
                return exec_err!("mvrange({start}, {end}) would make more than {MOST_VALUES} values for one event");
            }
            values.push(format_number(current));
            let next = match &step {
                Step::Number(number) => start + values.len() as f64 * number,
                Step::Span(modifier) => modifier.resolve(current, call.time_zone),
            };
            // A step too small for the number would never arrive.
            if next == current {
                return exec_err!("the step of mvrange is too small for {start}");
            }
            current = next;
        }
        built.append_values(&values);
    }
    Ok(built.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::super::testing::{check, integer, one, text};
    use super::*;

    #[test]
    fn ranges() {
        let range = |arguments: &[i64]| one("mvrange", &arguments.iter().map(|value| integer(*value)).collect::<Vec<_>>());
        assert_eq!(
            [range(&[1, 11, 2]), range(&[3, 7]), range(&[5, 1, -2]), range(&[5, 5])],
            ["1|3|5|7|9", "3|4|5|6", "5|3", "null"]
        );
        assert_eq!([range(&[1, 5, 0]), range(&[0, 10_000_000])], ["error", "error"]);
        assert_eq!(one("mvrange", &[integer(0), integer(1800), text("10m")]), "0|600|1200");
        assert_eq!(one("mvrange", &[integer(0), integer(3), text("1.5")]), "0|1.5");
        assert_eq!(one("mvrange", &[integer(0), integer(1), text("often")]), "error");
        assert!(check("mvrange", &[None, None, Some(Value::Text("7x"))]).is_err());
        assert!(check("mvrange", &[None, None, Some(Value::Text("7d"))]).is_ok());
    }
}
