//! Planning of `outlier`: numbers far from the median are cut, or their rows removed.

use spl_operators::nodes::outlier::Outlier;
use spl_operators::nodes::whole_table::WholeTable;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let mut fields: Vec<String> = call.fields().flat_map(|field| expand(&frame, field)).map(|field| field.name).collect();
    if call.fields().next().is_none() {
        fields = frame.fields().into_iter().map(|field| field.name).filter(|name| !name.starts_with('_')).collect();
    }
    let threshold = match call.option("param") {
        None => 2.5,
        Some(option) => option.value.value.parse().map_err(|_| {
            Diagnostic::error("plan/number", format!("`{}` is not a number", option.value.value), option.value.span)
        })?,
    };
    let action = call.text("action");
    let removes = matches!(action.to_ascii_lowercase().as_str(), "rm" | "remove");
    let step = Outlier { fields, threshold, removes, marks: !removes && call.flag("mark"), lower: call.flag("uselower") };
    frame.operate(WholeTable(step))
}
