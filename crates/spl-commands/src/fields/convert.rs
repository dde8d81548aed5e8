//! Planning of `convert`: field values to times and numbers.

use futures::future::BoxFuture;
use spl_functions::column::{Column, ValueType};
use spl_functions::convert::num;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::expand;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, text};
use spl_plan::function_call::call as function;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let mut frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`convert` needs rows", call.span))?;
        let automatic =
            |argument: &Argument| matches!(argument, Argument::Conversion { function, .. } if function.value == "auto");
        let whole = if call.arguments.iter().any(automatic) {
            frame = context.materialise(frame).await?;
            convertible(context, &frame, call).await?
        } else {
            Vec::new()
        };
        converted(context, call, frame, &whole)
    })
}

/// The fields of `auto` conversions all of whose values convert: a field with any other value is left as it is.
///
/// Source: Splunk search reference, convert, auto.
async fn convertible(context: &PlanContext, frame: &Frame, call: &CommandCall) -> Result<Vec<String>, Diagnostic> {
    let (_, batches) = context.collect(frame.clone()).await?;
    let mut whole = Vec::new();
    for argument in &call.arguments {
        let Argument::Conversion { function, field, .. } = argument else {
            continue;
        };
        if function.value != "auto" {
            continue;
        }
        for found in expand(frame, field) {
            let mut all = true;
            for batch in &batches {
                let Some(array) = batch.column_by_name(&found.name) else {
                    continue;
                };
                let column = Column::new(array).map_err(engine_error)?;
                all &= (0..batch.num_rows()).all(|row| {
                    let texts = column.value(row).each_text();
                    texts.len() < 2 && texts.iter().all(|text| num(text).is_some())
                });
            }
            if all {
                whole.push(found.name);
            }
        }
    }
    Ok(whole)
}

fn converted(context: &PlanContext, call: &CommandCall, frame: Frame, whole: &[String]) -> Result<Frame, Diagnostic> {
    let format = call.text("timeformat");
    let excluded: Vec<String> = call
        .arguments
        .iter()
        .filter_map(|argument| match argument {
            Argument::Conversion { function, field, .. } if function.value == "none" => Some(expand(&frame, field)),
            _ => None,
        })
        .flatten()
        .map(|field| field.name)
        .collect();
    let mut assignments = Vec::new();
    for argument in &call.arguments {
        let Argument::Conversion { function: conversion, field, alias } = argument else {
            continue;
        };
        if conversion.value == "none" {
            continue;
        }
        for found in expand(&frame, field) {
            if field.has_wildcard() && (excluded.contains(&found.name) || found.name.starts_with('_')) {
                continue;
            }
            let source = Typed::new(column(&found.name), found.value_type());
            let converted = match conversion.value.as_str() {
                "ctime" | "mktime" => {
                    let arguments = vec![source, Typed::new(text(format), ValueType::Text)];
                    function(context, &format!("convert_{}", conversion.value), arguments)?
                }
                "auto" if !whole.contains(&found.name) => source,
                name => function(context, &format!("convert_{name}"), vec![source])?,
            };
            let target = match alias {
                Some(alias) if !alias.has_wildcard() => alias.name.clone(),
                Some(alias) => renamed(&field.name, &alias.name, &found.name),
                None => found.name,
            };
            assignments.push((target, converted.expression));
        }
    }
    frame.assign(assignments)
}

fn renamed(pattern: &str, target: &str, name: &str) -> String {
    let captures = spl_plan::names::wildcards::wildcard_captures(pattern, name).unwrap_or_default();
    let mut captures = captures.into_iter();
    let mut renamed = String::new();
    for (index, piece) in target.split('*').enumerate() {
        if index > 0 {
            renamed.push_str(captures.next().unwrap_or_default());
        }
        renamed.push_str(piece);
    }
    renamed
}
