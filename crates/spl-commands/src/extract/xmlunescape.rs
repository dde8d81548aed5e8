//! Planning of `xmlunescape`: XML entities in the text of events replaced by what they stand for.

use std::sync::Arc;

use spl_functions::xml_document::unescaped;
use spl_operators::nodes::map_values::{MapValues, ValueMap};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

#[derive(Debug)]
struct Entities;

impl ValueMap for Entities {
    fn map(&self, value: Option<&str>) -> Vec<String> {
        value.map(unescaped).into_iter().collect()
    }
}

/// Plans the command. `maxinputs` is the size of a round in Splunk; all rows are read here anyway.
pub fn plan(_: &PlanContext, _: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    if frame.field("_raw").is_none() {
        return Ok(frame);
    }
    let fields = vec![("_raw".to_owned(), "_raw".to_owned())];
    frame.operate(MapValues { command: "xmlunescape", fields, several: false, map: Arc::new(Entities) })
}
