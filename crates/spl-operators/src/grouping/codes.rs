//! By-fields as numbers: a dictionary column is grouped by codes that are gathered per row, and the codes become
//! texts again for the groups only.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringViewArray};
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use spl_functions::dictionary::PerDictionary;
use spl_functions::interner::Interner;

use crate::distinct::dictionary_type;

/// The name of the function that gives codes.
pub const CODE: &str = "group_code";

/// Numbers the texts of a column; shared by the function that numbers and the one that reads the numbers back.
#[derive(Debug)]
struct Codes {
    texts: Mutex<Texts>,
    tables: Mutex<PerDictionary<Table>>,
}

impl Default for Codes {
    fn default() -> Self {
        Self { texts: Mutex::default(), tables: Mutex::new(PerDictionary::new(64)) }
    }
}

#[derive(Debug, Default)]
struct Texts {
    known: Interner,
    /// The texts as an array, as long as nothing was added to them.
    array: Option<ArrayRef>,
}

/// The codes of one dictionary's values, filled as they are met.
type Table = Arc<[AtomicI32]>;

const UNKNOWN: i32 = -1;

impl Codes {
    fn table(&self, texts: &StringViewArray) -> Table {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.get_or_insert_with(texts, || (0..texts.len()).map(|_| AtomicI32::new(UNKNOWN)).collect()).clone()
    }

    fn code(&self, text: &str) -> Result<i32> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(texts.known.id(text)?.cast_signed())
    }

    fn encode(&self, array: &ArrayRef) -> Result<Int32Array> {
        let array = if *array.data_type() == dictionary_type() {
            array.clone()
        } else {
            arrow::compute::cast(array, &dictionary_type())?
        };
        let dictionary = array.as_dictionary::<Int32Type>();
        let texts = dictionary.values().as_string_view();
        let table = self.table(texts);
        let code_of = |key: i32| -> Result<i32> {
            let slot = &table[key as usize];
            match slot.load(Ordering::Relaxed) {
                UNKNOWN => {
                    let code = self.code(texts.value(key as usize))?;
                    slot.store(code, Ordering::Relaxed);
                    Ok(code)
                }
                code => Ok(code),
            }
        };
        let keys = dictionary.keys();
        if keys.null_count() == 0 && texts.null_count() == 0 {
            return Ok(Int32Array::from(keys.values().iter().map(|key| code_of(*key)).collect::<Result<Vec<i32>>>()?));
        }
        keys.iter().map(|key| key.filter(|key| texts.is_valid(*key as usize)).map(code_of).transpose()).collect()
    }

    /// The texts of codes: a dictionary whose keys are the codes themselves.
    fn decode(&self, codes: &Int32Array) -> Result<ArrayRef> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let values = match &texts.array {
            Some(array) if array.len() == texts.known.len() => array.clone(),
            _ => {
                let array: ArrayRef = Arc::new(texts.known.texts());
                texts.array = Some(array.clone());
                array
            }
        };
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(codes.clone(), values)?))
    }
}

/// The pair of expressions for a by-field: its codes, and its texts from a column of codes.
pub fn pair() -> (Arc<ScalarUDF>, Arc<ScalarUDF>) {
    let codes = Arc::new(Codes::default());
    let make = |decodes| {
        Arc::new(ScalarUDF::from(Coding { signature: Signature::any(1, Volatility::Immutable), codes: codes.clone(), decodes }))
    };
    (make(false), make(true))
}

/// Which pair a function of [`pair`] belongs to, told apart from all other pairs of the process that are in use, and whether
/// the function reads codes back; none for other functions.
pub fn half_of_pair(function: &ScalarUDF) -> Option<(usize, bool)> {
    let coding = function.inner().downcast_ref::<Coding>()?;
    Some((Arc::as_ptr(&coding.codes) as usize, coding.decodes))
}

#[derive(Debug)]
struct Coding {
    signature: Signature,
    codes: Arc<Codes>,
    decodes: bool,
}

impl PartialEq for Coding {
    fn eq(&self, other: &Self) -> bool {
        self.decodes == other.decodes && Arc::ptr_eq(&self.codes, &other.codes)
    }
}

impl Eq for Coding {}

impl Hash for Coding {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.decodes.hash(state);
        Arc::as_ptr(&self.codes).hash(state);
    }
}

impl ScalarUDFImpl for Coding {
    fn name(&self) -> &str {
        if self.decodes { "group_text" } else { CODE }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(if self.decodes { dictionary_type() } else { DataType::Int32 })
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = call.args[0].to_array(call.number_rows)?;
        if !self.decodes {
            return Ok(ColumnarValue::Array(Arc::new(self.codes.encode(&array)?)));
        }
        match array.data_type() {
            DataType::Int32 => Ok(ColumnarValue::Array(self.codes.decode(array.as_primitive::<Int32Type>())?)),
            other => exec_err!("codes of groups are numbers, not {other}"),
        }
    }
}

/// Whether a column is grouped by codes.
pub fn applies(data_type: &DataType) -> bool {
    *data_type == dictionary_type()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::StringViewArray;

    use super::*;

    fn dictionary(texts: &[&str], keys: &[Option<i32>]) -> ArrayRef {
        let values: ArrayRef = Arc::new(StringViewArray::from(texts.to_vec()));
        Arc::new(DictionaryArray::<Int32Type>::try_new(keys.iter().copied().collect(), values).unwrap())
    }

    #[test]
    fn a_text_has_one_code_in_all_dictionaries() {
        let codes = Codes::default();
        let first = codes.encode(&dictionary(&["a", "b", "unused"], &[Some(1), Some(0), None, Some(1)])).unwrap();
        assert_eq!(first.iter().collect::<Vec<_>>(), [Some(0), Some(1), None, Some(0)]);
        let second = codes.encode(&dictionary(&["c", "a"], &[Some(1), Some(0)])).unwrap();
        assert_eq!(second.iter().collect::<Vec<_>>(), [Some(1), Some(2)]);
        let plain: ArrayRef = Arc::new(StringViewArray::from(vec![Some("b"), None]));
        assert_eq!(codes.encode(&plain).unwrap().iter().collect::<Vec<_>>(), [Some(0), None]);
    }

    #[test]
    fn codes_become_texts_again() {
        let codes = Codes::default();
        let texts = dictionary(&["a", "b"], &[Some(1), None, Some(0)]);
        let read = codes.decode(&codes.encode(&texts).unwrap()).unwrap();
        let plain = |array: &ArrayRef| arrow::compute::cast(array, &DataType::Utf8View).unwrap();
        assert_eq!(&plain(&read), &plain(&texts));
    }
}
