//! Planning of `lookup`: fields of a table beside the rows that match it.

use std::sync::Arc;

use spl_knowledge::lookup::MatchType;
use spl_operators::lookup::matcher::EntryTimes;
use spl_operators::nodes::lookup::{Lookup, Output};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, Clause, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let time_option = call.option("event_time_field");
    let Some(Argument::Text { text: name, .. }) = call.arguments.first() else {
        return Err(Diagnostic::error("plan/argument", "`lookup` needs a table", call.span));
    };
    let definition = context.lookup(&name.value).map_err(|error| error.at(name.span))?;
    let table = definition.load().map_err(|error| error.at(name.span))?;
    let times = EntryTimes::of(&definition, &table, context.time_zone()).map_err(|error| error.at(name.span))?;
    if let (None, Some(option)) = (&times, time_option) {
        let message = format!("`event_time_field` is for lookups by time; `{}` has no `time_field`", name.value);
        return Err(Diagnostic::error("plan/argument", message, option.name.span));
    }
    let place = |argument: &Argument| -> Result<Option<(usize, String, String)>, Diagnostic> {
        let (from, to) = match argument {
            Argument::Field(field) => (field, field),
            Argument::Rename { from, to } => (from, to),
            _ => return Ok(None),
        };
        let column = table.column(&from.name).map_err(|error| error.at(from.span))?;
        Ok(Some((column, from.name.clone(), to.name.clone())))
    };
    let mut inputs = Vec::new();
    for argument in &call.arguments[1..] {
        if let Some((column, in_table, in_event)) = place(argument)? {
            inputs.push((column, definition.match_type(&in_table), in_event));
        }
    }
    let mut outputs = Vec::new();
    let mut collect = |clause: &Clause| -> Result<(), Diagnostic> {
        for argument in &clause.arguments {
            if let Some((column, _, in_event)) = place(argument)? {
                outputs.push(Output { column, field: in_event, only_new: clause.keyword.value == "outputnew" });
            }
        }
        Ok(())
    };
    for clause in &call.clauses {
        collect(clause)?;
    }
    if call.clauses.iter().all(|clause| clause.arguments.is_empty()) {
        // All other fields of the table, of columns with the same name the first. They overwrite, but behind `OUTPUTNEW`.
        let only_new = call.clause("outputnew").is_some();
        for (column, name) in table.header.iter().enumerate() {
            if !table.header[..column].contains(name) && !inputs.iter().any(|(used, _, _)| *used == column) {
                outputs.push(Output { column, field: name.clone(), only_new });
            }
        }
    }
    let plain: Vec<(usize, MatchType, String)> = inputs;
    let lookup = Lookup::new(
        name.value.clone(),
        Arc::new(table),
        plain,
        outputs,
        definition.case_sensitive,
        definition.max_matches,
        definition.min_matches,
        definition.default_match.clone(),
    );
    match times {
        Some(times) => {
            let field = time_option.map_or("_time", |option| option.value.value.as_str());
            frame.operate(lookup.by_time(times, field.to_owned()))
        }
        None => frame.operate(lookup),
    }
}
