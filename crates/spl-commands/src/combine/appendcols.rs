//! Planning of `appendcols`: the fields of a subsearch's rows beside the rows there are, first by first.

use datafusion::common::JoinType;
use datafusion::logical_expr::{Expr, lit};
use futures::future::BoxFuture;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::count;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, FrameField, column, or_else, ordinal};
use spl_plan::function_call::choose;

const RIGHT: &str = "__right_";

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let (Some(frame), Some(subsearch)) = (input.frame, call.subsearch()) else {
            return Err(Diagnostic::error("plan/argument", "`appendcols` needs rows and a subsearch", call.span));
        };
        let limit = count(call, "maxout", context.limits().get("append_maxout"))?;
        let right = context.subpipeline(subsearch, RequiredFields::All).await?;
        let right = context.limited(right, "append_maxout", limit, subsearch.span).await?;
        beside(context, frame, right, call.flag("override"))
    })
}

fn beside(context: &PlanContext, left: Frame, right: Frame, overrides: bool) -> Result<Frame, Diagnostic> {
    // Internal fields of the subsearch stay behind (Splunk search reference, appendcols).
    let right_fields: Vec<FrameField> = right.fields().into_iter().filter(|field| !field.name.starts_with('_')).collect();
    let left_fields = left.fields();
    let place = format!("{RIGHT}{ORDINAL}");
    let mut columns: Vec<(String, Expr)> =
        right_fields.iter().map(|field| (format!("{RIGHT}{}", field.name), column(&field.name))).collect();
    // Rows of results in memory are numbered from 0, those of a window from 1.
    columns.push((place.clone(), ordinal() + lit(1_i64)));
    let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    let right = right.select(columns)?.build(|plan| plan.project(names.iter().map(|name| column(name))))?.into_plan()?;
    let left = left.with_places()?;
    let joined = left.build(|plan| plan.join_on(right, JoinType::Full, vec![column(ORDINAL).eq(column(&place))]))?;

    let mut columns: Vec<(String, Expr)> = Vec::new();
    let coalesce =
        |first: Typed, second: Typed| choose(context, vec![(first.expression.clone().is_not_null(), first)], Some(second));
    for field in &left_fields {
        let mine = Typed::new(column(&field.name), field.value_type());
        let value = match right_fields.iter().find(|other| other.name == field.name) {
            Some(other) => {
                let theirs = Typed::new(column(&format!("{RIGHT}{}", field.name)), other.value_type());
                if overrides { coalesce(theirs, mine)? } else { coalesce(mine, theirs)? }
            }
            None => mine,
        };
        columns.push((field.name.clone(), value.expression));
    }
    for field in right_fields.iter().filter(|field| !left_fields.iter().any(|known| known.name == field.name)) {
        columns.push((field.name.clone(), column(&format!("{RIGHT}{}", field.name))));
    }
    let number = or_else(column(ORDINAL), column(&place));
    columns.push((ORDINAL.to_owned(), number));
    joined.select(columns)
}
