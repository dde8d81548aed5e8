//! Planning of `union`: the rows of several datasets; events are merged by time, other rows stand one set behind the other.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::count;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, column};
use spl_plan::rows::union::concatenate;

use crate::generate::from;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let mut datasets: Vec<(Frame, spl_parser::Span)> = input.frame.into_iter().map(|frame| (frame, call.span)).collect();
        let has_input = !datasets.is_empty();
        for argument in &call.arguments {
            match argument {
                Argument::Subsearch(subsearch) => {
                    datasets.push((context.subpipeline(subsearch, RequiredFields::All).await?, subsearch.span));
                }
                Argument::Text { text, .. } => {
                    let Some((kind, name)) = text.value.split_once(':') else {
                        return Err(Diagnostic::error("plan/dataset", format!("`{}` is not a dataset", text.value), text.span)
                            .with_help("`lookup:NAME`, `datamodel:MODEL.DATASET`, `savedsearch:NAME` or a subsearch in [ ]"));
                    };
                    datasets.push((from::dataset(context, kind, name.trim_matches('"'), text.span).await?, text.span));
                }
                _ => {}
            }
        }
        if datasets.len() < 2 {
            return Err(Diagnostic::error("plan/argument", "`union` needs at least two datasets", call.span));
        }
        let streaming = datasets.iter().all(|(frame, _)| frame.is_event_stream && frame.field("_time").is_some());
        if streaming {
            return merged_by_time(context, datasets.into_iter().map(|(frame, _)| frame).collect());
        }
        let limit = count(call, "maxout", context.limits().get("union_maxout"))?;
        let mut whole: Option<Frame> = None;
        for (place, (frame, span)) in datasets.into_iter().enumerate() {
            // What came before the command is not a subsearch: it has no limit.
            let frame = if place == 0 && has_input { frame } else { context.limited(frame, "union_maxout", limit, span).await? };
            whole = Some(match whole {
                None => frame,
                Some(before) => concatenate(context, before, frame)?,
            });
        }
        whole.ok_or_else(|| Diagnostic::error("plan/argument", "`union` needs a dataset", call.span))
    })
}

/// The rows of several frames of events in descending time; equal times in the order of the frames.
pub fn merged_by_time(context: &PlanContext, frames: Vec<Frame>) -> Result<Frame, Diagnostic> {
    let mut whole: Option<Frame> = None;
    for frame in frames {
        whole = Some(match whole {
            None => frame,
            Some(before) => concatenate(context, before, frame)?,
        });
    }
    let whole = whole.ok_or_else(|| Diagnostic::general("plan/argument", "nothing to merge"))?;
    if whole.field("_time").is_none() {
        return Ok(whole);
    }
    let mut merged = whole.sorted(vec![column("_time").sort(false, false)], None)?;
    merged.is_event_stream = true;
    Ok(merged)
}
