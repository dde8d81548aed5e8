//! A by-field that the data do not have: the rows it would make are lost. Found by running what stands before.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use spl_exec::{Engine, Search};
use spl_parser::effects::pipeline::writes;
use spl_parser::spec::{Rows, Source};
use spl_parser::syntax::{Argument, CommandCall, FieldName, Pipeline};
use spl_parser::{Diagnostic, print};

use super::{Find, Level, Lint};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/empty-by-field",
    summary: "a by-field that none of the events has, or only some: rows without it are left out (needs --data)",
    page: include_str!("../../../../docs/lints/empty-by-field.md"),
    level: Level::Warning,
    find: Find::InData,
};

/// The by-fields of a search that rows lack. What can't be run is not reported here.
pub async fn find(engine: &Engine, search: &Search) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let commands = &search.pipeline.commands;
    for (place, call) in commands.iter().enumerate() {
        let groups = matches!(call.spec.effects.rows, Rows::Groups(_) | Rows::FewGroups(_));
        if commands[..=place].iter().any(writes) {
            break;
        }
        if !groups {
            continue;
        }
        let fields: Vec<&FieldName> = call
            .by_fields()
            .iter()
            .filter_map(Argument::as_field)
            .filter(|field| field.name != "_time" && !field.has_wildcard())
            .collect();
        if !fields.is_empty() {
            match call.spec.effects.source {
                Source::Events => in_model(engine, call, &fields, &mut found).await,
                _ => in_rows(engine, &commands[..place], &fields, &mut found).await,
            }
        }
    }
    found
}

/// Counts the rows that reach a command, and those that have each field.
async fn in_rows(engine: &Engine, before: &[CommandCall], fields: &[&FieldName], found: &mut Vec<Diagnostic>) {
    let Some(last) = before.last() else { return };
    let pipeline = Pipeline { commands: before.to_vec(), span: before[0].span.to(last.span) };
    let counts: Vec<String> = fields
        .iter()
        .enumerate()
        .map(|(number, field)| format!("count(eval(isnotnull({}))) AS n{number}", quoted(&field.name)))
        .collect();
    let text = format!("{} | stats count AS n {}", print(&pipeline), counts.join(" "));
    let Some(numbers) = first_row(engine, &text, fields.len()).await else { return };
    let total = numbers[0];
    for (field, count) in fields.iter().zip(&numbers[1..]) {
        if total > 0 && *count < total {
            let name = &field.name;
            let message = match count {
                0 => format!("none of {total} rows has the by-field `{name}`: there will be no result"),
                some => format!("{} of {total} rows have no `{name}` and are left out of the result", total - some),
            };
            found.push(
                Diagnostic::warning(LINT.code, message, Some(field.span))
                    .with_help(format!("`| fillnull value=unknown {name}` in front keeps them")),
            );
        }
    }
}

/// A data model fills what events lack with `unknown`: reported where nothing else comes.
async fn in_model(engine: &Engine, call: &CommandCall, fields: &[&FieldName], found: &mut Vec<Diagnostic>) {
    let mut alone = call.clone();
    alone.clauses.retain(|clause| clause.keyword.value != "by");
    let pipeline = Pipeline { commands: vec![alone], span: call.span };
    let one = print(&pipeline);
    for field in fields {
        let text = format!(
            "{one} by {} | eval known=if({}==\"unknown\",0,1) | stats count AS n sum(known) AS n0",
            quoted(&field.name).trim_matches('\''),
            quoted(&field.name)
        );
        if let Some(numbers) = first_row(engine, &text, 1).await
            && numbers[0] > 0
            && numbers[1] == 0
        {
            let message = format!("`{}` is unknown in all events that the search finds", field.name);
            found.push(
                Diagnostic::warning(LINT.code, message, Some(field.span))
                    .with_help("the data have no such field; `splq inspect` lists those they have"),
            );
        }
    }
}

fn quoted(name: &str) -> String {
    format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The columns `n`, `n0`, `n1`, ... of a search with one row.
async fn first_row(engine: &Engine, text: &str, columns: usize) -> Option<Vec<i64>> {
    let search = engine.compile(text).ok()?;
    let results = engine.run(&search).await.ok()?;
    let batch = results.batches.first()?;
    let mut numbers = Vec::with_capacity(columns + 1);
    for name in std::iter::once("n".to_owned()).chain((0..columns).map(|number| format!("n{number}"))) {
        let column = cast(batch.column_by_name(&name)?, &DataType::Int64).ok()?;
        let column: &Arc<dyn Array> = &column;
        let column = column.as_primitive::<Int64Type>();
        numbers.push(if column.is_null(0) { 0 } else { column.value(0) });
    }
    Some(numbers)
}
