//! Planning of `append`: the rows of a subsearch behind the rows there are.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use super::{Input, count};
use crate::expression::{self, Typed};
use crate::frame::{Frame, FrameField, ORDINAL, column, engine_error, null};
use crate::needed::Needed;
use crate::planner::{Planner, appended_ordinal};
use crate::prestats;

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        // Times to wait have no meaning where nothing waits; the row limit has. `extendtimerange` is part of the time range
        // of the search.
        let (Some(frame), Some(subsearch)) = (input.frame, call.subsearch()) else {
            return Err(Diagnostic::error("plan/argument", "`append` needs rows and a subsearch", call.span));
        };
        let limit = count(call, "maxout", planner.limits().get("append_maxout"))?;
        let inner = planner.subsearch(subsearch, "append_maxout", Needed::All).await?;
        let inner = planner.limited(inner, "append_maxout", limit, subsearch.span).await?;
        concatenate(planner, frame, inner)
    })
}

/// One frame behind the other, columns by name. The second must be numbered from 0.
pub fn concatenate(planner: &Planner, first: Frame, second: Frame) -> Result<Frame, Diagnostic> {
    let appended = first.appended + 1;
    // What statistics read of rows with `prestats=true` is hidden, and comes along.
    let carried = |frame: &Frame| -> Vec<FrameField> {
        let all = frame.all_fields().into_iter();
        all.filter(|field| !field.is_hidden() || field.name.starts_with(prestats::PREFIX)).collect()
    };
    let (left, right) = (carried(&first), carried(&second));
    let mut names: Vec<String> = left.iter().map(|field| field.name.clone()).collect();
    names.extend(right.iter().map(|field| field.name.clone()).filter(|name| !names.contains(name)).collect::<Vec<_>>());
    let mut left_columns: Vec<(String, Expr)> = Vec::new();
    let mut right_columns: Vec<(String, Expr)> = Vec::new();
    for name in names {
        let (in_left, in_right) = (first.field(&name), second.field(&name));
        let same: Option<&DataType> = match (&in_left, &in_right) {
            (Some(a), Some(b)) if a.data_type == b.data_type => Some(&a.data_type),
            _ => None,
        };
        let value_type =
            [&in_left, &in_right].into_iter().flatten().fold(ValueType::Null, |kind, field| kind.common(field.value_type()));
        let value_type = if value_type == ValueType::Null { ValueType::Text } else { value_type };
        let side = |field: &Option<crate::frame::FrameField>| -> Result<Expr, Diagnostic> {
            match (field, same) {
                (Some(_), Some(_)) => Ok(column(&name)),
                (Some(field), None) => expression::convert(planner, Typed::new(column(&name), field.value_type()), value_type),
                (None, _) => Ok(null(value_type)),
            }
        };
        left_columns.push((name.clone(), side(&in_left)?));
        right_columns.push((name.clone(), side(&in_right)?));
    }
    right_columns.push((ORDINAL.to_owned(), appended_ordinal(appended)));
    let (left, right) = (first.select(left_columns)?, second.select(right_columns)?);
    let names: Vec<String> = left.all_fields().into_iter().map(|field| field.name).collect();
    let plan = LogicalPlanBuilder::from(left.plan)
        .union(Arc::unwrap_or_clone(Arc::new(right.plan)))
        .and_then(|plan| plan.project(names.iter().map(|name| column(name))))
        .and_then(LogicalPlanBuilder::build)
        .map_err(engine_error)?;
    Ok(Frame::over(plan, appended))
}
