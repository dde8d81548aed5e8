//! Planning of `replace`: whole values replaced by others, with wildcards.

use spl_functions::column::ValueType;
use spl_operators::nodes::map_values::MapValues;
use spl_operators::nodes::value_map::ValueMap;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for argument in &call.arguments {
        let Argument::Rename { from, to } = argument else { continue };
        let (stars, wanted) = (from.name.matches('*').count(), to.name.matches('*').count());
        if wanted > 0 && wanted != stars {
            return Err(Diagnostic::error(
                "plan/argument",
                format!("`{}` has {wanted} `*`, the value that it replaces has {stars}", to.name),
                to.span,
            )
            .with_help("the new value has as many `*` as the old one, or none"));
        }
        pairs.push((from.name.clone(), to.name.clone()));
    }
    // Of values with wildcards the fuller match goes first; of the others the later one.
    let mut ordered: Vec<(String, String)> = pairs.iter().filter(|(from, _)| !from.contains('*')).rev().cloned().collect();
    let mut patterns: Vec<(String, String)> = pairs.iter().filter(|(from, _)| from.contains('*')).cloned().collect();
    patterns.sort_by_key(|(from, _)| std::cmp::Reverse(from.chars().filter(|c| *c != '*').count()));
    ordered.extend(patterns);
    let names: Vec<String> = match call.clause("in") {
        Some(clause) => clause
            .arguments
            .iter()
            .filter_map(Argument::as_field)
            .flat_map(|field| expand(&frame, field))
            .map(|field| field.name)
            .collect(),
        None => frame.fields().into_iter().map(|field| field.name).filter(|name| !name.starts_with('_')).collect(),
    };
    let mut fields = Vec::new();
    for name in names {
        let number =
            frame.field(&name).is_some_and(|field| field.value_type().is_number() || field.value_type() == ValueType::Null);
        // A field of numbers that no pair can match stays a field of numbers.
        if (!number || ordered.iter().any(|(from, _)| can_match_number(from))) && !fields.iter().any(|(known, _)| *known == name)
        {
            fields.push((name.clone(), name));
        }
    }
    if fields.is_empty() {
        return Ok(frame);
    }
    frame.operate(MapValues { fields, several: false, map: ValueMap::Replacements(ordered) })
}

fn can_match_number(pattern: &str) -> bool {
    pattern.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '+' | '-' | '.' | 'e' | 'E'))
}
