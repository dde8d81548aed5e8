//! Series of `chart` and `timechart`: rows by a key, columns by the values of the split field.

pub mod columns;
mod measures;
mod options;
mod sparkline;
pub mod time_buckets;

use std::collections::{HashMap, HashSet};

use datafusion::prelude::when;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

pub use crate::charts::series::measures::{Measure, cells, measure_name, measures};
use spl_operators::errors::engine_error;
use spl_plan::cells::cell::Cell;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column, text};
use spl_plan::rows::table::Table;

use crate::charts::series::columns::{ROW, SERIES};
use crate::charts::series::options::SeriesOptions;

/// The table of rows and columns. `frame` has [`ROW`] (never absent) and, when `split`, [`SERIES`] (a text); `order`
/// puts the row keys in order and may add rows without events.
pub async fn pivot(
    context: &PlanContext,
    call: &CommandCall,
    frame: Frame,
    row_name: &str,
    split: bool,
    measures: &[Measure],
    order: impl FnOnce(Vec<Cell>) -> Result<Vec<Cell>, Diagnostic>,
) -> Result<Frame, Diagnostic> {
    let options = SeriesOptions::read(call)?;
    let groups: &[&str] = if split { &[ROW, SERIES] } else { &[ROW] };
    let frame = if split && !options.use_null { frame.filter(column(SERIES).is_not_null())? } else { frame };
    let mut table = cells(context, frame.clone(), groups, measures).await?;
    let all_rows = distinct_rows(&table);
    let mut has_other = false;
    if split && let Some(kept) = options.kept(&table, measures.len()) {
        has_other = options.use_other;
        let mut names: Vec<String> = kept.into_iter().collect();
        names.sort();
        let among = column(SERIES).in_list(names.iter().map(|name| text(name.clone())).collect(), false);
        let frame = if options.use_other {
            // What does not fit is computed anew from its events: an average of averages would be wrong.
            let other = when(column(SERIES).is_null(), column(SERIES))
                .when(among, column(SERIES))
                .otherwise(text(OTHER_MARK))
                .map_err(engine_error)?;
            frame.assign(vec![(SERIES.to_owned(), other)])?
        } else {
            frame.filter(column(SERIES).is_null().or(among))?
        };
        table = cells(context, frame, groups, measures).await?;
    }
    let rows = order(all_rows)?;
    let series = table.column(SERIES).map_or(1, |cells| cells.iter().map(Cell::text).collect::<HashSet<_>>().len());
    Table::check_size(context, rows.len(), series * measures.len())?;
    build(&options, &table, row_name, split, measures, &rows, has_other).frame(context)
}

/// Stands for the series of those left out; no value of a field can be this.
const OTHER_MARK: &str = "\u{0}other";

fn distinct_rows(table: &Table) -> Vec<Cell> {
    let mut seen = HashSet::new();
    (0..table.rows()).map(|row| table.cell(row, ROW)).filter(|cell| seen.insert(cell.text())).cloned().collect()
}

fn build(
    options: &SeriesOptions,
    table: &Table,
    row_name: &str,
    split: bool,
    measures: &[Measure],
    rows: &[Cell],
    has_other: bool,
) -> Table {
    let mut result = Table::new(rows.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for (row, cell) in rows.iter().enumerate() {
        if let Some(text) = cell.text() {
            places.insert(text, row);
        }
        result.set(row, row_name, cell.clone());
    }
    result.add_column(row_name);
    let several = measures.len() > 1;
    // Columns: measure by measure, series in order of their names, then those without value, then the rest.
    let mut series: Vec<Option<String>> = Vec::new();
    if split {
        let mut named: Vec<String> =
            table.column(SERIES).unwrap_or_default().iter().filter_map(Cell::text).filter(|name| name != OTHER_MARK).collect();
        named.sort();
        named.dedup();
        series.extend(named.into_iter().map(Some));
        if table.column(SERIES).unwrap_or_default().iter().any(Cell::is_null) {
            series.push(None);
        }
        if has_other && table.column(SERIES).unwrap_or_default().iter().any(|cell| cell.text().as_deref() == Some(OTHER_MARK)) {
            series.push(Some(OTHER_MARK.to_owned()));
        }
    } else {
        series.push(None);
    }
    let name_of = |measure: &Measure, series: &Option<String>| {
        if !split {
            return measure.name.clone();
        }
        let series = match series.as_deref() {
            None => options.null.as_str(),
            Some(OTHER_MARK) => options.other.as_str(),
            Some(name) => name,
        };
        options.column_name(&measure.name, series, several)
    };
    for measure in measures {
        for series in &series {
            let name = name_of(measure, series);
            result.add_column(&name);
            if measure.zero && name != row_name {
                for row in 0..rows.len() {
                    result.set(row, &name, Cell::Integer(0));
                }
            }
        }
    }
    for row in 0..table.rows() {
        let Some(place) = table.cell(row, ROW).text().and_then(|text| places.get(&text)) else {
            continue;
        };
        let series = if split { table.cell(row, SERIES).text() } else { None };
        for (number, measure) in measures.iter().enumerate() {
            let cell = table.cell(row, &measure_name(number));
            if !cell.is_null() {
                result.set(*place, &name_of(measure, &series), cell.clone());
            }
        }
    }
    result
}
