//! `sparkline`: another function over time, as the values of a small chart.

use std::collections::HashMap;

use datafusion::logical_expr::{Expr, lit};
use spl_functions::column::ValueType;
use spl_functions::time::{TimeSpan, parse_span};
use spl_operators::ordinal::ORDINAL;
use spl_parser::syntax::Aggregation;
use spl_parser::{Diagnostic, Spanned};
use spl_plan::aggregation;
use spl_plan::aggregation::Planned;
use spl_plan::cells::cell::Cell;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::function_call::call as function;
use spl_plan::rows::table::Table;

use crate::charts::series::time_buckets::{MOST_ROWS, bounds, time_buckets};
use crate::fields::bin::span_text;

/// The first value of every sparkline, by which viewers know it.
pub const MARK: &str = "##__SPARKLINE__##";

const BUCKET: &str = "__sparkline_bucket";
const POINT: &str = "__sparkline_point";

/// What is drawn.
pub struct Sparkline {
    planned: Planned,
    /// Width of a point; none = chosen by the time range.
    span: Option<(TimeSpan, String)>,
}

impl Sparkline {
    /// Reads `sparkline(<function>, <span>)`.
    pub fn read(
        context: &PlanContext,
        drawn: &Aggregation,
        span: Option<&Spanned<String>>,
        frame: &Frame,
    ) -> Result<Self, Diagnostic> {
        let planned = aggregation::plan_one(context, drawn, frame, None)?;
        let [planned] = <[Planned; 1]>::try_from(planned)
            .map_err(|_| Diagnostic::error("plan/argument", "a wildcard can't stand in `sparkline`", drawn.span))?;
        let span = match span {
            Some(written) => {
                let span = parse_span(&written.value).map_err(|message| Diagnostic::error("plan/span", message, written.span))?;
                Some((span, written.value.clone()))
            }
            None => None,
        };
        Ok(Self { planned, span })
    }

    /// Sets the sparkline of each row of a table whose rows are the groups of a frame. All have the same points: from the
    /// start of the search's time range to its end, or from the first event to the last. A point without events is 0.
    pub async fn draw(
        &self,
        context: &PlanContext,
        frame: &Frame,
        groups: &[&str],
        name: &str,
        table: &mut Table,
    ) -> Result<(), Diagnostic> {
        table.add_column(name);
        let Some(time) = frame.field("_time") else { return Ok(()) };
        let source = Typed::new(column("_time"), time.value_type());
        let range = context.time_range();
        let events = match (range.earliest, range.latest) {
            (Some(_), Some(_)) => None,
            _ => bounds(context, frame, source.clone()).await?,
        };
        let low = range.earliest.or(events.map(|(low, _)| low));
        let high = range.latest.or(events.map(|(_, high)| high));
        let Some((low, high)) = low.zip(high) else { return Ok(()) };
        let (span, written) = match &self.span {
            Some((span, written)) => (*span, written.clone()),
            None => {
                let most = match context.limits().get("sparkline_maxsize") {
                    0 => usize::MAX,
                    most => usize::try_from(most).unwrap_or(usize::MAX),
                };
                let span = TimeSpan::for_range(high - low, most, None);
                (span, span_text(&span))
            }
        };
        let first = span.floor(low, context.time_zone(), None);
        let mut starts = time_buckets(context, &span, first, high).ok_or_else(|| {
            Diagnostic::general("run/too-many-points", format!("the span makes more than {MOST_ROWS} points of a sparkline"))
                .with_help("use a longer span or a shorter time range")
        })?;
        if range.latest.is_some() && starts.len() > 1 {
            // The latest time itself is outside.
            starts.retain(|start| *start < high);
        }
        let places: HashMap<String, usize> =
            starts.iter().enumerate().filter_map(|(place, start)| Some((Cell::Float(*start).text()?, place))).collect();

        let align = Typed::new(null(ValueType::Float), ValueType::Float);
        let bucket = function(context, "bin_time", vec![source, Typed::new(text(written), ValueType::Text), align])?;
        let binned = frame.clone().assign(vec![(BUCKET.to_owned(), bucket.expression)])?.filter(column(BUCKET).is_not_null())?;
        let keys: Vec<Expr> = groups.iter().copied().chain([BUCKET]).map(column).collect();
        let calls = vec![self.planned.expression().alias(POINT)];
        let grouped = binned.build(|plan| plan.aggregate(keys, calls))?;
        let mut columns: Vec<(String, Expr)> =
            groups.iter().copied().chain([BUCKET, POINT]).map(|name| (name.to_owned(), column(name))).collect();
        columns.push((ORDINAL.to_owned(), lit(0_i64)));
        let points = Table::of(context, grouped.select(columns)?).await?;

        let key = |table: &Table, row: usize| groups.iter().map(|name| table.cell(row, name).text()).collect::<Vec<_>>();
        let mut lines: HashMap<Vec<Option<String>>, Vec<String>> = HashMap::new();
        for row in 0..points.rows() {
            let place = points.cell(row, BUCKET).text().and_then(|bucket| places.get(&bucket));
            if let (Some(place), Some(value)) = (place, points.cell(row, POINT).text()) {
                let line = lines.entry(key(&points, row)).or_insert_with(|| vec!["0".to_owned(); starts.len()]);
                line[*place] = value;
            }
        }
        for row in 0..table.rows() {
            let mut values = vec![MARK.to_owned()];
            match lines.get(&key(table, row)) {
                Some(line) => values.extend(line.iter().cloned()),
                None => values.resize(starts.len() + 1, "0".to_owned()),
            }
            table.set(row, name, Cell::Multivalue(values));
        }
        Ok(())
    }
}
