//! Planning of `makecontinuous`: values into buckets, and rows for the buckets in between that have none.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, new_null_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use futures::future::BoxFuture;
use spl_functions::column::Column;
use spl_functions::numeric_bins::{automatic_size, parse_log_span};
use spl_functions::time::{TimeSpan, parse_span};
use spl_operators::errors::engine_error;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::syntax::{CommandCall, OptionArgument};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, column};
use spl_plan::search::time_range::parse_time;

/// Most rows that are added.
const MOST: usize = 1_000_000;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`makecontinuous` needs rows", call.span))?;
        let name = call.fields().next().map_or("_time", |field| field.name.as_str());
        if call.fields().nth(1).is_some() {
            return Err(Diagnostic::error("plan/argument", "`makecontinuous` takes one field", call.span));
        }
        if frame.field(name).is_none() {
            return Ok(frame);
        }
        let (schema, batches) = context.collect(frame).await?;
        let rows = concat_batches(&schema, &batches).map_err(|error| engine_error(error.into()))?;
        let read = match rows.column_by_name(name) {
            Some(array) => Column::new(array).map_err(engine_error)?,
            None => Column::Null,
        };
        let values: Vec<Option<f64>> = (0..rows.num_rows()).map(|row| read.value(row).number()).collect();
        let mut low = values.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let mut high = values.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        if let Some(option) = call.option("start") {
            low = low.min(moment(context, option)?);
        }
        if let Some(option) = call.option("end") {
            high = high.max(moment(context, option)?);
        }
        if low > high {
            return context.from_batches(schema, batches);
        }
        let axis = Axis::new(context, call, name, low, high)?;
        let binned: Vec<Option<f64>> = values.iter().map(|value| value.map(|value| axis.floor(value))).collect();
        let mut present: Vec<f64> = binned.iter().flatten().copied().collect();
        present.sort_by(f64::total_cmp);
        let mut missing: Vec<f64> = Vec::new();
        let (mut bucket, mut buckets) = (axis.floor(low), 0_usize);
        while bucket <= high {
            if present.binary_search_by(|known| known.total_cmp(&bucket)).is_err() {
                missing.push(bucket);
            }
            buckets += 1;
            let next = axis.next(bucket, axis.floor(low), buckets);
            if missing.len() > MOST || next <= bucket {
                return Err(Diagnostic::error("plan/span", format!("this span makes more than {MOST} rows"), call.span)
                    .with_help("use a larger span"));
            }
            bucket = next;
        }
        let batches = widened(&rows, name, binned, missing).map_err(|error| engine_error(error.into()))?;
        let Some(schema) = batches.first().map(RecordBatch::schema) else {
            return Err(Diagnostic::error("plan/no-input", "`makecontinuous` needs rows", call.span));
        };
        context.from_batches(schema, batches)?.sorted(vec![column(name).sort(true, false)], None)
    })
}

/// The rows with their buckets, and the rows that are added.
fn widened(
    rows: &RecordBatch,
    name: &str,
    binned: Vec<Option<f64>>,
    missing: Vec<f64>,
) -> Result<Vec<RecordBatch>, arrow::error::ArrowError> {
    let input = rows.schema();
    let kept: Vec<&Arc<Field>> = input.fields().iter().filter(|field| field.name() != ORDINAL).collect();
    let fields: Vec<Arc<Field>> = kept
        .iter()
        .map(|field| {
            let data_type = if field.name() == name { DataType::Float64 } else { field.data_type().clone() };
            Arc::new(Field::new(field.name(), data_type, true).with_metadata(field.metadata().clone()))
        })
        .collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let (mut before, mut added): (Vec<ArrayRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    let buckets: ArrayRef = Arc::new(Float64Array::from(binned));
    let rest = missing.len();
    let missing: ArrayRef = Arc::new(Float64Array::from(missing));
    for field in schema.fields() {
        if field.name() == name {
            before.push(buckets.clone());
            added.push(missing.clone());
        } else {
            before.push(rows.column(input.index_of(field.name())?).clone());
            added.push(new_null_array(field.data_type(), rest));
        }
    }
    Ok(vec![RecordBatch::try_new(schema.clone(), before)?, RecordBatch::try_new(schema, added)?])
}

/// The buckets of an axis.
enum Axis {
    Time { span: TimeSpan, zone: chrono_tz::Tz, align: Option<f64> },
    Number(f64),
}

impl Axis {
    fn new(context: &PlanContext, call: &CommandCall, name: &str, low: f64, high: f64) -> Result<Self, Diagnostic> {
        let zone = context.time_zone();
        let align = match call.option("aligntime") {
            None => None,
            Some(option) => Some(match option.value.value.to_ascii_lowercase().as_str() {
                // The ends of the search's time range, where it has them.
                "earliest" => context.time_range().earliest.unwrap_or(low),
                "latest" => context.time_range().latest.unwrap_or(high),
                _ => moment(context, option)?,
            }),
        };
        let bins = usize::try_from(call.count("bins")?).unwrap_or(100);
        if bins < 2 {
            return Err(Diagnostic::error("plan/number", "`bins` must be at least 2", call.span));
        }
        let bad = |message: String, option: &OptionArgument| Diagnostic::error("plan/span", message, option.value.span);
        let time = |option: &OptionArgument| parse_span(&option.value.value).map_err(|message| bad(message, option));
        if let Some(option) = call.option("span") {
            if parse_log_span(&option.value.value).is_some() {
                return Err(bad("`makecontinuous` takes no logarithmic span".to_owned(), option));
            }
            // A number of seconds is a span of time on `_time`, which can be aligned.
            return match option.value.value.parse::<f64>() {
                Ok(size) if size > 0.0 && name == "_time" => Ok(Self::Time { span: time(option)?, zone, align }),
                Ok(size) if size > 0.0 && size.is_finite() => Ok(Self::Number(size)),
                Ok(_) => Err(bad("a span must be above 0".to_owned(), option)),
                Err(_) => Ok(Self::Time { span: time(option)?, zone, align }),
            };
        }
        if name == "_time" {
            let smallest = match call.option("minspan") {
                Some(option) => Some(time(option)?),
                None => None,
            };
            return Ok(Self::Time { span: TimeSpan::for_range(high - low, bins, smallest), zone, align });
        }
        let smallest = match call.option("minspan") {
            Some(option) => option.value.value.parse::<f64>().map_err(|_| bad("not a number".to_owned(), option))?,
            None => 0.0,
        };
        Ok(Self::Number(automatic_size(low, high, bins).max(smallest)))
    }

    fn floor(&self, value: f64) -> f64 {
        match self {
            Self::Time { span, zone, align } => span.floor(value, *zone, *align),
            Self::Number(size) => (value / size).floor() * size,
        }
    }

    /// The bucket after one; `place` counts from the first.
    fn next(&self, bucket: f64, first: f64, place: usize) -> f64 {
        match self {
            Self::Time { span, zone, .. } => span.next(bucket, *zone),
            Self::Number(size) => ((first / size).round() + place as f64) * size,
        }
    }
}

fn moment(context: &PlanContext, option: &OptionArgument) -> Result<f64, Diagnostic> {
    match option.value.value.parse::<f64>() {
        Ok(number) => Ok(number),
        Err(_) => parse_time(context, &option.value.value, option.value.span),
    }
}
