//! The window of one group of `streamstats`: rows that come and go, and what statistics gather of them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, new_null_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use spl_functions::aggregate::state::GroupedState;
use spl_functions::column::Column;
use spl_functions::value::Value;

use super::ordered::Ordered;

/// The rows of one group within the window. The oldest rows have left a stack of states behind, each of which stands for
/// a row and all that came after it up to the turn; so that a row leaves by a pop, whatever the function.
pub(super) struct Group {
    /// What rows can leave one by one; none for other functions.
    pub(super) apart: Vec<Option<Apart>>,
    pub(super) older: Vec<Vec<Vec<ArrayRef>>>,
    pub(super) newer: Vec<Gathering>,
    pub(super) newer_rows: Vec<Vec<Vec<ArrayRef>>>,
    pub(super) times: VecDeque<Option<f64>>,
    /// Bytes of the group when it was last measured.
    pub(super) measured: usize,
    /// Bytes of the rows and summaries in the window.
    pub(super) window_size: usize,
    /// A row has come or gone since the group was measured.
    pub(super) changed: bool,
}

impl Group {
    pub(super) fn size(&self) -> usize {
        let gathered: usize = self
            .newer
            .iter()
            .map(|gathering| match gathering {
                Gathering::Count(_) => 0,
                Gathering::State(state) => state.size(),
            })
            .sum();
        let apart: usize = self.apart.iter().flatten().map(Apart::size).sum();
        let times = self.times.capacity() * size_of::<Option<f64>>();
        let places = self.newer.capacity() * size_of::<Gathering>() + self.apart.capacity() * size_of::<Option<Apart>>();
        size_of::<Self>() + places + gathered + apart + times + self.window_size
    }
}

/// Bytes of a row's arguments in a window. The row shares the columns of its batch, which stay as long as one of their
/// rows does; each row bears its part of them.
pub(super) fn row_size(arguments: &[Arguments]) -> usize {
    let columns = arguments.iter().map(|arguments| arguments.row_size).sum::<usize>();
    columns + arguments.len() * size_of::<Vec<ArrayRef>>() + size_of::<Vec<Vec<ArrayRef>>>()
}

pub(super) fn summary_size(summary: &[Vec<ArrayRef>]) -> usize {
    let arrays: usize = summary.iter().flatten().map(|array| array.get_array_memory_size() + size_of::<ArrayRef>()).sum();
    arrays + size_of_val(summary) + size_of::<Vec<Vec<ArrayRef>>>()
}

/// What one statistic has gathered.
pub(super) enum Gathering {
    /// Plain counts need no arrays, and what stands apart is not here.
    Count(i64),
    State(Box<dyn GroupedState>),
}

/// What takes rows in and lets them leave one by one, in the order in which they came.
pub(super) enum Apart {
    Counted(Counted),
    Ordered(Ordered),
}

impl Apart {
    pub(super) fn enter(&mut self, value: Value<'_>) {
        match self {
            Self::Counted(counted) => counted.enter(value),
            Self::Ordered(ordered) => ordered.enter(value),
        }
    }

    pub(super) fn leave(&mut self) {
        match self {
            Self::Counted(counted) => counted.leave(),
            Self::Ordered(ordered) => ordered.leave(),
        }
    }

    pub(super) fn result(&self) -> Outcome {
        match self {
            Self::Counted(counted) => Outcome::Integer(counted.result()),
            Self::Ordered(ordered) => Outcome::Float(ordered.result()),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Counted(counted) => counted.size,
            Self::Ordered(ordered) => ordered.size(),
        }
    }
}

/// The result of a statistic for one row.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Absent,
    Integer(i64),
    Float(Option<f64>),
    /// Of one value.
    Array(ArrayRef),
}

impl Outcome {
    /// As an array of one value of a type.
    pub(super) fn array(&self, data_type: &DataType) -> ArrayRef {
        match self {
            Self::Absent => new_null_array(data_type, 1),
            Self::Integer(number) => Arc::new(Int64Array::from(vec![*number])),
            Self::Float(number) => Arc::new(Float64Array::from(vec![*number])),
            Self::Array(array) => array.clone(),
        }
    }
}

/// The results of all rows as a column of a type.
pub(super) fn column(outcomes: &[Outcome], data_type: &DataType) -> Result<ArrayRef> {
    if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Absent)) {
        return Ok(new_null_array(data_type, outcomes.len()));
    }
    let integers = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Absent | Outcome::Integer(_)));
    let floats = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Absent | Outcome::Float(_)));
    let whole: ArrayRef = if integers {
        let number = |outcome: &Outcome| if let Outcome::Integer(number) = outcome { Some(*number) } else { None };
        Arc::new(Int64Array::from_iter(outcomes.iter().map(number)))
    } else if floats {
        let number = |outcome: &Outcome| if let Outcome::Float(number) = outcome { *number } else { None };
        Arc::new(Float64Array::from_iter(outcomes.iter().map(number)))
    } else {
        let parts: Vec<ArrayRef> = outcomes.iter().map(|outcome| outcome.array(data_type)).collect();
        concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?
    };
    Ok(if whole.data_type() == data_type { whole } else { cast(&whole, data_type)? })
}

/// Values in a window whose number, or number of distinct ones, is asked for.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) distinct: bool,
    pub(super) total: i64,
    pub(super) times: HashMap<Arc<str>, usize>,
    pub(super) rows: VecDeque<Vec<Arc<str>>>,
    pub(super) lengths: VecDeque<i64>,
    /// Bytes of all this.
    pub(super) size: usize,
}

/// Bytes of a value that a window counts: in its row, and once more for the distinct value.
pub(super) fn counted_size(text: &str) -> usize {
    2 * size_of::<Arc<str>>() + size_of::<usize>() + text.len()
}

impl Counted {
    pub(super) fn enter(&mut self, value: Value<'_>) {
        if !self.distinct {
            let length = match value {
                Value::Null => 0,
                Value::Multivalue(values) => values.len() as i64,
                Value::Boolean(flag) => i64::from(flag),
                _ => 1,
            };
            self.total += length;
            self.lengths.push_back(length);
            self.size += size_of::<i64>();
            return;
        }
        let mut row = Vec::new();
        for text in value.each_text() {
            let text: Arc<str> = Arc::from(text.as_ref());
            *self.times.entry(text.clone()).or_insert(0) += 1;
            self.size += counted_size(&text);
            row.push(text);
        }
        self.size += size_of::<Vec<Arc<str>>>();
        self.rows.push_back(row);
    }

    pub(super) fn leave(&mut self) {
        if let Some(length) = self.lengths.pop_front() {
            self.total -= length;
            self.size = self.size.saturating_sub(size_of::<i64>());
        }
        let Some(row) = self.rows.pop_front() else { return };
        self.size = self.size.saturating_sub(size_of::<Vec<Arc<str>>>());
        for text in row {
            self.size = self.size.saturating_sub(counted_size(&text));
            if let Some(times) = self.times.get_mut(&text) {
                *times -= 1;
                if *times == 0 {
                    self.times.remove(&text);
                }
            }
        }
    }

    pub(super) fn result(&self) -> i64 {
        if self.distinct { self.times.len() as i64 } else { self.total }
    }
}

/// The arguments of a statistic in a batch.
pub(super) struct Arguments {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) first: Column,
    /// Bytes of one row's values, in the mean.
    pub(super) row_size: usize,
}

/// Bytes of an array that shows one row of a column.
pub(super) const ROW_OF_COLUMN: usize = 96;
