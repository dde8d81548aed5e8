//! Planning of `where`: rows for which an expression is true.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};

use super::Input;
use crate::expression::{self, Typed};
use crate::frame::Frame;
use crate::planner::Planner;
use crate::{per_distinct, subsearch};
use spl_functions::column::ValueType;

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let (Some(frame), Some(Argument::Expression(condition))) = (input.frame, call.arguments.first()) else {
            return Err(Diagnostic::error("plan/argument", "`where` needs a condition", call.span));
        };
        let resolved = subsearch::resolve_expression(planner, condition).await?;
        let condition = Typed::new(expression::condition(planner, &resolved, &frame)?, ValueType::Boolean);
        let condition = per_distinct::wrap(condition, &|name| frame.field(name).map(|field| field.data_type));
        frame.filter(condition.expression)
    })
}
