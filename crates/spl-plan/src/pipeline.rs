//! Pipelines to frames: the walk over the commands of a search.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::datatypes::Schema;
use futures::future::BoxFuture;
use spl_parser::spec::{CommandKind, Makes, Rows, Source};
use spl_parser::syntax::{Aggregation, CommandCall, Pipeline};
use spl_parser::{Diagnostic, Severity};

use crate::context::{Input, PlanContext, Planning};
use crate::frame::Frame;
use crate::search::substitution;
use crate::search::time_range::time_range;
use spl_parser::effects::RequiredFields;

impl PlanContext {
    /// Plans a pipeline from its first command. `needed` are the fields wanted of its result.
    pub fn pipeline<'a>(&'a self, pipeline: &'a Pipeline, required: RequiredFields) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
        Box::pin(async move {
            let (commands, whole) = substitution::resolved(self, &pipeline.commands).await?;
            if let (Cow::Borrowed(_), true) = (&commands, whole) {
                return self.with_time_range(time_range(self, pipeline)).plan_commands(None, &pipeline.commands, required).await;
            }
            let read = Pipeline { commands: commands.into_owned(), span: pipeline.span };
            let required = if whole { required } else { RequiredFields::All };
            let input = if read.commands.is_empty() { Some(self.nothing()?) } else { None };
            self.with_time_range(time_range(self, &read)).plan_commands(input, &read.commands, required).await
        })
    }

    /// Plans commands over a frame (appendpipe and its kin), or from the first one.
    pub fn pipeline_from<'a>(
        &'a self,
        input: Option<Frame>,
        calls: &'a [CommandCall],
        required: RequiredFields,
    ) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
        Box::pin(async move {
            let (commands, whole) = substitution::resolved(self, calls).await?;
            let required = if whole { required } else { RequiredFields::All };
            self.plan_commands(input, &commands, required).await
        })
    }

    /// A frame without rows and fields.
    fn nothing(&self) -> Result<Frame, Diagnostic> {
        self.from_batches(Arc::new(Schema::empty()), Vec::new())
    }

    /// Plans commands whose arguments are all known.
    fn plan_commands<'a>(
        &'a self,
        input: Option<Frame>,
        calls: &'a [CommandCall],
        required: RequiredFields,
    ) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
        Box::pin(async move {
            let mut frame = input;
            // What is required behind each command, found in one walk from the end.
            let mut behind = vec![required];
            for call in calls.iter().skip(1).rev() {
                let last = behind.last().cloned().unwrap_or_else(RequiredFields::none);
                behind.push(RequiredFields::before(std::slice::from_ref(call), last));
            }
            for (index, call) in calls.iter().enumerate() {
                let required = behind.pop().unwrap_or_else(RequiredFields::none);
                if frame.is_none() && passes_on(call, calls.get(index + 1)) {
                    continue;
                }
                if frame.is_some() && hands_on(self, call, calls.get(index + 1))? {
                    // The next command reads these rows; this one is planned for its errors.
                    self.command(call, frame.clone(), required).await.map_err(|error| error.at(call.span))?;
                    continue;
                }
                let of_events = frame.as_ref().is_some_and(|frame| frame.is_event_stream);
                let mut made = self.command(call, frame, required).await.map_err(|error| error.at(call.span))?;
                made.is_event_stream |= of_events && self.commands().is_streaming(call);
                frame = Some(made);
            }
            frame.ok_or_else(|| Diagnostic::general("plan/empty", "the search has no command"))
        })
    }

    /// Notes options that change nothing here.
    fn note_idle_options(&self, call: &CommandCall) {
        for option in &call.options {
            let Some(spec) = call.spec.option(&option.name.value).filter(|spec| !spec.has_effect) else { continue };
            let message = format!("`{}` of `{}` changes nothing here", spec.name, call.spec.name);
            let note = Diagnostic::warning("plan/idle-option", message, Some(option.name.span)).with_help(spec.summary);
            self.warn(Diagnostic { severity: Severity::Note, ..note });
        }
    }

    async fn command(&self, call: &CommandCall, frame: Option<Frame>, required: RequiredFields) -> Result<Frame, Diagnostic> {
        self.note_idle_options(call);
        let frame = match (frame, call.spec.effects.source) {
            (None, Source::NothingWhenFirst) => Some(self.nothing()?),
            (frame, _) => frame,
        };
        match self.commands().planning(call)? {
            Planning::Rows(plan) => {
                let frame = frame.ok_or_else(|| first_position(call))?;
                plan(self, call, frame)
            }
            Planning::Stage(plan) => {
                let frame = frame.ok_or_else(|| first_position(call))?;
                plan(self, call, Input { frame: Some(frame), required }).await
            }
            Planning::Source(plan) => plan(self, call, Input { frame, required }).await,
            Planning::SummaryOf(name) => {
                let spec = spl_parser::commands::lookup(name)
                    .ok_or_else(|| Diagnostic::error("plan/not-built", "there is no plain form", call.name.span))?;
                let plain = CommandCall { spec, ..call.clone() };
                match (self.commands().planning(&plain)?, frame) {
                    (Planning::Rows(plan), Some(frame)) => plan(self, &plain, frame),
                    (Planning::Stage(plan) | Planning::Source(plan), frame @ Some(_)) => {
                        plan(self, &plain, Input { frame, required }).await
                    }
                    _ => Err(first_position(call)),
                }
            }
        }
    }
}

/// Whether a first command leaves it to the generating command behind it to make the rows: `| localop | makeresults`.
fn passes_on(call: &CommandCall, next: Option<&CommandCall>) -> bool {
    let changes_nothing = matches!((call.spec.effects.makes, call.spec.effects.rows), (Makes::Keeps, Rows::Each));
    let starts_with_nothing = matches!(call.spec.effects.source, Source::NothingWhenFirst);
    changes_nothing && starts_with_nothing && next.is_some_and(|next| next.spec.kind == CommandKind::Generating)
}

/// Whether a command that makes a summary leaves its work to the next one, which reads such summaries. In Splunk a summary
/// is stored and the plain form computes its result of it later; nothing is stored here, so that the plain form reads the
/// rows themselves. Warns about statistics that the summary would not have.
fn hands_on(context: &PlanContext, call: &CommandCall, next: Option<&CommandCall>) -> Result<bool, Diagnostic> {
    let (Planning::SummaryOf(plain), Some(next)) = (context.commands().planning(call)?, next) else { return Ok(false) };
    if next.spec.name != plain {
        return Ok(false);
    }
    // What stands in the brackets of a statistic.
    fn argument(one: &Aggregation) -> &str {
        one.text.split_once('(').map_or("", |(_, rest)| rest)
    }
    for one in next.aggregations() {
        let same = |known: &Aggregation| known.function.value == one.function.value && argument(known) == argument(one);
        if !call.aggregations().any(same) {
            context.warn(Diagnostic::warning(
                "plan/summary-without",
                format!("a summary of `{}` has no `{}`: it is computed from the events here", call.spec.name, one.text),
                Some(one.span),
            ));
        }
    }
    Ok(true)
}

fn first_position(call: &CommandCall) -> Diagnostic {
    Diagnostic::error("plan/no-input", format!("`{}` can't be the first command", call.name.value), call.name.span)
        .with_help("start with a search or a generating command such as `| makeresults`, `| inputlookup`, `| tstats`")
}
