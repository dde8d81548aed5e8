//! Frames one behind the other, columns by name.

use std::sync::Arc;

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Union};
use indexmap::IndexMap;
use spl_functions::column::ValueType;
use spl_operators::errors::engine_error;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;

use crate::aggregation::prestats;
use crate::context::PlanContext;
use crate::frame::ordinals::appended_ordinal;
use crate::frame::scope::Typed;
use crate::frame::{Frame, FrameField, column, is_wide, null};
use crate::function_call;

/// One frame behind the other, columns by name. The second must be numbered from 0.
pub fn concatenate(context: &PlanContext, first: Frame, second: Frame) -> Result<Frame, Diagnostic> {
    concatenate_all(context, vec![first, second])
}

/// Frames one behind the other, columns by name. All but the first must be numbered from 0.
pub fn concatenate_all(context: &PlanContext, mut frames: Vec<Frame>) -> Result<Frame, Diagnostic> {
    if frames.len() == 1
        && let Some(only) = frames.pop()
    {
        return Ok(only);
    }
    // What statistics read of rows with `prestats=true` is hidden, and comes along.
    let carried = |field: &FrameField| !field.is_hidden() || field.name.starts_with(prestats::PREFIX);
    let mut types: IndexMap<String, Vec<Option<FrameField>>> = IndexMap::new();
    for (place, frame) in frames.iter().enumerate() {
        for field in frame.all_fields().into_iter().filter(carried) {
            let known = types.entry(field.name.clone()).or_insert_with(|| vec![None; frames.len()]);
            known[place] = Some(field);
        }
    }
    let common: Vec<(ValueType, bool)> = types
        .values()
        .map(|fields| {
            let present = || fields.iter().flatten();
            let first = present().next();
            let alike = |other: &FrameField| {
                first.is_some_and(|first| (&first.data_type, first.precision) == (&other.data_type, other.precision))
            };
            let is_same = present().all(alike) && present().count() == fields.len();
            let value_type = present().fold(ValueType::Null, |kind, other| kind.common(other.value_type()));
            // A column has one precision: numbers that show different decimals are kept as the texts that they show.
            let shows = |field: &FrameField| field.precision.shown_decimals().is_some();
            let value_type = match value_type {
                ValueType::Null => ValueType::Text,
                ValueType::Float if present().any(shows) && !present().all(alike) => ValueType::Text,
                other => other,
            };
            (value_type, is_same)
        })
        .collect();
    let mut appended = frames.first().map_or(0, |first| first.appended);
    let mut plans = Vec::with_capacity(frames.len());
    for (place, frame) in frames.into_iter().enumerate() {
        let mut columns: Vec<(String, Expr)> = Vec::with_capacity(types.len() + 1);
        for ((name, types), (value_type, same)) in types.iter().zip(&common) {
            let value = match &types[place] {
                Some(_) if *same => column(name),
                Some(field) => {
                    let typed = Typed::new(column(name), field.value_type()).known_to(field.precision);
                    function_call::convert(context, typed, *value_type)?
                }
                None => null(*value_type),
            };
            columns.push((name.clone(), value));
        }
        if place > 0 {
            appended += 1;
            columns.push((ORDINAL.to_owned(), appended_ordinal(appended)));
        }
        plans.push(Arc::new(frame.select(columns)?.settled()?.into_plan()?));
    }
    // As one node: a chain of nodes for two would be as deep as there are frames.
    let union = Union::try_new_with_loose_types(plans).map(LogicalPlan::Union).map_err(engine_error)?;
    // Columns of wide rows come from an operator, whose names have no table before them.
    if is_wide(types.len()) {
        return Ok(Frame::over(union, appended));
    }
    let names: Vec<String> = types.into_keys().chain([ORDINAL.to_owned()]).collect();
    let plan = LogicalPlanBuilder::from(union)
        .project(names.iter().map(|name| column(name)))
        .and_then(LogicalPlanBuilder::build)
        .map_err(engine_error)?;
    Ok(Frame::over(plan, appended))
}
