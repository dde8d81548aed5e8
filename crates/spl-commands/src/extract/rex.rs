//! Planning of `rex`: named groups of a regular expression as fields, or a sed expression.

use datafusion::logical_expr::lit;
use spl_functions::column::ValueType;
use spl_functions::pattern::Pattern;
use spl_functions::scalar::rex::Sed;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::{Typed, assign};
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::function_call::{call as function, choose};

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let Some(Argument::Text { text: pattern, .. }) = call.arguments.first() else {
        return Err(Diagnostic::error("plan/argument", "`rex` needs a regular expression", call.span));
    };
    let field = call.text("field");
    let source = match frame.field(field) {
        Some(found) => Typed::new(column(field), found.value_type()),
        None => Typed::new(null(ValueType::Text), ValueType::Text),
    };
    let literal = Typed::new(text(pattern.value.clone()), ValueType::Text);
    if call.option("mode").is_some() {
        Sed::parse(&pattern.value).map_err(|message| Diagnostic::error("plan/sed", message, pattern.span))?;
        if frame.field(field).is_none() {
            return Ok(frame);
        }
        let changed = function(context, "spl_sed", vec![source, literal])?;
        return assign(frame, field, changed);
    }
    let compiled = Pattern::new(&pattern.value)
        .map_err(|message| Diagnostic::error("plan/regex", format!("not a regular expression: {message}"), pattern.span))?;
    let names = compiled.group_names();
    let groups: Vec<(usize, String)> =
        names.iter().enumerate().filter_map(|(group, name)| Some((group, (*name)?.to_owned()))).collect();
    if groups.is_empty() {
        return Err(Diagnostic::error("plan/regex", "the regular expression has no named group", pattern.span)
            .with_help("name what is to become a field: `(?<user>\\w+)`"));
    }
    let most = call.count("max_match")?;
    let mut assignments = Vec::new();
    for (group, name) in groups {
        let group = Typed::new(lit(group as i64), ValueType::Integer);
        let found = if most == 1 {
            function(context, "spl_capture", vec![source.clone(), literal.clone(), group])?
        } else {
            let most = Typed::new(lit(most as i64), ValueType::Integer);
            function(context, "spl_capture_all", vec![source.clone(), literal.clone(), group, most])?
        };
        // Without a match the field stays what it was.
        let value = match frame.field(&name) {
            Some(field) => {
                let before = Typed::new(column(&name), field.value_type());
                choose(context, vec![(found.expression.clone().is_not_null(), found)], Some(before))?
            }
            None => found,
        };
        assignments.push((name, value.expression));
    }
    if let Some(option) = call.option("offset_field") {
        let offsets = function(context, "spl_capture_offsets", vec![source, literal])?;
        assignments.push((option.value.value.clone(), offsets.expression));
    }
    frame.assign(assignments)
}
