//! Planning of `tojson`: rows as JSON objects.

use spl_operators::nodes::to_json::{JsonType, ToJson};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall, FieldName};
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let internal = call.flag("include_internal");
    let default = match call.option("default_type") {
        Some(option) => JsonType::named(&option.value.value).ok_or_else(|| {
            Diagnostic::error("plan/argument", format!("unknown type `{}`", option.value.value), option.value.span)
        })?,
        None => JsonType::None,
    };
    let mut fields: Vec<(String, JsonType)> = Vec::new();
    let mut add = |name: String, kind: JsonType| match fields.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = kind,
        None => fields.push((name, kind)),
    };
    let named = |field: &FieldName| {
        if !field.has_wildcard() {
            return vec![field.name.clone()];
        }
        let names = frame.matching(&field.name).into_iter().map(|found| found.name);
        // A pattern means internal fields only when it starts like one.
        names.filter(|name| internal || field.name.starts_with('_') || !name.starts_with('_')).collect()
    };
    if call.arguments.is_empty() {
        for field in frame.fields() {
            if internal || !field.name.starts_with('_') {
                add(field.name, default);
            }
        }
    }
    for argument in &call.arguments {
        match argument {
            Argument::Field(field) => named(field).into_iter().for_each(|name| add(name, default)),
            Argument::Conversion { function, field, .. } => {
                let kind = JsonType::named(&function.value).ok_or_else(|| {
                    Diagnostic::error("plan/argument", format!("unknown type `{}`", function.value), function.span)
                })?;
                named(field).into_iter().for_each(|name| add(name, kind));
            }
            _ => {
                return Err(Diagnostic::error("plan/argument", "`tojson` takes fields", call.span));
            }
        }
    }
    let output = call.text("output_field").to_owned();
    frame.operate(ToJson { fields, output, fill_null: call.flag("fill_null") })
}
