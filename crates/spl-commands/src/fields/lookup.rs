//! Planning of `lookup`: fields of a table beside the rows that match it.

use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, Clause, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::expression::lookup::lookup_fields;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, conditions, null};
use spl_plan::function_call::choose;
use spl_plan::search::lookup_table;

/// A field that the lookup adds.
struct Output {
    /// Its place in the table.
    place: usize,
    /// Its name in the rows.
    field: String,
    /// Rows that have a value keep it (`OUTPUTNEW`).
    only_new: bool,
}

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let time_option = call.option("event_time_field");
    let Some(Argument::Text { text: name, .. }) = call.arguments.first() else {
        return Err(Diagnostic::error("plan/argument", "`lookup` needs a table", call.span));
    };
    let definition = context.lookup(&name.value).map_err(|error| error.at(name.span))?;
    let table = lookup_table::rows(context, &definition).map_err(|error| error.at(name.span))?;
    if let (None, Some(option)) = (&definition.time_field, time_option) {
        let message = format!("`event_time_field` is for lookups by time; `{}` has no `time_field`", name.value);
        return Err(Diagnostic::error("plan/argument", message, option.name.span));
    }
    let place = |argument: &Argument| -> Result<Option<(usize, String, String)>, Diagnostic> {
        let (from, to) = match argument {
            Argument::Field(field) => (field, field),
            Argument::Rename { from, to } => (from, to),
            _ => return Ok(None),
        };
        let place = table.column(&from.name).map_err(|error| error.at(from.span))?;
        Ok(Some((place, from.name.clone(), to.name.clone())))
    };
    let value = |field: &str| match frame.field(field) {
        Some(known) => Typed::new(column(field), ValueType::of(&known.data_type)),
        None => Typed::new(null(ValueType::Text), ValueType::Null),
    };
    let mut used = Vec::new();
    let mut inputs = Vec::new();
    for argument in &call.arguments[1..] {
        if let Some((place, in_table, in_event)) = place(argument)? {
            used.push(place);
            inputs.push((in_table, value(&in_event)));
        }
    }
    let mut outputs: Vec<Output> = Vec::new();
    let mut collect = |clause: &Clause| -> Result<(), Diagnostic> {
        for argument in &clause.arguments {
            if let Some((place, _, field)) = place(argument)? {
                outputs.push(Output { place, field, only_new: clause.keyword.value == "outputnew" });
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
        for (place, name) in table.header.iter().enumerate() {
            if !used.contains(&place) && !table.header[..place].contains(name) {
                outputs.push(Output { place, field: name.clone(), only_new });
            }
        }
    }
    let time = definition.time_field.as_ref().map(|_| value(time_option.map_or("_time", |option| option.value.value.as_str())));
    let given = inputs.iter().map(|(name, typed)| (name.as_str(), typed.clone())).collect();
    let places = outputs.iter().map(|output| output.place).collect();
    let found = lookup_fields(context, &definition, given, places, time).map_err(|error| error.at(name.span))?;
    let mut assignments = Vec::with_capacity(outputs.len());
    for (output, looked_up) in outputs.into_iter().zip(found.fields) {
        let old = value(&output.field);
        // Without a match the row keeps what it has.
        let mut when = found.matched.clone();
        if output.only_new {
            when = conditions::and(old.expression.clone().is_null(), when);
        }
        let set =
            if old.value_type == ValueType::Null { looked_up } else { choose(context, vec![(when, looked_up)], Some(old))? };
        assignments.push((output.field, set.expression));
    }
    frame.assign(assignments)
}
