//! The function that gives one field of the rows of a lookup table that match.

use std::hash::{Hash, Hasher};

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};

use crate::lookup::matcher::{Found, Matcher, MatcherForm};
use crate::node::to_json;

/// One field of the matching rows; what it gives and when is said where it is planned.
#[derive(Debug)]
pub struct LookupFunction {
    /// Finds the rows.
    pub matcher: Matcher,
    /// The place of the field in the table.
    pub column: usize,
    /// The type of the result.
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
    column: usize,
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
            column: self.column,
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
            matcher: Matcher::of(form.matcher),
            column: form.column,
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
            && (self.column, self.returns, self.min_matches, &self.default_match, self.inputs)
                == (other.column, other.returns, other.min_matches, &other.default_match, other.inputs)
    }
}

impl Eq for LookupFunction {}

impl Hash for LookupFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.matcher.fingerprint(), self.column, self.inputs).hash(state);
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
        Ok(self.returns.arrow())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = call.number_rows;
        let mut inputs: Vec<Column> =
            call.args.iter().map(|argument| Column::new(&argument.clone().into_array(rows)?)).collect::<Result<_>>()?;
        let times = if inputs.len() > self.inputs { inputs.pop().unwrap_or(Column::Null) } else { Column::Null };
        let mut built = ColumnBuilder::new(self.returns, rows);
        let mut known = Found::new();
        for row in 0..rows {
            let Some(found) = self.matcher.find(&inputs, row, times.value(row).number(), &mut known) else {
                built.append_null();
                continue;
            };
            let mut values: Vec<&str> = self.matcher.values(&found, self.column).collect();
            if found.len() < self.min_matches && !self.default_match.is_empty() {
                values.resize(self.min_matches.max(values.len()), &self.default_match);
            }
            match (values.first(), self.returns) {
                (None, _) => built.append_null(),
                (Some(first), ValueType::Text) => built.append_text(first),
                _ => built.append_values(values),
            }
        }
        Ok(ColumnarValue::Array(built.finish()))
    }
}
