//! Planning of `appendpipe`: the rows, and behind them what commands make of them.

use futures::future::BoxFuture;
use spl_operators::nodes::most_rows::MostRows;
use spl_parser::Diagnostic;
use spl_parser::effects::{RequiredFields, makes_own_rows};
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::union::concatenate;

/// The limit of the rows that are added.
const MOST_ROWS: &str = "appendpipe_maxrows";

/// Plans the command. `run_in_preview` has no meaning where nothing is previewed.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let (Some(frame), Some(commands)) = (input.frame, call.subsearch()) else {
            return Err(Diagnostic::error("plan/argument", "`appendpipe` needs rows and commands in [ ]", call.span));
        };
        // Both parts read the rows: they are computed once.
        let frame = context.materialise(frame).await?;
        let inner = context.nested(commands.span)?;
        let made = match makes_own_rows(&commands.pipeline) {
            true => inner.pipeline(&commands.pipeline, RequiredFields::All).await?,
            false => inner.pipeline_from(Some(frame.clone()), &commands.pipeline.commands, RequiredFields::All).await?,
        };
        // Commands in a row that each repeat what there is would double it without end.
        let most = usize::try_from(context.limits().get(MOST_ROWS)).unwrap_or(usize::MAX);
        let made = match most {
            0 => made,
            most => made.operate(MostRows { command: "appendpipe".to_owned(), most, limit: MOST_ROWS.to_owned() })?,
        };
        let made = context.materialise(made).await?;
        concatenate(context, frame, made)
    })
}
