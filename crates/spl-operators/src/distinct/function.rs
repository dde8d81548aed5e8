//! Expressions over one dictionary column, evaluated once per distinct value instead of once per row.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, StringViewArray, UInt32Array};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::physical_expr::PhysicalExpr;
use spl_functions::column::ValueType;
use spl_functions::dictionary::{PerDictionary, kept_size};

use crate::compiled::compile;

/// The type of text columns with repetitions.
pub fn dictionary_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View))
}

/// The function that evaluates an expression over one dictionary column once per distinct value.
///
/// `body` reads the column `column` only. Texts come out as a dictionary (`texts_as_dictionary`) or as `Utf8View`, other
/// values in the type of `value_type`.
pub fn once_per_distinct(
    column: &str,
    body: Expr,
    value_type: ValueType,
    texts_as_dictionary: bool,
    kept_bytes: &KeptBytes,
) -> ScalarUDF {
    let returns = if value_type == ValueType::Text && texts_as_dictionary { dictionary_type() } else { value_type.arrow() };
    ScalarUDF::from(PerDistinct {
        signature: Signature::any(1, Volatility::Immutable),
        column: column.to_owned(),
        is_text: value_type == ValueType::Text,
        body,
        returns,
        compiled: OnceLock::new(),
        known: Mutex::new(PerDictionary::new(1)),
        kept_bytes: kept_bytes.clone(),
    })
}

/// What a function of [`once_per_distinct`] was made of.
#[derive(Clone, Copy, Debug)]
pub struct OncePerDistinct<'f> {
    /// The column that the body reads.
    pub column: &'f str,
    /// What is evaluated.
    pub body: &'f Expr,
    /// The type of the body's values.
    pub value_type: ValueType,
    /// Whether texts come out as a dictionary.
    pub texts_as_dictionary: bool,
}

impl<'f> OncePerDistinct<'f> {
    /// What a function was made of; none for other functions.
    pub fn of(function: &'f ScalarUDF) -> Option<Self> {
        let function = function.inner().downcast_ref::<PerDistinct>()?;
        Some(Self {
            column: &function.column,
            body: &function.body,
            value_type: if function.is_text { ValueType::Text } else { ValueType::of(&function.returns) },
            texts_as_dictionary: function.gives_dictionary(),
        })
    }
}

/// The bytes of all results that functions keep, counted together.
#[derive(Clone, Debug, Default)]
pub struct KeptBytes(Arc<AtomicUsize>);

impl KeptBytes {
    /// The bytes now.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The results for a dictionary's values, and for a row without a value at the end.
#[derive(Debug)]
struct Known {
    results: ArrayRef,
    bytes: usize,
    kept_bytes: KeptBytes,
}

impl Known {
    fn new(values: &StringViewArray, results: &ArrayRef, kept_bytes: &KeptBytes) -> Self {
        let bytes = kept_size(values) + results.get_array_memory_size();
        kept_bytes.add(bytes);
        Self { results: results.clone(), bytes, kept_bytes: kept_bytes.clone() }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.kept_bytes.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct PerDistinct {
    signature: Signature,
    column: String,
    body: Expr,
    is_text: bool,
    returns: DataType,
    compiled: OnceLock<Arc<dyn PhysicalExpr>>,
    known: Mutex<PerDictionary<Known>>,
    kept_bytes: KeptBytes,
}

impl PartialEq for PerDistinct {
    fn eq(&self, other: &Self) -> bool {
        self.column == other.column && self.body == other.body && self.returns == other.returns
    }
}

impl Eq for PerDistinct {}

impl Hash for PerDistinct {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.body.hash(state);
        self.returns.hash(state);
    }
}

impl PerDistinct {
    fn schema(&self) -> Schema {
        Schema::new(vec![Field::new(&self.column, dictionary_type(), true)])
    }

    /// The results for these values and, last, for none.
    fn evaluate(&self, values: &ArrayRef, options: &Arc<ConfigOptions>) -> Result<ArrayRef> {
        let schema = self.schema();
        let body = match self.compiled.get() {
            Some(body) => body.clone(),
            None => {
                let body = compile(&self.body, &schema, options)?;
                self.compiled.get_or_init(|| body).clone()
            }
        };
        let count = values.len();
        let keys: Int32Array = (0..count).map(|key| i32::try_from(key).ok()).chain([None]).collect();
        let extended = DictionaryArray::<Int32Type>::try_new(keys, values.clone())?;
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(extended)])?;
        let results = body.evaluate(&batch)?.into_array(count + 1)?;
        let plain = if self.is_text { DataType::Utf8View } else { self.returns.clone() };
        Ok(arrow::compute::cast(&results, &plain)?)
    }

    fn gives_dictionary(&self) -> bool {
        matches!(self.returns, DataType::Dictionary(..))
    }

    /// Kept results, or fresh ones when the rows are many against the dictionary.
    fn results_for(&self, values: &ArrayRef, rows: usize, options: &Arc<ConfigOptions>) -> Result<Option<ArrayRef>> {
        const WORTH: usize = 8;
        let texts = values.as_string_view();
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(texts) {
            return Ok(Some(known.results.clone()));
        }
        if rows.saturating_mul(WORTH) < values.len() {
            return Ok(None);
        }
        let results = self.evaluate(values, options)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_with(texts, || Known::new(texts, &results, &self.kept_bytes));
        Ok(Some(results))
    }
}

impl ScalarUDFImpl for PerDistinct {
    fn name(&self) -> &str {
        "per_distinct"
    }

    fn display_name(&self, _: &[Expr]) -> Result<String> {
        Ok(format!("per_distinct[{}]", self.body))
    }

    fn schema_name(&self, _: &[Expr]) -> Result<String> {
        Ok(format!("per_distinct[{}]", self.body))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = call.args[0].to_array(call.number_rows)?;
        let array =
            if *array.data_type() == dictionary_type() { array } else { arrow::compute::cast(&array, &dictionary_type())? };
        let dictionary = array.as_dictionary::<Int32Type>();
        let (results, keys) = match self.results_for(dictionary.values(), dictionary.len(), &call.config_options)? {
            Some(results) => {
                let none = u32::try_from(dictionary.values().len()).unwrap_or(u32::MAX);
                let keys: Vec<u32> = dictionary.keys().iter().map(|key| key.map_or(none, |key| key as u32)).collect();
                (results, UInt32Array::from(keys))
            }
            None => {
                // Few rows: only the values that they use.
                let mut used: Vec<i32> = dictionary.keys().iter().flatten().collect();
                used.sort_unstable();
                used.dedup();
                let values = arrow::compute::take(dictionary.values(), &Int32Array::from(used.clone()), None)?;
                let none = u32::try_from(used.len()).unwrap_or(u32::MAX);
                let keys: Vec<u32> = dictionary
                    .keys()
                    .iter()
                    .map(|key| key.and_then(|key| used.binary_search(&key).ok()).map_or(none, |place| place as u32))
                    .collect();
                (self.evaluate(&values, &call.config_options)?, UInt32Array::from(keys))
            }
        };
        if !self.gives_dictionary() {
            return Ok(ColumnarValue::Array(arrow::compute::take(&results, &keys, None)?));
        }
        let texts = results.as_string_view();
        let keys: Int32Array = keys.values().iter().map(|key| texts.is_valid(*key as usize).then_some(*key as i32)).collect();
        Ok(ColumnarValue::Array(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, results)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted_as_long_as_they_are_kept() {
        let kept_bytes = KeptBytes::default();
        let values = StringViewArray::from(vec!["a text of more than twelve bytes"; 10]);
        let results: ArrayRef = Arc::new(values.clone());
        let known = Known::new(&values, &results, &kept_bytes);
        assert!(kept_bytes.get() >= 2 * 10 * 16, "{}", kept_bytes.get());
        drop(known);
        assert_eq!(kept_bytes.get(), 0);
    }
}
