//! Planning of `fromjson`: the keys of a JSON object as fields.

use futures::future::BoxFuture;
use serde_json::Value;
use spl_functions::extraction::Found;
use spl_functions::json_path::text_of;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::extraction::{Existing, extract};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`fromjson` needs rows", call.span))?;
        let field =
            call.fields().next().ok_or_else(|| Diagnostic::error("plan/argument", "`fromjson` needs a field", call.span))?;
        let prefix = call.text("prefix");
        extract(context, frame, &field.name, Existing::Replace, |text| Ok(members(text, prefix))).await
    })
}

/// Arrays become several values, objects inside stay JSON; a null is no value.
fn members(text: &str, prefix: &str) -> Found {
    let Ok(Value::Object(object)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    object
        .iter()
        .map(|(key, value)| {
            let values = match value {
                Value::Null => Vec::new(),
                Value::Array(items) => items.iter().map(text_of).collect(),
                other => vec![text_of(other)],
            };
            (format!("{prefix}{key}"), values)
        })
        .collect()
}
