//! Text functions of eval.

use datafusion_common::Result;

use super::{Call, FunctionSpec, Kernel};
use crate::column::{ColumnBuilder, ValueType};

/// The text functions.
pub const FUNCTIONS: &[FunctionSpec] = &[FunctionSpec {
    name: "lower",
    category: "Text functions",
    syntax: "lower(<str>)",
    summary: "the text in lower case",
    arity: (1, Some(1)),
    returns: |_| ValueType::Text,
    kernel: Kernel::Columns(lower),
    check: None,
}];

fn lower(call: &Call<'_>) -> Result<arrow::array::ArrayRef> {
    let mut built = ColumnBuilder::new(call.returns, call.rows);
    for row in 0..call.rows {
        match call.value(0, row).text() {
            Some(text) => built.append_text(&text.to_lowercase()),
            None => built.append_null(),
        }
    }
    Ok(built.finish())
}
