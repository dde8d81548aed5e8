//! Numbers in order, from which the one at a rank is read while numbers come and go: percentiles over a window.

use std::cmp::Ordering;
use std::collections::VecDeque;

use spl_functions::aggregate::percentile::rank;
use spl_functions::value::{Value, parse_number};

/// Most numbers of a run.
const RUN: usize = 1_024;

/// The numbers of a window, or of all rows so far. They lie in sorted runs, each below the next one.
pub(super) struct Ordered {
    percentile: f64,
    runs: Vec<Vec<f64>>,
    count: usize,
    /// The numbers of each row, for windows that rows leave; none when no row leaves.
    rows: Option<VecDeque<Vec<f64>>>,
    row_bytes: usize,
}

impl Ordered {
    /// No numbers yet; `slides` when rows will leave.
    pub(super) fn new(percentile: f64, slides: bool) -> Self {
        Self { percentile, runs: Vec::new(), count: 0, rows: slides.then(VecDeque::new), row_bytes: 0 }
    }

    /// Takes in the numbers of a row.
    pub(super) fn enter(&mut self, value: Value<'_>) {
        let numbers: Vec<f64> = match value {
            Value::Multivalue(values) => values.iter().filter_map(parse_number).collect(),
            value => value.number().into_iter().collect(),
        };
        numbers.iter().for_each(|number| self.insert(*number));
        if let Some(rows) = &mut self.rows {
            self.row_bytes += row_bytes(&numbers);
            rows.push_back(numbers);
        }
    }

    /// The oldest row leaves.
    pub(super) fn leave(&mut self) {
        let Some(numbers) = self.rows.as_mut().and_then(VecDeque::pop_front) else { return };
        self.row_bytes = self.row_bytes.saturating_sub(row_bytes(&numbers));
        numbers.iter().for_each(|number| self.remove(*number));
    }

    /// The percentile; none of no numbers.
    pub(super) fn result(&self) -> Option<f64> {
        let mut left = rank(self.percentile, self.count)?;
        for run in &self.runs {
            match run.get(left) {
                Some(number) => return Some(*number),
                None => left -= run.len(),
            }
        }
        None
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        self.count * size_of::<f64>() + self.runs.capacity() * size_of::<Vec<f64>>() + self.row_bytes
    }

    /// The first run whose last number is not below this one.
    fn run_of(&self, number: f64) -> usize {
        self.runs.partition_point(|run| run.last().is_some_and(|last| last.total_cmp(&number) == Ordering::Less))
    }

    fn insert(&mut self, number: f64) {
        self.count += 1;
        let place = self.run_of(number).min(self.runs.len().saturating_sub(1));
        let Some(run) = self.runs.get_mut(place) else { return self.runs.push(vec![number]) };
        let at = run.partition_point(|known| known.total_cmp(&number) == Ordering::Less);
        run.insert(at, number);
        if run.len() > RUN {
            let upper = run.split_off(RUN / 2);
            self.runs.insert(place + 1, upper);
        }
    }

    fn remove(&mut self, number: f64) {
        let place = self.run_of(number);
        let Some(run) = self.runs.get_mut(place) else { return };
        let Ok(at) = run.binary_search_by(|known| known.total_cmp(&number)) else { return };
        run.remove(at);
        self.count -= 1;
        if run.is_empty() {
            self.runs.remove(place);
        }
    }
}

fn row_bytes(numbers: &[f64]) -> usize {
    size_of_val(numbers) + size_of::<Vec<f64>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_at_a_rank_is_that_of_the_sorted_window() {
        for (percentile, window) in [(50.0, 3_000), (0.0, 10), (95.0, 2_500), (100.0, 7)] {
            let mut ordered = Ordered::new(percentile, true);
            let mut kept: VecDeque<f64> = VecDeque::new();
            for step in 0..6_000_i64 {
                let number = (step * 7_919 % 4_001 - 2_000) as f64 / 8.0;
                ordered.enter(Value::Float(number));
                kept.push_back(number);
                if kept.len() > window {
                    kept.pop_front();
                    ordered.leave();
                }
                if step % 97 == 0 {
                    let mut sorted: Vec<f64> = kept.iter().copied().collect();
                    sorted.sort_by(f64::total_cmp);
                    let expected = rank(percentile, sorted.len()).map(|rank| sorted[rank]);
                    assert_eq!(ordered.result(), expected, "{percentile} {window} {step}");
                }
            }
            for _ in 0..window {
                ordered.leave();
            }
            assert_eq!((ordered.result(), ordered.row_bytes), (None, 0));
        }
    }

    #[test]
    fn texts_that_are_no_numbers_take_part_as_rows_only() {
        let mut ordered = Ordered::new(50.0, true);
        ordered.enter(Value::Text("a"));
        ordered.enter(Value::Text("7"));
        assert_eq!(ordered.result(), Some(7.0));
        ordered.leave();
        assert_eq!(ordered.result(), Some(7.0));
        ordered.leave();
        assert_eq!(ordered.result(), None);
    }
}
