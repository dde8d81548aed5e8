//! Planning of `where`: rows for which an expression is true.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};

use spl_functions::column::ValueType;
use spl_plan::context::{Input, PlanContext};
use spl_plan::expression;
use spl_plan::frame::Frame;
use spl_plan::frame::scope::Typed;
use spl_plan::search::subsearch;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let (Some(frame), Some(Argument::Expression(condition))) = (input.frame, call.arguments.first()) else {
            return Err(Diagnostic::error("plan/argument", "`where` needs a condition", call.span));
        };
        let resolved = subsearch::resolve_expression(context, condition).await?;
        let condition = Typed::new(expression::condition(context, &resolved, &frame)?, ValueType::Boolean);
        frame.filter(condition.expression)
    })
}
