//! Planning of `format`: all rows as the text of one search expression, in the field `search`.

use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::names::quoting::comparison;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::texts::rows_frame;

/// The words between rows, columns and values.
struct Words<'a> {
    row_prefix: &'a str,
    column_prefix: &'a str,
    column_separator: &'a str,
    column_end: &'a str,
    row_separator: &'a str,
    row_end: &'a str,
    value_separator: &'a str,
}

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`format` needs rows", call.span))?;
        let given: Vec<&str> = call
            .arguments
            .iter()
            .filter_map(|argument| match argument {
                Argument::Text { text, .. } => Some(text.value.as_str()),
                _ => None,
            })
            .collect();
        let texts: [&str; 6] = given.try_into().unwrap_or(["(", "(", "AND", ")", "OR", ")"]);
        let [row_prefix, column_prefix, column_separator, column_end, row_separator, row_end] = texts;
        let value_separator = call.text("mvsep");
        let words = Words { row_prefix, column_prefix, column_separator, column_end, row_separator, row_end, value_separator };
        let empty = call.text("emptystr");
        let most = usize::try_from(call.count("maxresults")?).unwrap_or(usize::MAX);
        let rows = Rows::of(context, frame).await?;
        let text = write(&rows, &words, if most == 0 { rows.len() } else { most.min(rows.len()) });
        let text = text.unwrap_or_else(|| empty.to_owned());
        let row: IndexMap<String, Vec<String>> = [("search".to_owned(), vec![text])].into_iter().collect();
        rows_frame(context, &[row])
    })
}

/// `( ( a="1" AND b="2" ) OR ( a="3" ) )`; none without a value. Fields named `search` and `query` give their text
/// itself. Fields stand in the order of their names (Splunk search reference 10.0, format, example 2: `fields source,
/// sourcetype, host` gives `host`, `source`, `sourcetype`).
fn write(rows: &Rows, words: &Words<'_>, most: usize) -> Option<String> {
    let mut fields: Vec<_> = rows.fields().filter(|(name, _)| !name.starts_with('_')).collect();
    fields.sort_by_key(|(name, _)| *name);
    let mut written = Vec::new();
    for row in 0..most {
        let mut columns = Vec::new();
        for (name, column) in &fields {
            let values: Vec<String> = column
                .value(row)
                .each_text()
                .iter()
                .map(|value| if is_bare(name) { value.to_string() } else { comparison(name, value) })
                .collect();
            match values.as_slice() {
                [] => {}
                [single] => columns.push(single.clone()),
                several => columns.push(format!("( {} )", joined(several, words.value_separator))),
            }
        }
        if !columns.is_empty() {
            written.push(around(words.column_prefix, &joined(&columns, words.column_separator), words.column_end));
        }
    }
    (!written.is_empty()).then(|| around(words.row_prefix, &joined(&written, words.row_separator), words.row_end))
}

fn is_bare(name: &str) -> bool {
    matches!(name, "search" | "query")
}

fn joined(parts: &[String], separator: &str) -> String {
    let between = if separator.is_empty() { " ".to_owned() } else { format!(" {separator} ") };
    parts.join(&between)
}

fn around(before: &str, text: &str, after: &str) -> String {
    [before, text, after].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
