//! Statistical functions by name.

use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;
use spl_functions::aggregate::{AggregateSpec, Status};
use spl_parser::{Diagnostic, Span, diagnostic::nearest};

use crate::context::PlanContext;

/// Looks a statistical function up.
pub fn lookup(context: &PlanContext, name: &str, span: Span) -> Result<(&'static AggregateSpec, Arc<AggregateUDF>), Diagnostic> {
    let Some((spec, function)) = context.aggregate(name, span) else {
        let error = Diagnostic::error("plan/unknown-function", format!("unknown statistical function `{name}`"), span);
        let known = spl_functions::aggregate::all().map(|spec| spec.name);
        if let Some(here) = spl_functions::aggregate::name_here(name) {
            return Err(error.with_help(format!("it is called `{here}` here")));
        }
        return Err(match nearest(name, known) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None if spl_functions::scalar::lookup(name).is_some() => {
                error.with_help(format!("`{name}` is an eval function: compute it before, or inside `eval(...)`"))
            }
            None => error,
        });
    };
    if spec.status == Status::Planned {
        return Err(Diagnostic::error("plan/not-built", format!("`{}` is known but not built yet", spec.name), span));
    }
    let parameter = spl_functions::aggregate::lookup(name).and_then(|(_, parameter)| parameter);
    spec.check_parameter(parameter).map_err(|message| Diagnostic::error("plan/argument", message, span))?;
    Ok((spec, function))
}
