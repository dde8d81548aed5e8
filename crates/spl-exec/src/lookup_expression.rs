//! Lookups as expressions: one field of the matching rows, for fields that knowledge objects look up.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_knowledge::{LookupDefinition, MatchType};
use spl_parser::Diagnostic;

use crate::expression::Typed;
use crate::lookup_matcher::{Found, Matcher};

/// The values of `output` in the rows of the table where the fields of the table equal the values given beside them.
/// Without a match it is null, unless the definition has `default_match`.
pub fn lookup(definition: &LookupDefinition, inputs: Vec<(&str, Typed)>, output: &str) -> std::result::Result<Typed, Diagnostic> {
    if definition.time_field.is_some() {
        return Err(Diagnostic::general(
            "plan/not-built",
            format!("`{}` is a lookup by time, which is not built yet", definition.name),
        ));
    }
    let table = Arc::new(definition.load()?);
    let column = table.column(output)?;
    let places: Vec<(usize, MatchType)> = inputs
        .iter()
        .map(|(name, _)| Ok((table.column(name)?, definition.match_type(name))))
        .collect::<std::result::Result<_, Diagnostic>>()?;
    let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
    let returns = if definition.max_matches > 1 { ValueType::Multivalue } else { ValueType::Text };
    let function = LookupFunction {
        identity: format!("{} {} {output}", definition.name, names.join(" ")),
        matcher: Matcher::new(table, places, definition.case_sensitive, definition.max_matches),
        column,
        returns,
        min_matches: definition.min_matches,
        default_match: definition.default_match.clone(),
        signature: Signature::new(TypeSignature::Any(inputs.len()), Volatility::Immutable),
    };
    let arguments = inputs.into_iter().map(|(_, typed)| typed.expression).collect();
    Ok(Typed::new(ScalarUDF::from(function).call(arguments), returns))
}

#[derive(Debug)]
struct LookupFunction {
    /// What tells two lookups of the same planning apart.
    identity: String,
    matcher: Matcher,
    column: usize,
    returns: ValueType,
    min_matches: usize,
    default_match: String,
    signature: Signature,
}

impl PartialEq for LookupFunction {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl Eq for LookupFunction {}

impl Hash for LookupFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity.hash(state);
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
        let inputs: Vec<Column> =
            call.args.iter().map(|argument| Column::new(&argument.clone().into_array(rows)?)).collect::<Result<_>>()?;
        let mut built = ColumnBuilder::new(self.returns, rows);
        let mut known = Found::new();
        for row in 0..rows {
            let Some(found) = self.matcher.find(&inputs, row, &mut known) else {
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
