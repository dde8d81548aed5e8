//! Results to bytes: the formats, where they go, and what all writers share.

pub mod chart;
pub mod csv;
pub mod events;
pub mod json;
pub mod markdown;
pub mod parquet;
pub mod plot;
pub mod raw;
pub mod screen;
pub mod table;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use clap::ValueEnum;
use spl_exec::Results;
use spl_functions::column::Column;
use spl_functions::value::{Precision, Value, parse_number, shown};

use crate::arguments::OutputOptions;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for reading
    #[default]
    Table,
    /// One JSON object per line
    Ndjson,
    /// A JSON array of objects
    Json,
    /// Comma-separated values with a header line
    Csv,
    /// A Markdown table
    Markdown,
    /// The text of the events (_raw), one per line
    Raw,
    /// Apache Parquet
    Parquet,
    /// A chart of timechart, chart, top and stats results, in characters
    Chart,
    /// The same as an SVG picture
    Svg,
    /// The same as a PNG picture
    Png,
}

impl Format {
    /// What bytes that are nothing to look at are called; none for text.
    pub fn binary_name(self) -> Option<&'static str> {
        match self {
            Self::Parquet => Some("Parquet"),
            Self::Png => Some("PNG"),
            _ => None,
        }
    }

    /// The format that a file's extension stands for.
    pub fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "ndjson" | "jsonl" => Self::Ndjson,
            "json" => Self::Json,
            "csv" => Self::Csv,
            "md" => Self::Markdown,
            "txt" => Self::Table,
            "log" | "raw" => Self::Raw,
            "parquet" => Self::Parquet,
            "svg" => Self::Svg,
            "png" => Self::Png,
            _ => return None,
        })
    }
}

/// The endings that stand for a format.
pub const ENDINGS: &str = ".csv, .ndjson, .jsonl, .json, .parquet, .md, .txt, .log, .raw, .svg and .png";

/// Where results go and how they look there.
pub struct Sink {
    /// The format.
    pub format: Format,
    /// Time zone, width, colours.
    pub layout: Layout,
    writer: Box<dyn Write + Send>,
}

/// How rows look to people.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Time zone of `_time`.
    pub time_zone: Tz,
    /// Columns of the terminal; none = as wide as the values are.
    pub width: Option<usize>,
    /// Colours.
    pub color: bool,
    /// Rows of tables have their number in front.
    pub numbered: bool,
}

impl Sink {
    /// Finds out before any work whether the output can be opened as asked.
    ///
    /// # Errors
    /// Parquet or PNG on a terminal, and a file whose ending stands for no format, as wrong usage.
    pub fn check(options: &OutputOptions, terminal: &Terminal) -> Result<(), Stop> {
        let to_stdout = options.output.as_deref().is_none_or(|path| path == Path::new("-"));
        if let Some(path) = options.output.as_deref().filter(|path| options.format.is_none() && path.extension().is_some())
            && Format::of_extension(path).is_none()
        {
            let message =
                format!("the ending of {} tells no format; known are {ENDINGS}, and --format names one", path.display());
            return Err(Stop::Usage(message));
        }
        if let Some(name) = options.format.and_then(Format::binary_name).filter(|_| to_stdout && terminal.stdout) {
            return Err(Stop::Usage(format!("{name} is not written to a terminal; name a file with -o")));
        }
        Ok(())
    }

    /// Opens what the options name: a file or stdout.
    ///
    /// # Errors
    /// A file that can't be made.
    pub fn open(options: &OutputOptions, terminal: &Terminal, time_zone: Tz) -> Result<Self, Stop> {
        let Some(path) = options.output.as_deref().filter(|path| *path != Path::new("-")) else {
            let format = options.format.unwrap_or(if terminal.stdout { Format::Table } else { Format::Ndjson });
            let layout = Layout { time_zone, width: terminal.width, color: terminal.color_out, numbered: false };
            return Ok(Self { format, layout, writer: Box::new(io::stdout()) });
        };
        let format = options.format.or_else(|| Format::of_extension(path)).unwrap_or(Format::Ndjson);
        Ok(Self {
            format,
            layout: Layout { time_zone, width: None, color: false, numbered: false },
            writer: Box::new(create(path)?),
        })
    }

    /// Writes the rows.
    ///
    /// # Errors
    /// Rows that the format can't hold, and a writer that fails.
    pub fn write_rows(&mut self, results: &Results) -> Result<(), Stop> {
        write(&mut self.writer, results, self.format, self.layout)?;
        Ok(self.writer.flush()?)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Makes a file for writing.
///
/// # Errors
/// The path with the reason.
pub fn create(path: &Path) -> Result<BufWriter<File>, Stop> {
    File::create(path).map(BufWriter::new).map_err(|error| Stop::Failed(format!("can't write {}: {error}", path.display())))
}

/// Writes rows in a format.
///
/// # Errors
/// Rows that the format can't hold, and a writer that fails.
pub fn write(writer: &mut (impl Write + Send), results: &Results, format: Format, layout: Layout) -> Result<(), Stop> {
    match format {
        Format::Table => table::write(writer, results, layout),
        Format::Ndjson => json::write_lines(writer, results),
        Format::Json => json::write_array(writer, results),
        Format::Csv => csv::write(writer, results),
        Format::Markdown => markdown::write(writer, results, layout),
        Format::Raw => raw::write(writer, results),
        Format::Parquet => parquet::write(writer, results),
        Format::Chart => chart::write(writer, results, layout),
        Format::Svg => plot::write_svg(writer, results, layout.time_zone),
        Format::Png => plot::write_png(writer, results, layout.time_zone),
    }
}

/// Some rows of a result.
pub fn part_of(results: &Results, start: usize, rows: usize) -> Results {
    let (mut before, mut left) = (start, rows);
    let mut batches = Vec::new();
    for batch in &results.batches {
        let skipped = before.min(batch.num_rows());
        before -= skipped;
        let taken = left.min(batch.num_rows() - skipped);
        left -= taken;
        if taken > 0 {
            batches.push(batch.slice(skipped, taken));
        }
    }
    Results { fields: results.fields.clone(), batches, warnings: Vec::new() }
}

/// The fields that are shown; results have no others.
pub fn shown_fields(results: &Results) -> Vec<&str> {
    results.fields.iter().map(String::as_str).collect()
}

/// The columns of a batch by these names; a name that the batch does not have is absent in every row.
///
/// # Errors
/// A column of a type that SPL does not have.
pub fn columns(batch: &RecordBatch, fields: &[&str]) -> Result<Vec<Column>, Stop> {
    fields
        .iter()
        .map(|field| match batch.schema_ref().column_with_name(field) {
            Some((place, known)) => Column::new(&shown(known, batch.column(place)))
                .map_err(|error| Stop::Failed(format!("field `{field}` can't be written: {error}"))),
            None => Ok(Column::Null),
        })
        .collect()
}

/// Whether the texts of these columns are numbers with the zeros at their end that they are known to (see [`shown`]).
pub fn are_numbers(batch: &RecordBatch, fields: &[&str]) -> Vec<bool> {
    let is_number = |field: &&str| {
        let known = batch.schema_ref().field_with_name(field).ok();
        known.is_some_and(|known| Precision::of(known).shown_decimals().is_some())
    };
    fields.iter().map(is_number).collect()
}

/// Rows made here rather than by a search: summaries, lists.
pub fn rows(columns: Vec<(&'static str, ArrayRef)>) -> Result<Results, Stop> {
    let fields = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .map_err(|error| Stop::Failed(error.to_string()))?;
    Ok(Results { fields, batches: vec![batch], warnings: Vec::new() })
}

/// Epoch seconds as ISO 8601 in a time zone, with a fraction only where there is one; none beyond the calendar.
pub fn time_text(seconds: f64, zone: Tz) -> Option<String> {
    if !seconds.is_finite() || seconds.abs() > 1e13 {
        return None;
    }
    let micros = (seconds * 1e6).round() as i64;
    let time = DateTime::<Utc>::from_timestamp_micros(micros)?.with_timezone(&zone);
    let digits = match micros.rem_euclid(1_000_000) {
        0 => SecondsFormat::Secs,
        fraction if fraction % 1000 == 0 => SecondsFormat::Millis,
        _ => SecondsFormat::Micros,
    };
    Some(time.to_rfc3339_opts(digits, zone == Tz::UTC))
}

/// The value of `_time` in human form; none when it is no time.
pub fn human_time(value: Value<'_>, zone: Tz) -> Option<String> {
    let seconds = match value {
        Value::Integer(seconds) => seconds as f64,
        Value::Float(seconds) => seconds,
        Value::Text(text) => parse_number(text)?,
        _ => return None,
    };
    time_text(seconds, zone)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, ListBuilder, StringViewArray, StringViewBuilder};

    use super::*;

    /// Two rows with every type of field.
    pub(crate) fn sample() -> Results {
        let mut users = ListBuilder::new(StringViewBuilder::new());
        users.append_value([Some("ann"), Some("b\"ob")]);
        users.append_null();
        rows(vec![
            ("_time", Arc::new(Float64Array::from(vec![Some(1_700_000_000.0), Some(1_700_000_000.25)]))),
            ("_raw", Arc::new(StringViewArray::from(vec![Some("line one"), None]))),
            ("n", Arc::new(Int64Array::from(vec![Some(7), Some(-1)]))),
            ("x", Arc::new(Float64Array::from(vec![Some(2.0), Some(0.5)]))),
            ("text", Arc::new(StringViewArray::from(vec![Some("a|b,\"c\"\nd"), Some("007")]))),
            ("users", Arc::new(users.finish())),
        ])
        .unwrap()
    }

    fn written(format: Format) -> String {
        let mut bytes = Vec::new();
        let layout = Layout { time_zone: Tz::UTC, width: Some(100), color: false, numbered: false };
        assert!(write(&mut bytes, &sample(), format, layout).is_ok());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn ndjson() {
        insta::assert_snapshot!(written(Format::Ndjson));
    }

    #[test]
    fn json() {
        insta::assert_snapshot!(written(Format::Json));
    }

    #[test]
    fn csv() {
        insta::assert_snapshot!(written(Format::Csv));
    }

    #[test]
    fn markdown() {
        insta::assert_snapshot!(written(Format::Markdown));
    }

    #[test]
    fn raw() {
        insta::assert_snapshot!(written(Format::Raw));
    }

    #[test]
    fn table() {
        insta::assert_snapshot!(written(Format::Table));
    }

    #[test]
    fn parquet_reads_back() {
        let mut bytes = Vec::new();
        assert!(parquet::write(&mut bytes, &sample()).is_ok());
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }

    #[test]
    fn times() {
        assert_eq!(time_text(1_700_000_000.0, Tz::UTC).as_deref(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(time_text(1_700_000_000.123_456, Tz::Europe__Berlin).as_deref(), Some("2023-11-14T23:13:20.123456+01:00"));
        assert_eq!(time_text(-0.5, Tz::UTC).as_deref(), Some("1969-12-31T23:59:59.500Z"));
        assert_eq!(time_text(f64::NAN, Tz::UTC), None);
    }
}
