//! Planning of `xmlunescape`: XML entities in the text of events replaced by what they stand for.

use spl_operators::nodes::map_values::MapValues;
use spl_operators::nodes::value_map::ValueMap;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command. `maxinputs` is the size of a round in Splunk; all rows are read here anyway.
pub fn plan(_: &PlanContext, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    if frame.field("_raw").is_none() {
        return Ok(frame);
    }
    let fields = vec![("_raw".to_owned(), "_raw".to_owned())];
    frame.operate(MapValues { fields, several: false, map: ValueMap::XmlUnescaped })
}
