//! Results as charts: an axis, series of numbers over it, and their drawing with the characters of a terminal.

mod bars;
mod columns;

use std::io::Write;

use chrono::DateTime;
use chrono_tz::Tz;
use spl_exec::Results;
use spl_functions::column::Column;
use spl_functions::value::{Value, format_number};

use super::{Layout, columns as columns_of, shown_fields};
use crate::stop::Stop;

/// Columns of a chart where no terminal tells.
const WIDTH: usize = 80;
/// Points that are kept at most.
const POINTS: usize = 100_000;

/// What is drawn.
#[derive(Debug)]
pub struct Chart {
    /// The name of the axis.
    pub axis_name: String,
    /// The points of the axis.
    pub axis: Axis,
    /// The numbers over it.
    pub series: Vec<Series>,
}

/// The points of an axis.
#[derive(Debug)]
pub enum Axis {
    /// Times in epoch seconds, ascending, and where they are shown.
    Time(Vec<f64>, Tz),
    /// Names.
    Names(Vec<String>),
}

/// Numbers over an axis; absent ones are none.
#[derive(Debug)]
pub struct Series {
    /// What they are.
    pub name: String,
    /// As many as the axis has points.
    pub values: Vec<Option<f64>>,
}

impl Axis {
    /// How many points it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Time(times, _) => times.len(),
            Self::Names(names) => names.len(),
        }
    }

    /// Any time in words; none when the axis has names.
    pub fn label_of_time(&self, time: f64) -> Option<String> {
        match self {
            Self::Time(times, zone) => {
                let range = times.last().zip(times.first()).map_or(0.0, |(last, first)| last - first);
                Some(time_label(time, *zone, range))
            }
            Self::Names(_) => None,
        }
    }

    /// A point in words.
    pub fn label(&self, place: usize) -> String {
        match self {
            Self::Time(times, _) => times.get(place).and_then(|time| self.label_of_time(*time)).unwrap_or_default(),
            Self::Names(names) => names.get(place).cloned().unwrap_or_default(),
        }
    }
}

/// A time as precise as an axis over a range of seconds needs it.
fn time_label(time: f64, zone: Tz, range: f64) -> String {
    let form = match range {
        short if short < 600.0 => "%H:%M:%S",
        day if day < 86_400.0 => "%H:%M",
        days if days < 14.0 * 86_400.0 => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    let time = DateTime::from_timestamp_micros((time * 1e6) as i64).map(|time| time.with_timezone(&zone));
    time.map_or_else(String::new, |time| time.format(form).to_string())
}

impl Chart {
    /// The chart of a result: the first column is the axis (with further texts behind it), each column of numbers a
    /// series. The percentages of `top` and `rare` are left out.
    ///
    /// # Errors
    /// A result without rows or without numbers beside its first column.
    pub fn new(results: &Results, zone: Tz) -> Result<Self, Stop> {
        let fields = shown_fields(results);
        let rows = results.rows();
        if rows == 0 {
            return Err(Stop::Failed("there are no rows to draw".to_owned()));
        }
        if rows > POINTS {
            return Err(Stop::Failed(format!("{rows} rows are too many for a chart; timechart, chart or stats make fewer")));
        }
        let mut numbers = Vec::with_capacity(fields.len());
        for (place, field) in fields.iter().enumerate() {
            numbers.push(if place == 0 { None } else { numbers_of(results, field)? });
        }
        let has_count = fields.contains(&"count");
        let is_series = |place: &usize| numbers[*place].is_some() && !(fields[*place] == "percent" && has_count);
        let places: Vec<usize> = (0..fields.len()).filter(is_series).collect();
        let Some(first) = places.first().copied() else {
            return Self::single_numbers(results, &fields);
        };
        let series = places
            .iter()
            .map(|place| Series { name: fields[*place].to_owned(), values: numbers[*place].clone().unwrap_or_default() });
        let series = series.collect();
        if fields[0] == "_time"
            && let Some(times) = numbers_of(results, "_time")?
        {
            let times: Vec<f64> = times.into_iter().map(Option::unwrap_or_default).collect();
            return Ok(Self { axis_name: "_time".to_owned(), axis: Axis::Time(times, zone), series }.in_time_order());
        }
        let named = &fields[..first];
        let mut names = vec![String::new(); rows];
        for field in named {
            for (name, text) in names.iter_mut().zip(texts_of(results, field, zone)?) {
                if !name.is_empty() {
                    name.push_str(", ");
                }
                name.push_str(&text);
            }
        }
        Ok(Self { axis_name: named.join(", "), axis: Axis::Names(names), series })
    }

    /// A result of numbers alone, such as that of `stats count`: each row's first column is drawn.
    fn single_numbers(results: &Results, fields: &[&str]) -> Result<Self, Stop> {
        let wrong = || {
            Stop::Failed(
                "this result has no numbers beside its first column; results of timechart, chart, top and stats can be drawn"
                    .to_owned(),
            )
        };
        let [field] = fields else {
            return Err(wrong());
        };
        let values = numbers_of(results, field)?.ok_or_else(wrong)?;
        let names = (1..=values.len()).map(|number| number.to_string()).collect();
        let series = vec![Series { name: (*field).to_owned(), values }];
        Ok(Self { axis_name: String::new(), axis: Axis::Names(names), series })
    }

    /// Times ascend from left to right.
    fn in_time_order(mut self) -> Self {
        let Axis::Time(times, _) = &mut self.axis else {
            return self;
        };
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by(|left, right| times[*left].total_cmp(&times[*right]));
        *times = order.iter().map(|place| times[*place]).collect();
        for series in &mut self.series {
            series.values = order.iter().map(|place| series.values[*place]).collect();
        }
        self
    }

    /// Smallest and greatest value; zero is between them.
    pub fn range(&self) -> (f64, f64) {
        let values = self.series.iter().flat_map(|series| series.values.iter().flatten());
        values.fold((0.0, 0.0), |(low, high), value| (f64::min(low, *value), f64::max(high, *value)))
    }
}

/// The numbers of a field; none when a value is no number, or no row has one.
fn numbers_of(results: &Results, field: &str) -> Result<Option<Vec<Option<f64>>>, Stop> {
    let mut numbers = Vec::with_capacity(results.rows());
    for batch in &results.batches {
        let columns = columns_of(batch, &[field])?;
        let Some(column) = columns.first() else {
            return Ok(None);
        };
        for row in 0..batch.num_rows() {
            let number = match column.value(row) {
                Value::Null => None,
                Value::Multivalue(_) => return Ok(None),
                value => match value.number().filter(|number| number.is_finite()) {
                    Some(number) => Some(number),
                    None => return Ok(None),
                },
            };
            numbers.push(number);
        }
    }
    Ok(numbers.iter().any(Option::is_some).then_some(numbers))
}

fn texts_of(results: &Results, field: &str, zone: Tz) -> Result<Vec<String>, Stop> {
    let mut texts = Vec::with_capacity(results.rows());
    for batch in &results.batches {
        for column in &columns_of(batch, &[field])? {
            texts.extend((0..batch.num_rows()).map(|row| text_of(column, row, field == "_time", zone)));
        }
    }
    Ok(texts)
}

/// A value on one line.
fn text_of(column: &Column, row: usize, is_time: bool, zone: Tz) -> String {
    let text = super::table::cell_text(column.value(row), is_time, zone);
    text.lines().map(super::table::clean).collect::<Vec<_>>().join(", ")
}

/// Writes a chart of the rows for a terminal.
///
/// # Errors
/// As [`Chart::new`], and a writer that fails.
pub fn write(writer: &mut impl Write, results: &Results, layout: Layout) -> Result<(), Stop> {
    let chart = Chart::new(results, layout.time_zone)?;
    let width = layout.width.unwrap_or(WIDTH).clamp(30, 400);
    let text = match &chart.axis {
        Axis::Time(times, _) if times.len() > 1 => columns::draw(&chart, width, layout.color),
        _ => bars::draw(&chart, width, layout.color),
    };
    Ok(writer.write_all(text.as_bytes())?)
}

/// The colour of a series.
fn paint(text: &str, series: usize, color: bool) -> String {
    const COLORS: [u8; 6] = [36, 33, 35, 32, 34, 31];
    if color && !text.trim().is_empty() {
        format!("\u{1b}[{}m{text}\u{1b}[0m", COLORS[series % COLORS.len()])
    } else {
        text.to_owned()
    }
}

/// A number in few characters: `1,234`, `56.7k`, `8.9M`.
pub fn short_number(number: f64) -> String {
    let size = number.abs();
    let scaled = |divisor: f64, unit: &str| {
        let value = number / divisor;
        if value.abs() < 100.0 {
            format!("{}{unit}", format_number((value * 10.0).round() / 10.0))
        } else {
            format!("{value:.0}{unit}")
        }
    };
    match size {
        _ if size >= 1e12 => scaled(1e12, "T"),
        _ if size >= 1e9 => scaled(1e9, "G"),
        _ if size >= 1e6 => scaled(1e6, "M"),
        _ if size >= 1e4 => scaled(1e3, "k"),
        _ if size >= 100.0 => format_number(number.round()),
        _ if size >= 1.0 || size == 0.0 => format_number((number * 100.0).round() / 100.0),
        _ => format_number((number * 10_000.0).round() / 10_000.0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

    use super::*;
    use crate::output::rows;

    fn drawn(results: &Results, width: usize) -> String {
        let mut bytes = Vec::new();
        write(&mut bytes, results, Layout { time_zone: Tz::UTC, width: Some(width), color: false, numbered: false }).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn times(count: usize) -> ArrayRef {
        Arc::new((0..count).map(|at| Some(1_700_000_000.0 + at as f64 * 60.0)).collect::<Float64Array>())
    }

    #[test]
    fn a_timechart() {
        let counts = Arc::new((0..24).map(|at| Some((at % 7) * 3)).collect::<Int64Array>());
        let results = rows(vec![("_time", times(24)), ("count", counts)]).unwrap();
        insta::assert_snapshot!(drawn(&results, 60));
    }

    #[test]
    fn a_timechart_by_a_field() {
        let counts = |step: i64| Arc::new((0..200).map(move |at| Some((at / step) % 9)).collect::<Int64Array>()) as ArrayRef;
        let results = rows(vec![("_time", times(200)), ("web1", counts(1)), ("web2", counts(20))]).unwrap();
        insta::assert_snapshot!(drawn(&results, 60));
    }

    #[test]
    fn a_top() {
        let results = rows(vec![
            ("user", Arc::new(StringArray::from(vec![Some("ann"), Some("bob the very long-winded"), None]))),
            ("count", Arc::new(Int64Array::from(vec![1200, 340, 1]))),
            ("percent", Arc::new(Float64Array::from(vec![80.0, 19.0, 1.0]))),
        ])
        .unwrap();
        insta::assert_snapshot!(drawn(&results, 60));
    }

    #[test]
    fn a_chart_with_series_and_negative_numbers() {
        let results = rows(vec![
            ("host", Arc::new(StringArray::from(vec!["web1", "web2"]))),
            ("rise", Arc::new(Float64Array::from(vec![Some(2.5), None]))),
            ("fall", Arc::new(Float64Array::from(vec![-1.0, -2.0]))),
        ])
        .unwrap();
        insta::assert_snapshot!(drawn(&results, 50));
    }

    #[test]
    fn nothing_to_draw() {
        let results = rows(vec![("a", Arc::new(StringArray::from(vec!["x"]))), ("b", Arc::new(StringArray::from(vec!["y"])))]);
        assert!(Chart::new(&results.unwrap(), Tz::UTC).is_err());
        let results = rows(vec![("count", Arc::new(Int64Array::from(vec![3])))]).unwrap();
        assert!(drawn(&results, 40).contains('3'));
    }

    #[test]
    fn widths_are_kept() {
        use unicode_width::UnicodeWidthStr;
        for width in [30, 50, 80, 120] {
            for points in [1, 2, 3, 10, 50, 300] {
                let values = (0..points).map(|at| Some(at as f64 * 1.5 - 20.0)).collect::<Float64Array>();
                let results = rows(vec![("_time", times(points)), ("v", Arc::new(values))]).unwrap();
                let text = drawn(&results, width);
                assert!(text.lines().all(|line| line.width() <= width), "{width} {points}\n{text}");
            }
        }
    }

    #[test]
    fn numbers_in_short() {
        let shorts: Vec<String> = [0.0, 0.25, 7.0, 1234.5, 56_700.0, -8.94e6].into_iter().map(short_number).collect();
        assert_eq!(shorts, ["0", "0.25", "7", "1235", "56.7k", "-8.9M"]);
    }
}
