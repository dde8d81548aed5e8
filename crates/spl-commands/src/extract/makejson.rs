//! Planning of `makejson`: fields of a row as a JSON object.

use spl_operators::nodes::to_json::{JsonType, ToJson};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command. Without fields all are in the object.
///
/// Source: Splunk search reference, internal commands, makejson.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(output) = call.option("output") else {
        return Err(Diagnostic::error("plan/argument", "`makejson` needs `output=<field>`", call.span));
    };
    let mut fields: Vec<(String, JsonType)> = Vec::new();
    let named: Vec<String> = if call.arguments.is_empty() {
        frame.fields().into_iter().map(|field| field.name).collect()
    } else {
        call.fields().flat_map(|field| expand(&frame, field)).map(|field| field.name).collect()
    };
    for name in named {
        if !fields.iter().any(|(known, _)| *known == name) {
            fields.push((name, JsonType::None));
        }
    }
    frame.operate(ToJson { fields, output: output.value.value.clone(), fill_null: false })
}
