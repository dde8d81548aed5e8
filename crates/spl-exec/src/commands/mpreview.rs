//! Planning of `mpreview`: points of metrics as they are.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use super::{Input, mstats};
use crate::frame::Frame;
use crate::planner::Planner;

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    mstats::preview(planner, call, input)
}
