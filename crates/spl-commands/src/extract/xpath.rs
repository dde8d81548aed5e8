//! Planning of `xpath`: values out of XML by a path.

use spl_functions::column::ValueType;
use spl_operators::functions::xpath::XmlPath;
use spl_operators::nodes::map_values::MapValues;
use spl_operators::nodes::value_map::ValueMap;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, null, text};

/// Plans the command. What is no XML has no values.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(Argument::Text { text: path, .. }) = call.arguments.first() else {
        return Err(Diagnostic::error("plan/argument", "`xpath` needs a path", call.span));
    };
    let option =
        |name: &str, default: &str| call.option(name).map_or_else(|| default.to_owned(), |option| option.value.value.clone());
    let (source, target) = (option("field", "_raw"), option("outfield", "xpath"));
    let default = call.option("default").map(|option| option.value.value.clone());
    let parsed = XmlPath::parse(&path.value)
        .map_err(|message| Diagnostic::error("plan/xpath", format!("the path can't be read: {message}"), path.span))?;
    if frame.field(&source).is_none() {
        let value = default.map_or_else(|| null(ValueType::Text), text);
        return frame.assign(vec![(target, value)]);
    }
    let map = ValueMap::XmlPath { path: parsed, default };
    frame.operate(MapValues { fields: vec![(source, target)], several: true, map })
}
