//! Results of conditions over shared dictionaries, kept between batches: a condition is evaluated once per distinct
//! value of a table instead of once per distinct value of a batch.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Int32Type;
use datafusion_common::{Result, ScalarValue};
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

use crate::dictionary::{PerDictionary, kept_size};

/// The results of one function, by dictionary and literal arguments.
#[derive(Debug)]
pub(super) struct ConditionMemo {
    kept: Mutex<Kept>,
    /// Most bytes kept; everything is dropped when they are exceeded.
    limit: usize,
}

impl Default for ConditionMemo {
    fn default() -> Self {
        Self { kept: Mutex::default(), limit: 64 << 20 }
    }
}

#[derive(Debug)]
struct Kept {
    dictionaries: PerDictionary<HashMap<Context, Arc<[AtomicU8]>, FxBuildHasher>>,
    bytes: usize,
}

impl Default for Kept {
    fn default() -> Self {
        // Bytes bound them.
        Self { dictionaries: PerDictionary::new(usize::MAX), bytes: 0 }
    }
}

/// What else the results depend on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Context {
    /// The literal arguments in order; none in the place of the column.
    pub(super) literals: Vec<Option<ScalarValue>>,
    /// Now, in epoch seconds.
    pub(super) now: f64,
    /// The time zone of the search.
    pub(super) time_zone: chrono_tz::Tz,
}

impl Eq for Context {}

impl std::hash::Hash for Context {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.literals.hash(state);
        self.now.to_bits().hash(state);
        self.time_zone.hash(state);
    }
}

/// States of a key in a table.
const UNKNOWN: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NULL: u8 = 3;

impl ConditionMemo {
    /// The results of a condition for a dictionary column. `compute` is called with values that have no result yet, if
    /// there are any. None when the column is of another kind.
    pub(super) fn evaluate(
        &self,
        column: &ArrayRef,
        context: &Context,
        compute: impl FnOnce(ArrayRef) -> Result<ArrayRef>,
    ) -> Result<Option<ArrayRef>> {
        let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() else {
            return Ok(None);
        };
        let Some(table) = self.table(dictionary.values(), context) else {
            return Ok(None);
        };
        let keys = dictionary.keys();
        let null_place = table.len() - 1;
        let place = |row: usize| {
            if keys.is_null(row) { null_place } else { keys.value(row) as usize }
        };

        let mut unseen: Vec<usize> = Vec::new();
        let mut listed: HashSet<usize, FxBuildHasher> = HashSet::default();
        for row in 0..keys.len() {
            let place = place(row);
            if table[place].load(Ordering::Relaxed) == UNKNOWN && listed.insert(place) {
                unseen.push(place);
            }
        }
        if !unseen.is_empty() {
            let wanted: Int32Array = unseen.iter().map(|place| (*place != null_place).then_some(*place as i32)).collect();
            let results = compute(arrow::compute::take(dictionary.values(), &wanted, None)?)?;
            let Some(results) = results.as_boolean_opt() else {
                return Ok(None);
            };
            // Two threads may compute the same key; they store the same state.
            for (place, result) in unseen.iter().zip(results) {
                let state = result.map_or(NULL, |holds| if holds { TRUE } else { FALSE });
                table[*place].store(state, Ordering::Relaxed);
            }
        }

        let mut any_null = false;
        let holds = BooleanBuffer::collect_bool(keys.len(), |row| {
            let state = table[place(row)].load(Ordering::Relaxed);
            any_null |= state == NULL;
            state == TRUE
        });
        let nulls = any_null.then(|| {
            NullBuffer::new(BooleanBuffer::collect_bool(keys.len(), |row| table[place(row)].load(Ordering::Relaxed) != NULL))
        });
        Ok(Some(Arc::new(BooleanArray::new(holds, nulls))))
    }

    /// Drops all results.
    pub(super) fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }

    /// The states of a dictionary's keys, and behind them that of an absent value.
    fn table(&self, values: &ArrayRef, context: &Context) -> Option<Arc<[AtomicU8]>> {
        let texts = values.as_string_view_opt()?;
        let table_bytes = texts.len() + 1;
        let kept_bytes = kept_size(texts);
        if table_bytes + kept_bytes > self.limit {
            return None;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = kept.dictionaries.get(texts).and_then(|tables| tables.get(context)) {
            return Some(table.clone());
        }
        if kept.bytes + table_bytes + kept_bytes > self.limit {
            *kept = Kept::default();
        }
        let table: Arc<[AtomicU8]> = (0..table_bytes).map(|_| AtomicU8::new(UNKNOWN)).collect();
        let Kept { dictionaries, bytes } = &mut *kept;
        let tables = dictionaries.get_or_insert_with(texts, || {
            *bytes += kept_bytes;
            HashMap::default()
        });
        *bytes += table_bytes;
        tables.insert(context.clone(), table.clone());
        Some(table)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use arrow::array::{DictionaryArray, StringViewArray};
    use datafusion_expr::ColumnarValue;

    use super::super::testing::{call, text};
    use super::super::{Call, FunctionSpec, Kernel, SplFunction, kernels};
    use super::*;

    static EVALUATED: AtomicUsize = AtomicUsize::new(0);

    fn counted_equal(call: &Call<'_>) -> Result<ArrayRef> {
        EVALUATED.fetch_add(call.rows, Ordering::Relaxed);
        kernels::conditions(call, |row| {
            let (left, right) = (call.value(0, row), call.value(1, row));
            Ok((!left.is_null()).then(|| left == right))
        })
    }

    static COUNTED: FunctionSpec = FunctionSpec::new(
        "counted",
        "Test functions",
        "counted(<x>,<y>)",
        "equality",
        (2, Some(2)),
        kernels::boolean,
        Kernel::Columns(counted_equal),
    );

    fn column(keys: &[Option<i32>], values: &ArrayRef) -> ColumnarValue {
        let keys = Int32Array::from(keys.to_vec());
        ColumnarValue::Array(Arc::new(DictionaryArray::<Int32Type>::new(keys, values.clone())))
    }

    fn results(function: &SplFunction, column: &ColumnarValue, wanted: &str) -> Vec<Option<bool>> {
        let array = call(function, &[column.clone(), text(wanted)]).unwrap();
        array.as_boolean().iter().collect()
    }

    #[test]
    fn each_distinct_value_is_evaluated_once() {
        let function = SplFunction::new(&COUNTED);
        let values: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), Some("b"), None, Some("d")]));
        let evaluated = || EVALUATED.swap(0, Ordering::Relaxed);

        let first = column(&[Some(0), Some(1), Some(0), None], &values);
        assert_eq!(results(&function, &first, "a"), [Some(true), Some(false), Some(true), None]);
        assert_eq!(evaluated(), 3);
        let second = column(&[Some(1), Some(2), None, Some(3), Some(0)], &values);
        assert_eq!(results(&function, &second, "a"), [Some(false), None, None, Some(false), Some(true)]);
        assert_eq!(evaluated(), 2);
        assert_eq!(results(&function, &first, "a"), [Some(true), Some(false), Some(true), None]);
        assert_eq!(evaluated(), 0);
        // Another literal, another dictionary: other results.
        assert_eq!(results(&function, &first, "b"), [Some(false), Some(true), Some(false), None]);
        assert_eq!(evaluated(), 3);
        let others: ArrayRef = Arc::new(StringViewArray::from(vec![Some("x"), Some("a"), None, Some("d")]));
        let other = column(&[Some(0), Some(1)], &others);
        assert_eq!(results(&function, &other, "a"), [Some(false), Some(true)]);
        assert_eq!(evaluated(), 2);
        // A slice of the keys keeps the dictionary.
        let ColumnarValue::Array(array) = &second else { panic!() };
        let slice = ColumnarValue::Array(array.slice(3, 2));
        assert_eq!(results(&function, &slice, "a"), [Some(false), Some(true)]);
        assert_eq!(evaluated(), 0);
    }

    #[test]
    fn threads_share_a_table() {
        let function = SplFunction::new(super::super::lookup("like").unwrap());
        let texts: Vec<String> = (0..1_000).map(|number| format!("value {number}")).collect();
        let values: ArrayRef = Arc::new(StringViewArray::from_iter_values(&texts));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (function, values, texts) = (&function, &values, &texts);
                scope.spawn(move || {
                    for round in 0..50 {
                        let keys: Vec<Option<i32>> = (0..500).map(|row| Some((row * 7 + round * 13 + thread) % 1_000)).collect();
                        let found = results(function, &column(&keys, values), "%7%");
                        for (key, found) in keys.iter().zip(found) {
                            assert_eq!(found, Some(texts[key.unwrap() as usize].contains('7')));
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let memo = ConditionMemo { limit: 64 << 10, ..ConditionMemo::default() };
        let context = |number: i64| Context {
            literals: vec![Some(ScalarValue::Int64(Some(number)))],
            now: 0.0,
            time_zone: chrono_tz::Tz::UTC,
        };
        let values: ArrayRef = Arc::new(StringViewArray::from_iter_values(vec!["x"; 1 << 10]));
        for number in 0..100 {
            assert!(memo.table(&values, &context(number)).is_some());
            assert!(memo.kept.lock().unwrap().bytes <= memo.limit);
        }
        let huge: ArrayRef = Arc::new(StringViewArray::from_iter_values(vec!["x"; 1 << 12]));
        assert!(memo.table(&huge, &context(0)).is_none());
    }
}
