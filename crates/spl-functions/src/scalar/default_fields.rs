//! Fields that every event of an index has beside those of its text; the planner computes them where a search asks for them.
//!
//! Source: Splunk knowledge manager manual, Use default fields.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::kernels::{integer, integers, literal_text, text, texts};
use super::{Call, FunctionSpec, Kernel, OPERATORS};
use crate::column::ValueType;
use crate::time::written::{WrittenTimes, date_name, date_number};

/// What the planner calls by name.
pub const FUNCTIONS: &[FunctionSpec] = &[
    row(
        "spl_date_number",
        "spl_date_number(<_raw>,<_time>,<field>)",
        "a default date field that is a number, of the time that stands in the text; null when none does",
        3,
        integer,
        dates,
    ),
    row(
        "spl_date_name",
        "spl_date_name(<_raw>,<_time>,<field>)",
        "a default date field that is a text, of the time that stands in the text; null when none does",
        3,
        text,
        names,
    ),
    row("spl_line_count", "spl_line_count(<_raw>)", "the number of lines of the text", 1, integer, |call| {
        integers(call, |row| call.value(0, row).text().map(|text| text.lines().count().max(1) as i64))
    }),
    row("spl_punct", "spl_punct(<_raw>)", "the first 30 marks of the first line of the text", 1, text, |call| {
        texts(call, |_, text, result| {
            write_punct(text, result);
            Ok(true)
        })
    }),
];

const fn row(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arguments: usize,
    returns: fn(&[ValueType]) -> ValueType,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec::new(name, OPERATORS, syntax, summary, (arguments, Some(arguments)), returns, Kernel::Columns(kernel))
}

fn dates(call: &Call<'_>) -> Result<ArrayRef> {
    let times = WrittenTimes::new()?;
    let field = literal_text(call, 2).unwrap_or_default();
    integers(call, |row| {
        let time = call.value(1, row).number()?;
        date_number(times.find(&call.value(0, row).text()?, time)?, time, &field)
    })
}

fn names(call: &Call<'_>) -> Result<ArrayRef> {
    let times = WrittenTimes::new()?;
    let field = literal_text(call, 2).unwrap_or_default();
    let mut built = call.builder();
    for row in 0..call.rows {
        let named = call
            .value(1, row)
            .number()
            .zip(call.value(0, row).text())
            .and_then(|(time, text)| date_name(times.find(&text, time)?, time, &field));
        match named {
            Some(name) => built.append_text(&name),
            None => built.append_null(),
        }
    }
    Ok(built.finish())
}

/// Appends the field `punct` of a text: the first 30 marks of its first line, blanks as `_` and tabs as `t`.
pub fn write_punct(text: &str, result: &mut String) {
    let marks = text.lines().next().unwrap_or_default().chars().filter_map(|character| match character {
        ' ' => Some('_'),
        '\t' => Some('t'),
        mark if mark.is_ascii_punctuation() => Some(mark),
        _ => None,
    });
    result.extend(marks.take(30));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{null, number, one, text};

    #[test]
    fn of_an_event() {
        let of = |field: &str, function: &str| one(function, &[text("Mar  4 10:11:25 x"), number(1_709_547_085.0), text(field)]);
        assert_eq!(of("date_hour", "spl_date_number"), "10");
        assert_eq!(of("date_wday", "spl_date_name"), "monday");
        assert_eq!(one("spl_date_number", &[text("x"), number(1_709_547_085.0), text("date_hour")]), "null");
        assert_eq!(one("spl_date_name", &[null(), number(1_709_547_085.0), text("date_wday")]), "null");
        assert_eq!(one("spl_line_count", &[text("a\nb\nc\n")]), "3");
        assert_eq!(one("spl_line_count", &[text("")]), "1");
        assert_eq!(one("spl_punct", &[text("Mar  4 10:11:25 a[12]: x\ny")]), "___::_[]:_");
        assert_eq!(one("spl_punct", &[null()]), "null");
    }
}
