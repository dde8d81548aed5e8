//! Planning of `tags`: the tags of field values beside the rows.

use datafusion::logical_expr::Expr;
use spl_functions::column::ValueType;
use spl_functions::search::SearchPattern;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::function_call::{call as function, choose};

/// Plans the command. Without `outputfield` the tags of a field are in `tag::<field>`.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let output = call.option("outputfield").map(|option| option.value.value.clone());
    let (with_name, with_value) = (call.flag("inclname"), call.flag("inclvalue"));
    let allowed: Option<Vec<&str>> =
        call.option("allowed_tags").map(|option| option.value.value.split(',').map(str::trim).collect());
    let mut fields: Vec<String> = Vec::new();
    for field in call.fields() {
        fields.extend(expand(&frame, field).into_iter().map(|found| found.name));
    }
    if call.fields().next().is_none() {
        fields = frame.fields().into_iter().map(|field| field.name).collect();
    }
    let mut assignments: Vec<(String, Vec<Typed>)> = Vec::new();
    for field in &fields {
        let Some(found) = frame.field(field) else { continue };
        for rule in context.knowledge().tags.iter().filter(|rule| rule.field == *field) {
            if allowed.as_ref().is_some_and(|allowed| !allowed.contains(&rule.tag.as_str())) {
                continue;
            }
            let encoded = text(SearchPattern::literal(&rule.value).encode());
            let value = Typed::new(column(field), found.value_type());
            let matched: Expr = function(context, "search_equal", vec![value, Typed::new(encoded, ValueType::Text)])?.expression;
            let mut written = String::new();
            if output.is_some() && with_name {
                written.push_str(&format!("{field}::"));
            }
            if output.is_some() && with_value {
                written.push_str(&format!("{}::", rule.value));
            }
            written.push_str(&rule.tag);
            let tag = choose(context, vec![(matched, Typed::new(text(written), ValueType::Text))], None)?;
            let target = output.clone().unwrap_or_else(|| format!("tag::{field}"));
            match assignments.iter_mut().find(|(name, _)| *name == target) {
                Some((_, tags)) => tags.push(tag),
                None => assignments.push((target, vec![tag])),
            }
        }
    }
    if let Some(output) = output.filter(|output| !assignments.iter().any(|(name, _)| name == output)) {
        assignments.push((output, vec![Typed::new(null(ValueType::Text), ValueType::Text)]));
    }
    let mut distinct = Vec::new();
    for (name, mut tags) in assignments {
        let expression = match (tags.pop(), tags.is_empty()) {
            (Some(only), true) => only.expression,
            (last, _) => {
                tags.extend(last);
                let all = function(context, "mvappend", tags)?;
                function(context, "mvdedup", vec![all])?.expression
            }
        };
        distinct.push((name, expression));
    }
    frame.assign(distinct)
}
