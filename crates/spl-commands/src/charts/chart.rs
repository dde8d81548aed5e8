//! Planning of `chart`: a table of aggregations with a field's values as rows and another's as columns.

use datafusion::logical_expr::lit;
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_functions::numeric_bins::{automatic_size, bin_text, linear_bin, parse_log_span};
use spl_functions::time::{TimeSpan, parse_span};
use spl_functions::value::format_number;
use spl_operators::nodes::mv_expand::MvExpand;
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Span, Spanned};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::function_call;
use spl_plan::function_call::call as function;
use spl_plan::rows::table::Table;
use spl_plan::search::time_range::parse_time;

use crate::charts::series;
use crate::charts::series::columns::{ROW, SERIES};
use crate::charts::series::time_buckets::{MOST_ROWS, bounds, time_buckets};
use crate::fields::bin::span_text;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`chart` needs rows", call.span))?;
        let (row, split) = splits(call)?;
        let Some(row) = row else {
            let measures = series::measures(context, call, &frame, None)?;
            return single_row(context, frame, &measures).await;
        };
        let Some(found) = frame.field(&row.field) else {
            return Table::new(0).frame(context);
        };
        let frame = frame.assign(vec![(ROW.to_owned(), column(&row.field))])?;
        let frame = expanded(context, call, frame, ROW, false)?.filter(column(ROW).is_not_null())?;
        let kind = if found.value_type() == ValueType::Multivalue { ValueType::Text } else { found.value_type() };
        let (key, bins) = discretised(context, &row, &frame, Typed::new(column(ROW), kind)).await?;
        let mut frame = frame.assign(vec![(ROW.to_owned(), key.expression)])?;
        if let Some(split) = &split {
            frame = with_series(context, call, frame, split).await?;
        }
        let frame = frame.filter(column(ROW).is_not_null())?;
        let measures = series::measures(context, call, &frame, None)?;
        let continuous = call.flag("cont");
        let order = |rows: Vec<Cell>| Ok(ordered_rows(context, call, rows, &bins, continuous));
        series::pivot(context, call, frame, &row.field, split.is_some(), &measures, order).await
    })
}

/// Without a row field there is one row over all events, unless it would hold nothing.
async fn single_row(context: &PlanContext, frame: Frame, measures: &[series::Measure]) -> Result<Frame, Diagnostic> {
    let cells = series::cells(context, frame, &[], measures).await?;
    let mut result = Table::new(cells.rows());
    for (place, measure) in measures.iter().enumerate() {
        result.add_column(measure.name());
        for row in 0..cells.rows() {
            result.set(row, measure.name(), cells.cell(row, &series::measure_name(place)).clone());
        }
    }
    let something = (0..result.rows()).any(|row| measures.iter().any(|measure| !result.cell(row, measure.name()).is_null()));
    if something { result.frame(context) } else { Table::new(0).frame(context) }
}

/// A field that splits rows or columns, with the size of its buckets.
#[derive(Clone, Debug)]
pub struct SplitField {
    /// Its name.
    pub field: String,
    /// `span`, `bins`, `minspan`, `start`, `end`, `aligntime`.
    pub options: Vec<(Spanned<String>, Spanned<String>)>,
}

impl SplitField {
    fn option(&self, name: &str) -> Option<&Spanned<String>> {
        self.options.iter().rev().find(|(known, _)| known.value.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

const BIN_OPTIONS: [&str; 6] = ["span", "minspan", "bins", "start", "end", "aligntime"];

/// The row field and the column field. Each bin option belongs to the field before it; those before all fields belong
/// to the rows.
fn splits(call: &CommandCall) -> Result<(Option<SplitField>, Option<SplitField>), Diagnostic> {
    let read = |keyword: &str| -> Result<Vec<SplitField>, Diagnostic> {
        let mut fields: Vec<SplitField> = Vec::new();
        let Some(clause) = call.clause(keyword) else {
            return Ok(fields);
        };
        for argument in &clause.arguments {
            match argument {
                Argument::Field(field) if field.has_wildcard() => {
                    return Err(Diagnostic::error(
                        "plan/argument",
                        "a field that splits a chart can't have a wildcard",
                        field.span,
                    ));
                }
                Argument::Field(field) => fields.push(SplitField { field: field.name.clone(), options: Vec::new() }),
                Argument::Pair { name, value } => match fields.last_mut() {
                    Some(last) => last.options.push((name.clone(), value.clone())),
                    None => {
                        return Err(Diagnostic::error(
                            "plan/argument",
                            format!("`{}` must stand behind a field", name.value),
                            name.span,
                        ));
                    }
                },
                _ => {
                    return Err(Diagnostic::error("plan/argument", "a field is needed here", clause.keyword.span));
                }
            }
        }
        Ok(fields)
    };
    let (over, by) = (read("over")?, read("by")?);
    let too_many = |most: usize, keyword: &str| {
        Diagnostic::error(
            "plan/argument",
            format!("`{keyword}` of `chart` takes at most {most} field{} here", if most == 1 { "" } else { "s" }),
            call.span,
        )
        .with_help("use `stats` to group by more fields")
    };
    if over.len() > 1 {
        return Err(too_many(1, "over"));
    }
    let most = if over.is_empty() { 2 } else { 1 };
    if by.len() > most {
        return Err(too_many(most, "by"));
    }
    let mut fields = over.into_iter().chain(by);
    let (mut row, split) = (fields.next(), fields.next());
    for name in BIN_OPTIONS {
        if let Some(option) = call.option(name) {
            let Some(row) = &mut row else {
                return Err(Diagnostic::error(
                    "plan/argument",
                    format!("`{name}` needs a field to cut into buckets"),
                    option.name.span,
                ));
            };
            row.options.insert(0, (option.name.clone(), option.value.clone()));
        }
    }
    Ok((row, split))
}

/// Each value of a multivalue field counts for itself; once per event with `dedup_splitvals`.
pub fn expanded(
    context: &PlanContext,
    call: &CommandCall,
    frame: Frame,
    field: &str,
    keep_null: bool,
) -> Result<Frame, Diagnostic> {
    if frame.field(field).is_none_or(|found| found.value_type() != ValueType::Multivalue) {
        return Ok(frame);
    }
    let mut frame = frame;
    if call.flag("dedup_splitvals") {
        let distinct = function(context, "mvdedup", vec![Typed::new(column(field), ValueType::Multivalue)])?;
        frame = frame.assign(vec![(field.to_owned(), distinct.expression)])?;
    }
    frame.operate(MvExpand { field: field.to_owned(), limit: 0, drop_null: !keep_null })
}

/// Adds the hidden column of the split value, as text; absent where the field is.
pub async fn with_series(
    context: &PlanContext,
    call: &CommandCall,
    frame: Frame,
    split: &SplitField,
) -> Result<Frame, Diagnostic> {
    let Some(found) = frame.field(&split.field) else {
        return frame.assign(vec![(SERIES.to_owned(), null(ValueType::Text))]);
    };
    let frame = frame.assign(vec![(SERIES.to_owned(), column(&split.field))])?;
    let frame = expanded(context, call, frame, SERIES, true)?;
    let kind = if found.value_type() == ValueType::Multivalue { ValueType::Text } else { found.value_type() };
    let (value, _) = discretised(context, split, &frame, Typed::new(column(SERIES), kind)).await?;
    let series = function_call::convert(context, value, ValueType::Text)?;
    frame.assign(vec![(SERIES.to_owned(), series)])
}

/// How a field was cut into buckets.
#[derive(Clone, Debug)]
pub enum Bins {
    /// Not at all.
    None,
    /// Buckets of time.
    Time(TimeSpan, Option<f64>),
    /// Buckets of a size.
    Linear(f64),
    /// Buckets that grow.
    Logarithmic,
}

async fn discretised(
    context: &PlanContext,
    split: &SplitField,
    frame: &Frame,
    source: Typed,
) -> Result<(Typed, Bins), Diagnostic> {
    let literal = |value: String| Typed::new(text(value), ValueType::Text);
    let time = split.field == "_time";
    let align = match split.option("aligntime") {
        Some(value) => Some(aligned(context, &value.value, value.span)?),
        None => None,
    };
    let in_time = |span: TimeSpan, written: String, source: Typed| {
        let align_literal = Typed::new(align.map_or_else(|| null(ValueType::Float), lit), ValueType::Float);
        let binned = function(context, "bin_time", vec![source, literal(written), align_literal])?;
        Ok::<_, Diagnostic>((binned, Bins::Time(span, align)))
    };
    let span_of = |written: &Spanned<String>| {
        parse_span(&written.value).map_err(|message| Diagnostic::error("plan/span", message, written.span))
    };
    if let Some(span) = split.option("span") {
        if let Some(logarithmic) = parse_log_span(&span.value) {
            logarithmic.map_err(|message| Diagnostic::error("plan/span", message, span.span))?;
            return Ok((function(context, "bin_log", vec![source, literal(span.value.clone())])?, Bins::Logarithmic));
        }
        if !time && let Ok(size) = span.value.parse::<f64>() {
            if size <= 0.0 || !size.is_finite() {
                return Err(Diagnostic::error("plan/span", "a span must be above 0", span.span));
            }
            return Ok((function(context, "bin_number", vec![source, literal(span.value.clone())])?, Bins::Linear(size)));
        }
        return in_time(span_of(span)?, span.value.clone(), source);
    }
    let wanted = ["bins", "minspan", "start", "end"].iter().any(|name| split.option(name).is_some());
    if !wanted {
        return Ok((source, Bins::None));
    }
    let number = |name: &str| -> Result<Option<f64>, Diagnostic> {
        let Some(value) = split.option(name) else {
            return Ok(None);
        };
        let number =
            value.value.parse().map_err(|_| Diagnostic::error("plan/number", format!("`{name}` takes a number"), value.span))?;
        Ok(Some(number))
    };
    let bins = match split.option("bins") {
        None => 100,
        Some(value) => value
            .value
            .parse::<usize>()
            .ok()
            .filter(|bins| *bins >= 2)
            .ok_or_else(|| Diagnostic::error("plan/number", "`bins` must be at least 2", value.span))?,
    };
    let bounds = bounds(context, frame, source.clone()).await?;
    let (start, end) = (number("start")?, number("end")?);
    let Some((low, high)) = bounds else {
        return Ok((source, Bins::None));
    };
    let (low, high) = (start.map_or(low, |start| start.min(low)), end.map_or(high, |end| end.max(high)));
    if time {
        let smallest = split.option("minspan").map(span_of).transpose()?;
        let span = TimeSpan::for_range(high - low, bins, smallest);
        return in_time(span, span_text(&span), source);
    }
    let size = automatic_size(low, high, bins).max(number("minspan")?.unwrap_or(0.0));
    Ok((function(context, "bin_number", vec![source, literal(format_number(size))])?, Bins::Linear(size)))
}

/// The time of `aligntime`.
pub fn aligned(context: &PlanContext, written: &str, span: Span) -> Result<f64, Diagnostic> {
    let range = context.time_range();
    match written.to_ascii_lowercase().as_str() {
        "earliest" => Ok(range.earliest.unwrap_or(0.0)),
        "latest" => Ok(range.latest.unwrap_or(context.now())),
        _ => match written.parse::<f64>() {
            Ok(number) => Ok(number),
            Err(_) => parse_time(context, written, span),
        },
    }
}

/// Row keys in order; rows for buckets without events between the first and the last.
fn ordered_rows(context: &PlanContext, call: &CommandCall, mut rows: Vec<Cell>, bins: &Bins, continuous: bool) -> Vec<Cell> {
    match bins {
        Bins::None => rows.sort_by(Cell::order),
        Bins::Time(..) | Bins::Linear(_) | Bins::Logarithmic => {
            rows.sort_by(|left, right| match (lower_bound(left), lower_bound(right)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => left.order(right),
            })
        }
    }
    let numbers: Vec<f64> = rows.iter().filter_map(lower_bound).collect();
    let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
        return rows;
    };
    if !continuous {
        return rows;
    }
    let filled = match bins {
        Bins::Time(span, _) => {
            time_buckets(context, span, first, last).map(|starts| starts.into_iter().map(Cell::Float).collect::<Vec<_>>())
        }
        Bins::Linear(size) => {
            let count = ((last - first) / size).round();
            (count < MOST_ROWS as f64).then(|| {
                (0..=count as usize)
                    .filter_map(|step| linear_bin(first + step as f64 * size + size / 2.0, *size))
                    .map(|bin| Cell::Text(bin_text(bin)))
                    .collect()
            })
        }
        Bins::None | Bins::Logarithmic => return rows,
    };
    let Some(mut filled) = filled else {
        context.warn(Diagnostic::warning(
            "limit/reached",
            format!("gaps are not filled: that would make more than {MOST_ROWS} rows"),
            Some(call.span),
        ));
        return rows;
    };
    filled.extend(rows.into_iter().filter(|cell| lower_bound(cell).is_none()));
    filled
}

/// The number that a bucket starts with: the number itself, or the first one of `10-20`.
fn lower_bound(cell: &Cell) -> Option<f64> {
    cell.number().or_else(|| {
        let text = cell.text()?;
        let (at, _) =
            text.char_indices().skip(1).find(|(at, character)| *character == '-' && !text[..*at].ends_with(['e', 'E']))?;
        spl_functions::value::parse_number(&text[..at])
    })
}
