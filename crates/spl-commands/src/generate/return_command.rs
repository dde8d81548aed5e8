//! Planning of `return`: values of the first rows as search text, in the field `search`.

use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::leading_count;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::names::quoting::comparison;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::texts::rows_frame;

/// A field to return.
enum Part<'a> {
    /// `name="value"` from a field.
    Named { name: &'a str, field: &'a str },
    /// The value alone.
    Bare(&'a str),
}

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`return` needs rows", call.span))?;
        let count = usize::try_from(leading_count(call)?.unwrap_or(1)).unwrap_or(usize::MAX);
        let mut parts = Vec::new();
        for argument in &call.arguments {
            match argument {
                Argument::Field(field) => parts.push(Part::Named { name: &field.name, field: &field.name }),
                Argument::Pair { name, value } => parts.push(Part::Named { name: &name.value, field: &value.value }),
                Argument::Text { text, .. } => parts.extend(text.value.strip_prefix('$').map(Part::Bare)),
                _ => {}
            }
        }
        let rows = Rows::of(context, spl_plan::rows::sort_keys::first_rows(frame, count as u64)?).await?;
        let mut texts = Vec::new();
        for row in 0..rows.len() {
            let written: Vec<String> = parts.iter().filter_map(|part| write(&rows, part, row)).collect();
            if !written.is_empty() {
                texts.push(written.join(" "));
            }
        }
        let text = match texts.as_slice() {
            [] => return rows_frame(context, &[]),
            [single] => single.clone(),
            several => several.iter().map(|text| format!("({text})")).collect::<Vec<_>>().join(" OR "),
        };
        let row: IndexMap<String, Vec<String>> = [("search".to_owned(), vec![text])].into_iter().collect();
        rows_frame(context, &[row])
    })
}

fn write(rows: &Rows, part: &Part<'_>, row: usize) -> Option<String> {
    let (name, field) = match part {
        Part::Named { name, field } => (Some(*name), *field),
        Part::Bare(field) => (None, *field),
    };
    let texts = rows.texts(field, row);
    let one = |text: &str| name.map_or_else(|| text.to_owned(), |name| comparison(name, text));
    match texts.as_slice() {
        [] => None,
        [single] => Some(one(single)),
        several => Some(format!("({})", several.iter().map(|text| one(text)).collect::<Vec<_>>().join(" OR "))),
    }
}
