//! The function that gives fields of the rows of a lookup table that match.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, BooleanBufferBuilder, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};

use crate::lookup::matcher::{Found, Matcher, MatcherForm};
use crate::node::to_json;

/// Fields of the matching rows: one as such, several as a structure whose first member says whether a row matched. What
/// they are for is said where the function is planned.
#[derive(Debug)]
pub struct LookupFunction {
    /// Finds the rows.
    pub matcher: Arc<Matcher>,
    /// The places of the fields in the table.
    pub columns: Vec<usize>,
    /// Whether the result is a structure.
    pub structured: bool,
    /// The type of each field.
    pub returns: ValueType,
    /// With fewer matches `default_match` fills up.
    pub min_matches: usize,
    /// The value where there is no match; empty = none.
    pub default_match: String,
    /// How many arguments are looked up; the time may follow.
    pub inputs: usize,
    /// Any arguments.
    pub signature: Signature,
}

/// The function as a value.
#[derive(Serialize, Deserialize)]
struct Form {
    matcher: MatcherForm,
    columns: Vec<usize>,
    structured: bool,
    multivalue: bool,
    min_matches: usize,
    default_match: String,
    inputs: usize,
}

impl LookupFunction {
    /// As a value.
    ///
    /// # Errors
    /// None that is known.
    pub fn write(&self) -> Result<Json> {
        to_json(&Form {
            matcher: self.matcher.form(),
            columns: self.columns.clone(),
            structured: self.structured,
            multivalue: self.returns == ValueType::Multivalue,
            min_matches: self.min_matches,
            default_match: self.default_match.clone(),
            inputs: self.inputs,
        })
    }

    /// The function of a value.
    ///
    /// # Errors
    /// A value that is of no such function.
    pub fn read(value: Json) -> serde_json::Result<Self> {
        let form: Form = serde_json::from_value(value)?;
        Ok(Self {
            matcher: Arc::new(Matcher::of(form.matcher)),
            columns: form.columns,
            structured: form.structured,
            returns: if form.multivalue { ValueType::Multivalue } else { ValueType::Text },
            min_matches: form.min_matches,
            default_match: form.default_match,
            inputs: form.inputs,
            signature: Signature::new(TypeSignature::VariadicAny, Volatility::Immutable),
        })
    }
}

impl PartialEq for LookupFunction {
    fn eq(&self, other: &Self) -> bool {
        self.matcher.is_same(&other.matcher)
            && (&self.columns, self.structured, self.returns, self.min_matches, &self.default_match, self.inputs)
                == (&other.columns, other.structured, other.returns, other.min_matches, &other.default_match, other.inputs)
    }
}

impl Eq for LookupFunction {}

impl Hash for LookupFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.matcher.fingerprint(), &self.columns, self.structured, self.inputs).hash(state);
    }
}

impl ScalarUDFImpl for LookupFunction {
    fn name(&self) -> &str {
        "spl_lookup"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.structured {
            true => DataType::Struct(self.members()),
            false => self.returns.arrow(),
        })
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = call.number_rows;
        let mut inputs: Vec<Column> =
            call.args.iter().map(|argument| Column::new(&argument.clone().into_array(rows)?)).collect::<Result<_>>()?;
        let times = if inputs.len() > self.inputs { inputs.pop().unwrap_or(Column::Null) } else { Column::Null };
        let mut built: Vec<ColumnBuilder> = self.columns.iter().map(|_| ColumnBuilder::new(self.returns, rows)).collect();
        let mut matched = BooleanBufferBuilder::new(rows);
        let mut known = Found::new();
        for row in 0..rows {
            let Some(found) = self.matcher.find(&inputs, row, times.value(row).number(), &mut known) else {
                built.iter_mut().for_each(ColumnBuilder::append_null);
                matched.append(false);
                continue;
            };
            let fills_up = found.len() < self.min_matches && !self.default_match.is_empty();
            matched.append(fills_up || !found.is_empty());
            for (column, built) in self.columns.iter().zip(&mut built) {
                let mut values: Vec<&str> = self.matcher.values(&found, *column).collect();
                if fills_up {
                    values.resize(self.min_matches.max(values.len()), &self.default_match);
                }
                match (values.first(), self.returns) {
                    (None, _) => built.append_null(),
                    (Some(first), ValueType::Text) => built.append_text(first),
                    _ => built.append_values(values),
                }
            }
        }
        let mut arrays: Vec<ArrayRef> = built.into_iter().map(ColumnBuilder::finish).collect();
        if self.structured {
            arrays.insert(0, Arc::new(BooleanArray::new(matched.finish(), None)));
            let array = StructArray::try_new(self.members(), arrays, None)?;
            return Ok(ColumnarValue::Array(Arc::new(array)));
        }
        match arrays.pop() {
            Some(array) => Ok(ColumnarValue::Array(array)),
            None => exec_err!("a lookup without a field"),
        }
    }
}

/// The name of the member that says whether a row matched.
pub const MATCHED: &str = "matched";

/// The name of the member with the field at a place of [`LookupFunction::columns`].
pub fn member(place: usize) -> String {
    format!("field{place}")
}

impl LookupFunction {
    fn members(&self) -> Fields {
        let fields = (0..self.columns.len()).map(|place| Field::new(member(place), self.returns.arrow(), true));
        std::iter::once(Field::new(MATCHED, DataType::Boolean, true)).chain(fields).collect()
    }
}
