//! JSON nulls, which are fields with the text `null` in Splunk: the knowledge pack takes them for fields that are absent.

use arrow::array::AsArray;
use datafusion::logical_expr::Expr;
use spl_functions::column::ValueType;
use spl_parser::Diagnostic;

use crate::context::PlanContext;
use crate::frame::scope::Typed;
use crate::frame::text;
use crate::function_call::choose;

/// What stands for a JSON null.
const NULL: &str = "null";

/// A value without the text `null`, where events of the kind may have that in the field of this name.
///
/// # Errors
/// An expression that can't be built.
pub fn without_null(context: &PlanContext, kind: usize, name: &str, typed: Typed) -> Result<Typed, Diagnostic> {
    match is_said(context, kind, name, &typed) {
        Some(said) => choose(context, vec![(said, typed)], None),
        None => Ok(typed),
    }
}

/// The field as the events have it; the filling where they lack it or have the text `null`.
///
/// # Errors
/// An expression that can't be built.
pub fn filled(context: &PlanContext, kind: usize, name: &str, own: Typed, filling: Typed) -> Result<Typed, Diagnostic> {
    match is_said(context, kind, name, &own) {
        Some(said) => {
            let branches = vec![(said, own.clone()), (filling.expression.clone().is_not_null(), filling)];
            choose(context, branches, Some(own))
        }
        None => choose(context, vec![(own.expression.clone().is_not_null(), own)], Some(filling)),
    }
}

/// Whether a value is there and is not the text `null`; none where it never is that text.
fn is_said(context: &PlanContext, kind: usize, name: &str, typed: &Typed) -> Option<Expr> {
    let (_, facts) = context.data().statistics(name, kind)?;
    let may_be = match facts.values {
        None => true,
        Some(values) => {
            let texts = values.as_any_dictionary_opt()?.values().as_string_view_opt()?;
            texts.iter().flatten().any(|text| text == NULL)
        }
    };
    (typed.value_type == ValueType::Text && may_be).then(|| typed.expression.clone().not_eq(text(NULL)))
}
