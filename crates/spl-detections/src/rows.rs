//! Rows of a search as texts by field, for what judges, compares and writes them one by one.

use indexmap::IndexMap;
use spl_exec::Results;
use spl_exec::column::Column;
use spl_exec::value::Value;

/// A row: its fields in the order of the results, each with one or more values. A field without a value is not there.
pub type ResultRow = IndexMap<String, Vec<String>>;

/// The rows of a search; numbers are written as the search would show them.
pub fn rows(results: &Results) -> Vec<ResultRow> {
    first_rows(results, usize::MAX)
}

/// The first rows of a search, no more than so many.
pub fn first_rows(results: &Results, most: usize) -> Vec<ResultRow> {
    let mut rows = Vec::with_capacity(results.rows().min(most));
    for batch in &results.batches {
        let taken = batch.num_rows().min(most - rows.len());
        let named = results.fields.iter().filter_map(|field| {
            let column = Column::new(batch.column_by_name(field)?).ok()?;
            Some((field, column))
        });
        let columns: Vec<(&String, Column)> = named.collect();
        rows.extend((0..taken).map(|row| {
            let values = columns.iter().map(|(field, column)| ((*field).clone(), texts(column.value(row))));
            values.filter(|(_, values)| !values.is_empty()).collect::<ResultRow>()
        }));
    }
    rows
}

/// The texts of a value; none for an absent one.
fn texts(value: Value<'_>) -> Vec<String> {
    match value {
        Value::Multivalue(values) => values.iter().map(str::to_owned).collect(),
        other => other.text().map(|text| text.into_owned()).into_iter().collect(),
    }
}
