//! Loaded events by time: those of a window are a slice of the table, which shares its columns.

use std::collections::BTreeSet;
use std::ops::Range;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use spl_exec::column::Column;
use spl_sources::EventTable;

/// Loaded events, newest first.
#[derive(Clone, Debug)]
pub struct EventWindows {
    table: EventTable,
    /// Where each batch begins.
    starts: Vec<usize>,
    /// The newest and the oldest time of each batch.
    bounds: Vec<(f64, f64)>,
    rows: usize,
}

impl EventWindows {
    /// The events of a table. Its rows are in descending time, as they are loaded.
    pub fn new(table: EventTable) -> Self {
        let (mut starts, mut bounds, mut rows) = (Vec::new(), Vec::new(), 0);
        for batch in &table.batches {
            starts.push(rows);
            rows += batch.num_rows();
            bounds.push((time(batch, 0), time(batch, batch.num_rows().saturating_sub(1))));
        }
        Self { table, starts, bounds, rows }
    }

    /// The number of events.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The time of the oldest event; none without events.
    pub fn oldest(&self) -> Option<f64> {
        self.bounds.last().map(|(_, oldest)| *oldest).filter(|time| time.is_finite())
    }

    /// The time of the newest event; none without events.
    pub fn newest(&self) -> Option<f64> {
        self.bounds.first().map(|(newest, _)| *newest).filter(|time| time.is_finite())
    }

    /// The texts that a column has; none when it is not loaded.
    pub fn values(&self, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for batch in &self.table.batches {
            let Some(Ok(Column::Dictionary { values, .. })) = batch.column_by_name(name).map(|array| Column::new(array)) else {
                continue;
            };
            found.extend(values.iter().flatten().map(str::to_owned));
        }
        found
    }

    /// The places of the events from a time on and before another; open ends are none.
    pub fn places(&self, earliest: Option<f64>, latest: Option<f64>) -> Range<usize> {
        let first = latest.map_or(0, |latest| self.first_before(latest));
        let end = earliest.map_or(self.rows, |earliest| self.first_before(earliest));
        first..end.max(first)
    }

    /// The place of the first event that is older than a time.
    fn first_before(&self, limit: f64) -> usize {
        let batch = self.bounds.partition_point(|(_, oldest)| *oldest >= limit);
        let Some((batch, start)) = self.table.batches.get(batch).zip(self.starts.get(batch)) else { return self.rows };
        let (mut low, mut high) = (0, batch.num_rows());
        while low < high {
            let middle = low + (high - low) / 2;
            if time(batch, middle) >= limit { low = middle + 1 } else { high = middle }
        }
        start + low
    }

    /// The events of these places.
    pub fn slice(&self, places: &Range<usize>) -> EventTable {
        let batches = self.table.batches.iter().zip(&self.starts).filter_map(|(batch, start)| {
            let first = places.start.max(*start);
            let end = places.end.min(start + batch.num_rows());
            (first < end).then(|| batch.slice(first - start, end - first))
        });
        EventTable { schema: self.table.schema.clone(), batches: batches.collect() }
    }
}

/// The time of an event; one without a time is older than all others.
fn time(batch: &RecordBatch, row: usize) -> f64 {
    let times = batch.column_by_name("_time").and_then(|column| column.as_primitive_opt::<Float64Type>());
    match times {
        Some(times) if row < times.len() && times.is_valid(row) => times.value(row),
        _ => f64::NEG_INFINITY,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Float64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    fn windows(batches: &[&[f64]]) -> EventWindows {
        let schema = Arc::new(Schema::new(vec![Field::new("_time", DataType::Float64, true)]));
        let batch =
            |times: &&[f64]| RecordBatch::try_new(schema.clone(), vec![Arc::new(Float64Array::from(times.to_vec()))]).unwrap();
        EventWindows::new(EventTable { schema: schema.clone(), batches: batches.iter().map(batch).collect() })
    }

    #[test]
    fn windows_are_slices() {
        let events = windows(&[&[9.0, 8.0, 8.0], &[8.0, 5.0], &[2.0]]);
        assert_eq!((events.rows(), events.newest(), events.oldest()), (6, Some(9.0), Some(2.0)));
        for (earliest, latest, expected) in [
            (None, None, 0..6),
            (Some(5.0), Some(8.0), 4..5),
            (Some(8.0), Some(9.0), 1..4),
            (Some(8.0), None, 0..4),
            (None, Some(2.0), 6..6),
            (Some(10.0), Some(20.0), 0..0),
            (Some(3.0), Some(4.0), 5..5),
            // From behind the end.
            (Some(8.0), Some(5.0), 5..5),
        ] {
            assert_eq!(events.places(earliest, latest), expected, "{earliest:?} {latest:?}");
        }
        let slice = events.slice(&(2..5));
        assert_eq!(slice.batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(events.slice(&(3..3)).rows(), 0);
        assert_eq!(windows(&[]).newest(), None);
    }
}
