//! Planning of `fields`: keeps or removes fields; internal fields stay unless they are named.

use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::aggregation::prestats;
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column};

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let removes = matches!(call.arguments.first(), Some(Argument::Text { text, .. }) if text.value == "-");
    let named: Vec<String> = call.fields().flat_map(|field| expand(&frame, field)).map(|field| field.name).collect();
    if removes {
        return frame.without(&named);
    }
    let kept = frame
        .fields()
        .into_iter()
        .filter(|field| named.contains(&field.name) || matches!(field.name.as_str(), "_raw" | "_time"))
        .map(|field| (field.name.clone(), column(&field.name)))
        .chain(prestats::hidden(&frame).map(|name| (name.clone(), column(&name))))
        .collect();
    frame.select(kept)
}
