//! Planning of `outputtext`: the text of events in the hidden field `_xml`.

use spl_functions::column::ValueType;
use spl_operators::nodes::map_values::MapValues;
use spl_operators::nodes::value_map::ValueMap;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column, null};

/// Plans the command. With `usexml`, which is the default, the text is escaped as XML.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    if frame.field("_raw").is_none() {
        return frame.assign(vec![("_xml".to_owned(), null(ValueType::Text))]);
    }
    if !call.flag("usexml") {
        return frame.assign(vec![("_xml".to_owned(), column("_raw"))]);
    }
    let fields = vec![("_raw".to_owned(), "_xml".to_owned())];
    frame.operate(MapValues { fields, several: false, map: ValueMap::XmlEscaped })
}
