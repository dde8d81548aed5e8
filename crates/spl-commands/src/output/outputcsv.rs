//! Planning of `outputcsv`: rows into a CSV file of the folder given with `--csv-dir`; without one they are kept for the
//! session, where `inputcsv` finds them. The rows are passed on.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use spl_knowledge::LookupTable;
use spl_operators::nodes::value_map::escaped;
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Severity, Span};
use spl_plan::cells::cell::Cell;
use spl_plan::context::effects::{Change, Effect, Target};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::lookup_table::{table_of, with_header};
use spl_plan::rows::table::Table;

/// Plans the command.
///
/// Source: Splunk search reference, outputcsv.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`outputcsv` needs rows", call.span))?;
        refuse_dispatch(call)?;
        let Some(Argument::Text { text: name, .. }) = call.arguments.first() else {
            return as_field(context, call, frame).await;
        };
        let place = CsvPlace::find(context, &name.value, name.span)?;
        if !context.is_running() {
            return Ok(frame);
        }
        let append = call.flag("append");
        if append && place.key.ends_with(".gz") {
            return Err(Diagnostic::error("plan/argument", "`outputcsv` can't append to .gz files", name.span));
        }
        let frame = context.materialise(frame).await?;
        let rows = Rows::of(context, frame.clone()).await?;
        let new = table_of(&rows, usize::MAX, true);
        let existing = place.read(context).map_err(|error| error.at(name.span))?;
        let table = match existing {
            Some(existing) if append => {
                // Only fields of the file's header are appended.
                let mut table = existing;
                table.rows.extend(with_header(&new, &table.header).rows);
                Some(table)
            }
            _ if !new.rows.is_empty() => Some(new),
            _ if call.flag("create_empty") => Some(LookupTable::default()),
            Some(existing) if !call.flag("override_if_empty") => Some(existing),
            _ => None,
        };
        context.notes().add_effect(Effect { change: place.change(context, call, table), span: name.span });
        Ok(frame)
    })
}

/// There are no folders of jobs.
pub fn refuse_dispatch(call: &CommandCall) -> Result<(), Diagnostic> {
    match call.option("dispatch").filter(|_| call.flag("dispatch")) {
        Some(option) => Err(Diagnostic::error(
            "plan/refused-option",
            "`dispatch=true` is about the folder of a job of a Splunk server",
            option.name.span.to(option.value.span),
        )),
        None => Ok(()),
    }
}

/// Where a CSV file is: in the folder of the user, or in the session.
pub struct CsvPlace {
    path: Option<PathBuf>,
    /// Its key among the tables of the session.
    key: String,
}

impl CsvPlace {
    /// The place of a name. It lies in the folder: no name leads out of it.
    pub fn find(context: &PlanContext, name: &str, span: Span) -> Result<Self, Diagnostic> {
        let relative = Path::new(name);
        if name.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Diagnostic::error("plan/path", format!("`{name}` is not a name inside the CSV folder"), span));
        }
        let file = if relative.extension().is_some() { name.to_owned() } else { format!("{name}.csv") };
        let path = context.csv_folder().map(|folder| folder.join(&file));
        Ok(Self { path, key: format!("csv {file}") })
    }

    /// The table; none when there is none of this name.
    pub fn read(&self, context: &PlanContext) -> Result<Option<LookupTable>, Diagnostic> {
        let Some(path) = &self.path else { return Ok(context.written_table(&self.key).map(Arc::unwrap_or_clone)) };
        match context.notes().pending(Target::File(path)) {
            Some(pending) => Ok(pending.map(Arc::unwrap_or_clone)),
            None if path.is_file() => LookupTable::read(path).map(Some),
            None => Ok(None),
        }
    }

    fn change(&self, context: &PlanContext, call: &CommandCall, table: Option<LookupTable>) -> Change {
        match (&self.path, table) {
            (Some(path), Some(table)) => Change::WriteFile { path: path.clone(), table: Arc::new(table) },
            (Some(path), None) => Change::RemoveFile { path: path.clone() },
            (None, table) => {
                context.warn(
                    Diagnostic {
                        severity: Severity::Note,
                        ..Diagnostic::warning(
                            "run/csv-kept",
                            "`outputcsv` keeps the rows for `inputcsv` of this session",
                            Some(call.name.span),
                        )
                    }
                    .with_help("`--csv-dir DIR` names a folder for files"),
                );
                Change::KeepTable { key: self.key.clone(), table: Arc::new(table.unwrap_or_default()) }
            }
        }
    }
}

/// Without a file each row stands as a line of CSV in the hidden field `_xml`.
async fn as_field(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let as_xml = call.flag("usexml");
    let mut table = Table::of(context, frame).await?;
    let names: Vec<String> = table.names().filter(|name| !name.starts_with('_')).cloned().collect();
    for row in 0..table.rows() {
        let cells: Vec<String> = names
            .iter()
            .map(|name| {
                let text = table.cell(row, name).text().unwrap_or_default();
                let quoted = text.contains(['"', ',', '\n', '\r']);
                if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
            })
            .collect();
        let line = cells.join(",");
        table.set(row, "_xml", Cell::Text(if as_xml { escaped(&line) } else { line }));
    }
    table.frame(context)
}
