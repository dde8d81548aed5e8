//! Planning of `outputtext`: the text of events in the hidden field `_xml`.

use std::sync::Arc;

use spl_functions::column::ValueType;
use spl_operators::nodes::map_values::{MapValues, ValueMap};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column, null};

#[derive(Debug)]
struct Escaped;

impl ValueMap for Escaped {
    fn map(&self, value: Option<&str>) -> Vec<String> {
        value.map(escaped).into_iter().collect()
    }
}

/// Text as it stands in XML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Plans the command. With `usexml`, which is the default, the text is escaped as XML.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    if frame.field("_raw").is_none() {
        return frame.assign(vec![("_xml".to_owned(), null(ValueType::Text))]);
    }
    if !call.flag("usexml") {
        return frame.assign(vec![("_xml".to_owned(), column("_raw"))]);
    }
    let fields = vec![("_raw".to_owned(), "_xml".to_owned())];
    frame.operate(MapValues { command: "outputtext", fields, several: false, map: Arc::new(Escaped) })
}
