//! Planning of `multikv`: the lines of a table in an event's text, each a row with the table's columns as fields.

use futures::future::BoxFuture;
use spl_functions::extraction::table::{Header, Layout};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::count;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::names::wildcards::wildcard_matches;
use spl_plan::rows::table::Table;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`multikv` needs rows", call.span))?;
        let layout = layout(call)?;
        let fields = clause(call, "fields");
        let wanted = |name: &str| fields.is_empty() || fields.iter().any(|field| wildcard_matches(field, name));
        let (copy, remove) = (call.flag("copyattrs"), call.flag("rmorig"));
        let before = Table::of(context, frame).await?;
        let names: Vec<String> = before.names().cloned().collect();
        let mut after = Table::new(0);
        names.iter().for_each(|name| after.add_column(name));
        for row in 0..before.rows() {
            let tables = before.cell(row, "_raw").text().and_then(|text| layout.rows(&text));
            // An event without a table stays as it is.
            if tables.is_none() || !remove {
                let kept = after.add_row();
                names.iter().for_each(|name| after.set(kept, name, before.cell(row, name).clone()));
            }
            for line in tables.into_iter().flatten() {
                let made = after.add_row();
                if copy {
                    names.iter().for_each(|name| after.set(made, name, before.cell(row, name).clone()));
                }
                after.set(made, "_raw", Cell::Text(line.text));
                for (name, value) in line.fields.into_iter().filter(|(name, _)| wanted(name)) {
                    after.set(made, &name, Cell::Text(value));
                }
            }
        }
        after.frame(context)
    })
}

/// How tables are found.
fn layout(call: &CommandCall) -> Result<Layout, Diagnostic> {
    if let Some(option) = call.option("conf") {
        return Err(Diagnostic::error(
            "plan/refused-option",
            format!("`conf={}`: stanzas of multikv.conf are not read", option.value.value),
            option.name.span.to(option.value.span),
        )
        .with_help("`forceheader`, `noheader`, `fields` and `filter` say how a table is read"));
    }
    let without = call.flag("noheader");
    let header = match call.option("forceheader") {
        Some(option) if without => {
            let message = "`forceheader` and `noheader` exclude each other";
            return Err(Diagnostic::error("plan/argument", message, option.name.span));
        }
        Some(option) => match count(call, "forceheader", 1)? {
            0 => return Err(Diagnostic::error("plan/number", "lines are counted from 1", option.value.span)),
            number => Header::Line(usize::try_from(number).unwrap_or(usize::MAX)),
        },
        None if without => Header::None,
        None => Header::Found,
    };
    let several = !without && call.flag("multitable");
    Ok(Layout { header, several, filter: clause(call, "filter") })
}

/// What stands behind a keyword; texts in lower case.
fn clause(call: &CommandCall, keyword: &str) -> Vec<String> {
    call.clause(keyword)
        .map(|clause| clause.arguments.as_slice())
        .unwrap_or_default()
        .iter()
        .filter_map(|argument| match argument {
            Argument::Field(field) => Some(field.name.clone()),
            Argument::Text { text, .. } => Some(text.value.to_lowercase()),
            _ => None,
        })
        .collect()
}
