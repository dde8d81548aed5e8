//! Planning of `inputcsv`: the rows of a CSV file: one of the folder given with `--csv-dir`, one that `outputcsv` kept in
//! this session, or one given as a lookup.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, column};

use crate::generate::inputlookup::{selected, table_frame};
use crate::output::outputcsv::{CsvPlace, refuse_dispatch};

/// Plans the command. With `events` the rows come in the order of events, the latest first.
///
/// Source: Splunk search reference, inputcsv.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let append = call.flag("append");
        if input.frame.is_some() && !append {
            return Err(Diagnostic::error("plan/position", "`inputcsv` must be the first command", call.name.span)
                .with_help("`append=true` adds its rows to those before it"));
        }
        refuse_dispatch(call)?;
        let Some(Argument::Text { text: name, .. }) = call.arguments.first() else {
            return Err(Diagnostic::error("plan/argument", "`inputcsv` needs a file", call.span));
        };
        let place = CsvPlace::find(context, &name.value, name.span)?;
        let table = match place.read(context).map_err(|error| error.at(name.span))? {
            Some(table) => std::sync::Arc::new(table),
            None => context.lookup(&name.value).and_then(|definition| context.lookup_table(&definition)).map_err(|_| {
                Diagnostic::error("plan/no-file", format!("there is no CSV file `{}`", name.value), name.span)
                    .with_help("`--csv-dir DIR` names the folder of CSV files, `--lookup NAME=FILE.csv` gives one file")
            })?,
        };
        let mut frame = table_frame(context, &table)?;
        if call.flag("events") {
            if frame.field("_time").is_none() {
                let message = format!("`events=true` needs a field `_time`, which `{}` has not", name.value);
                return Err(Diagnostic::error("plan/argument", message, name.span));
            }
            let number = spl_plan::function_call::convert(
                context,
                spl_plan::frame::scope::Typed::new(column("_time"), spl_functions::column::ValueType::Text),
                spl_functions::column::ValueType::Float,
            )?;
            frame = frame.assign(vec![("_time".to_owned(), number)])?.sorted(vec![column("_time").sort(false, false)], None)?;
        }
        selected(context, call, frame, input.frame).await
    })
}
