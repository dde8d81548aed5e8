//! Planning of `convert`: field values to times and numbers.

use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};

use super::expand;
use crate::expression::{Typed, call as function};
use crate::frame::{Frame, column, text};
use crate::planner::Planner;

/// Plans the command.
pub fn plan(planner: &Planner, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let format = call.option("timeformat").map_or("%m/%d/%Y %H:%M:%S", |option| option.value.value.as_str());
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
        let Argument::Conversion { function: conversion, field, alias } = argument else { continue };
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
                    function(planner, &format!("convert_{}", conversion.value), arguments)?
                }
                // `auto` leaves a field alone unless all its values convert; value by value that is what stays text.
                "auto" => {
                    let number = function(planner, "convert_auto", vec![source.clone()])?;
                    let converted = (number.expression.clone().is_not_null(), number);
                    crate::expression::choose(planner, vec![converted], Some(source))?
                }
                name => function(planner, &format!("convert_{name}"), vec![source])?,
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
    let captures = crate::frame::wildcard_captures(pattern, name).unwrap_or_default();
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
