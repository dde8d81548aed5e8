//! The columns of a scan that are there whether the events have the field or not: what `tstats` aggregates and groups by.

use datafusion::logical_expr::{Expr, lit};
use spl_functions::column::ValueType;
use spl_parser::Diagnostic;

use super::NamedColumn;
use crate::context::PlanContext;
use crate::frame::scope::{Scope, Typed};
use crate::frame::{null, text};
use crate::function_call::call;
use crate::models::dataset::DatasetScope;
use crate::scan::events::each_profile;

/// The columns, null where no event has the field.
pub(super) fn columns(
    context: &PlanContext,
    scopes: &[DatasetScope<'_>],
    conditions: &[Expr],
    columns: &[NamedColumn],
) -> Result<Vec<(String, Expr)>, Diagnostic> {
    let field = |name: &str| -> Result<Option<Typed>, Diagnostic> {
        let values = scopes.iter().map(|scope| scope.resolve(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(each_profile(context, conditions, values)?.filter(|found| found.value_type != ValueType::Null))
    };
    let raw = if columns.iter().any(|column| column.prefix.is_some()) { field("_raw")? } else { None };
    let one = |column: &NamedColumn| -> Result<(String, Expr), Diagnostic> {
        let value = match (&column.prefix, &raw) {
            (None, _) => field(&column.name)?.map(|found| found.expression),
            (Some(prefix), Some(raw)) => Some(prefixed(context, raw.clone(), prefix)?),
            (Some(_), None) => None,
        };
        Ok((column.name.clone(), value.unwrap_or_else(|| null(ValueType::Text))))
    };
    columns.iter().map(one).collect()
}

/// What follows a prefix in the terms of a text, in lower case as terms are indexed.
///
/// Source: Splunk search reference, tstats, PREFIX directive.
fn prefixed(context: &PlanContext, raw: Typed, prefix: &str) -> Result<Expr, Diagnostic> {
    let breakers = r#"\s\[\]<>(){}|!;,'"*&?+"#;
    let regex = format!("(?:^|[{breakers}]){}([^{breakers}]+)", regex::escape(&prefix.to_lowercase()));
    let lower = call(context, "lower", vec![raw])?;
    let arguments = vec![
        lower,
        Typed::new(text(regex), ValueType::Text),
        Typed::new(lit(1_i64), ValueType::Integer),
        Typed::new(lit(0_i64), ValueType::Integer),
    ];
    Ok(call(context, "spl_capture_all", arguments)?.expression)
}
