//! What `tstats prestats=true` and its kin hand on: rows that `stats`, `chart` or `timechart` go on with.
//!
//! The rows are those that would have been aggregated, with the by-fields. What each statistic reads stands in a hidden
//! column of its own, so that a later `append=true` adds rows for other statistics without changing these.

use datafusion::logical_expr::lit;
use spl_functions::aggregate::Inputs;
use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::{AggregationArgument, CommandCall};

use crate::aggregation::function;
use crate::context::PlanContext;
use crate::frame::scope::{Scope, Typed};
use crate::frame::{Frame, column, null};

/// How the names of the hidden columns start.
pub const PREFIX: &str = "__prestats";

fn name_of(function: &str, field: &str) -> String {
    format!("{PREFIX} {function} {field}")
}

/// Whether rows come from a command with `prestats=true`.
pub fn is_prestats(frame: &Frame) -> bool {
    frame.all_fields().iter().any(|field| field.name.starts_with(PREFIX))
}

/// The hidden columns of a frame, which every command between the two has to hand on.
pub fn hidden(frame: &Frame) -> impl Iterator<Item = String> {
    frame.all_fields().into_iter().map(|field| field.name).filter(|name| name.starts_with(PREFIX))
}

/// The field that a hidden column holds what a statistic reads of; none for other columns.
pub fn field_of(name: &str) -> Option<&str> {
    let (_, field) = name.strip_prefix(PREFIX)?.strip_prefix(' ')?.split_once(' ')?;
    (!field.is_empty()).then_some(field)
}

/// The name of a hidden column after its field was renamed.
pub fn renamed(name: &str, from: &str, to: &str) -> Option<String> {
    let before = name.strip_suffix(from).filter(|_| field_of(name) == Some(from))?;
    Some(format!("{before}{to}"))
}

/// The rows of a frame for the statistics of a command, with its by-fields.
pub fn rows(context: &PlanContext, call: &CommandCall, frame: Frame, by: &[String]) -> Result<Frame, Diagnostic> {
    let mut columns: Vec<(String, datafusion::logical_expr::Expr)> =
        by.iter().filter(|name| frame.field(name).is_some()).map(|name| (name.clone(), column(name))).collect();
    let mut reads_time = false;
    for one in call.aggregations() {
        if let Some(alias) = &one.alias {
            context.warn(
                Diagnostic::warning(
                    "plan/idle-name",
                    format!("with `prestats=true` the name `{}` has no effect", alias.name),
                    Some(alias.span),
                )
                .with_help("rename the statistic in the command that follows"),
            );
        }
        let (spec, _) = function::lookup(context, &one.function.value, one.function.span)?;
        reads_time |= matches!(spec.inputs, Inputs::ValueAndTime | Inputs::ValueTimeAndSeries);
        let (field, value) = match &one.argument {
            AggregationArgument::None => ("", lit(1_i64)),
            AggregationArgument::Field(field) => {
                let value = frame.field(&field.name).map_or_else(|| null(ValueType::Text), |_| column(&field.name));
                (field.name.as_str(), value)
            }
            _ => {
                return Err(Diagnostic::error(
                    "plan/argument",
                    "with `prestats=true` statistics are computed of fields only",
                    one.span,
                ));
            }
        };
        let name = name_of(spec.name, field);
        if !columns.iter().any(|(known, _)| *known == name) {
            columns.push((name, value));
        }
    }
    if reads_time && frame.field("_time").is_some() && !by.iter().any(|name| name == "_time") {
        columns.push(("_time".to_owned(), column("_time")));
    }
    frame.select(columns)
}

/// What a statistic reads of such rows; none when the frame has no such rows. A statistic that was not asked for reads what
/// another one of the same field reads.
pub fn value(frame: &Frame, function: &str, field: &str) -> Result<Option<Typed>, Diagnostic> {
    if !is_prestats(frame) {
        return Ok(None);
    }
    if let Some(found) = frame.resolve(&name_of(function, field))? {
        return Ok(Some(found));
    }
    if field.is_empty() {
        return Ok(Some(Typed::new(lit(1_i64), ValueType::Integer)));
    }
    let ending = format!(" {field}");
    let other = frame.all_fields().into_iter().find(|known| {
        known.name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(&ending)).is_some_and(|rest| !rest.trim().contains(' '))
    });
    Ok(Some(match other {
        Some(found) => Typed::new(column(&found.name), found.value_type()),
        None => Typed::new(null(ValueType::Text), ValueType::Text),
    }))
}
