//! Planning of `outputcsv`: rows into a CSV file of the folder given with `--csv-dir`; without one they are kept for the
//! session, where `inputcsv` finds them. The rows are passed on.

use std::path::{Component, Path, PathBuf};

use futures::future::BoxFuture;
use spl_knowledge::LookupTable;
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Severity, Span};

use super::outputlookup::{table_of, with_header};
use super::outputtext::escaped;
use super::{Input, boolean};
use crate::cell::{Cell, Table};
use crate::frame::Frame;
use crate::planner::Planner;
use crate::rows::Rows;

/// Plans the command.
///
/// Source: Splunk search reference, outputcsv.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`outputcsv` needs rows", call.span))?;
        refuse_dispatch(call)?;
        let Some(Argument::Text { text: name, .. }) = call.arguments.first() else {
            return as_field(planner, call, frame).await;
        };
        let place = CsvPlace::find(planner, &name.value, name.span)?;
        if !planner.is_running() {
            return Ok(frame);
        }
        let append = boolean(call, "append", false);
        if append && place.key.ends_with(".gz") {
            return Err(Diagnostic::error("plan/argument", "`outputcsv` can't append to .gz files", name.span));
        }
        let frame = planner.materialise(frame).await?;
        let rows = Rows::of(planner, frame.clone()).await?;
        let new = table_of(&rows, usize::MAX, true);
        let existing = place.read(planner).map_err(|error| error.at(name.span))?;
        let table = match existing {
            Some(existing) if append => {
                // Only fields of the file's header are appended.
                let mut table = existing;
                table.rows.extend(with_header(&new, &table.header).rows);
                Some(table)
            }
            _ if !new.rows.is_empty() => Some(new),
            _ if boolean(call, "create_empty", false) => Some(LookupTable::default()),
            Some(existing) if !boolean(call, "override_if_empty", true) => Some(existing),
            _ => None,
        };
        place.write(planner, call, table).map_err(|error| error.at(name.span))?;
        Ok(frame)
    })
}

/// There are no folders of jobs.
pub fn refuse_dispatch(call: &CommandCall) -> Result<(), Diagnostic> {
    match call.option("dispatch").filter(|_| boolean(call, "dispatch", false)) {
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
    pub fn find(planner: &Planner, name: &str, span: Span) -> Result<Self, Diagnostic> {
        let relative = Path::new(name);
        if name.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Diagnostic::error("plan/path", format!("`{name}` is not a name inside the CSV folder"), span));
        }
        let file = if relative.extension().is_some() { name.to_owned() } else { format!("{name}.csv") };
        let path = planner.settings().csv_folder.as_ref().map(|folder| folder.join(&file));
        Ok(Self { path, key: format!("csv {file}") })
    }

    /// The table; none when there is none of this name.
    pub fn read(&self, planner: &Planner) -> Result<Option<LookupTable>, Diagnostic> {
        match &self.path {
            Some(path) if path.is_file() => LookupTable::read(path).map(Some),
            Some(_) => Ok(None),
            None => Ok(planner.written().get(&self.key)),
        }
    }

    fn write(&self, planner: &Planner, call: &CommandCall, table: Option<LookupTable>) -> Result<(), Diagnostic> {
        let failed =
            |path: &Path, error: std::io::Error| Diagnostic::general("run/csv-file", format!("{}: {error}", path.display()));
        match (&self.path, table) {
            (Some(path), Some(table)) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
                }
                table.write(path)
            }
            (Some(path), None) if path.is_file() => std::fs::remove_file(path).map_err(|error| failed(path, error)),
            (Some(_), None) => Ok(()),
            (None, table) => {
                planner.written().set(self.key.clone(), table.unwrap_or_default());
                planner.warn(
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
                Ok(())
            }
        }
    }
}

/// Without a file each row stands as a line of CSV in the hidden field `_xml`.
async fn as_field(planner: &Planner, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let as_xml = boolean(call, "usexml", false);
    let mut table = Table::of(planner, frame).await?;
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
    table.frame(planner)
}
