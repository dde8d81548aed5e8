//! Planning of `outputlookup`: rows into a lookup table; they are passed on.
//!
//! A file is written only when the user named it as a lookup (`--lookup NAME=FILE.csv`). Every other table is kept in
//! memory, where the rest of the session sees it. Searches that are only checked or explained write nothing.

use futures::future::BoxFuture;
use spl_knowledge::{LookupDefinition, LookupSource, LookupTable};
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Spanned};

use super::{Input, boolean, count};
use crate::frame::Frame;
use crate::planner::Planner;
use crate::rows::Rows;
use crate::written;

/// Plans the command. Where a file would be made (`createinapp`, `create_context`) has no meaning here.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let several = call.option("output_format").is_some_and(|option| option.value.value.eq_ignore_ascii_case("splunk_mv_csv"));
        let (Some(frame), Some(Argument::Text { text: name, .. })) = (input.frame, call.arguments.first()) else {
            return Err(Diagnostic::error("plan/argument", "`outputlookup` needs rows and the name of a lookup", call.span));
        };
        let target = Target::find(planner, call, name)?;
        if !planner.is_running() {
            return Ok(frame);
        }
        let frame = planner.materialise(frame).await?;
        let rows = Rows::of(planner, frame.clone()).await?;
        let most = match call.option("max") {
            Some(_) => usize::try_from(count(call, "max", 0)?).unwrap_or(usize::MAX),
            None => usize::MAX,
        };
        let new = table_of(&rows, most, several);
        if let Some(table) = target.combine(call, new)? {
            target.write(planner, table).map_err(|error| error.at(name.span))?;
        }
        Ok(frame)
    })
}

/// What is written.
struct Target {
    definition: LookupDefinition,
    /// The rows so far; none when the table does not exist.
    existing: Option<LookupTable>,
}

impl Target {
    fn find(planner: &Planner, call: &CommandCall, name: &Spanned<String>) -> Result<Self, Diagnostic> {
        let definition = match planner.knowledge().lookup(&name.value) {
            Ok(definition) => definition,
            Err(_) if name.value.ends_with(".csv") || name.value.ends_with(".csv.gz") => {
                LookupDefinition::new(&name.value, LookupSource::Missing(name.value.clone()), spl_macros::Origin::CommandLine)
            }
            Err(unknown) => {
                return Err(unknown.at(name.span).with_help("the name of a new table ends in `.csv`"));
            }
        };
        if let LookupSource::Unsupported(what) = &definition.source {
            return Err(Diagnostic::error(
                "lookup/source",
                format!("`{}` is {what}, which can't be written", name.value),
                name.span,
            ));
        }
        let is_collection = matches!(definition.source, LookupSource::Collection(_));
        if !is_collection && let Some(option) = call.option("key_field").or_else(|| call.option("allow_updates")) {
            let message = format!("`{}` is for KV store collections; `{}` is a CSV table", option.name.value, name.value);
            return Err(Diagnostic::error("plan/argument", message, option.name.span));
        }
        let existing = match planner.written().get(&written::key_of(&definition)) {
            Some(table) => Some(table),
            None => match &definition.source {
                LookupSource::Missing(_) => None,
                _ => Some(definition.load().map_err(|error| error.at(name.span))?),
            },
        };
        Ok(Self { definition, existing })
    }

    /// The table as it will be; none when nothing is written.
    fn combine(&self, call: &CommandCall, new: LookupTable) -> Result<Option<LookupTable>, Diagnostic> {
        let append = boolean(call, "append", false);
        if new.rows.is_empty() {
            let empties = !append && boolean(call, "override_if_empty", true) && self.existing.is_some();
            let makes = self.existing.is_none() && boolean(call, "create_empty", false);
            return Ok((empties || makes).then(LookupTable::default));
        }
        let is_collection = matches!(self.definition.source, LookupSource::Collection(_));
        let mut new = new;
        if is_collection && !self.definition.fields.is_empty() {
            // A collection has the fields of its definition.
            let mut header = self.definition.fields.clone();
            if !header.iter().any(|field| field == "_key") && new.header.iter().any(|field| field == "_key") {
                header.push("_key".to_owned());
            }
            new = with_header(&new, &header);
        }
        let existing = self.existing.as_ref().filter(|table| !table.header.is_empty());
        let key = match call.option("key_field") {
            Some(option) => Some(option.value.value.as_str()),
            None => (is_collection && new.header.iter().any(|field| field == "_key")).then_some("_key"),
        };
        let updates = boolean(call, "allow_updates", append || call.option("key_field").is_some());
        match (existing, key) {
            (Some(existing), Some(key)) if is_collection && (append || updates) => {
                Ok(Some(updated(existing, &new, key, updates)))
            }
            (Some(existing), _) if append => {
                // Only fields that the table has are appended (Splunk search reference, outputlookup).
                let mut table = existing.clone();
                table.rows.extend(with_header(&new, &existing.header).rows);
                Ok(Some(table))
            }
            _ => Ok(Some(new)),
        }
    }

    fn write(&self, planner: &Planner, table: LookupTable) -> Result<(), Diagnostic> {
        match &self.definition.source {
            LookupSource::File(path) if planner.knowledge().is_given_file(path) => table.write(path),
            _ => {
                planner.written().set(written::key_of(&self.definition), table);
                Ok(())
            }
        }
    }
}

/// The rows as a table. Fields that start with `_` are internal, but for the time, the text and the key of a row; the
/// values of a multivalue field stand one per line. With `several` they also stand one by one in a field `__mv_<name>`.
pub fn table_of(rows: &Rows, most: usize, several: bool) -> LookupTable {
    let columns: Vec<_> =
        rows.fields().filter(|(name, _)| !name.starts_with('_') || matches!(*name, "_time" | "_raw" | "_key")).collect();
    let listed: Vec<_> = columns
        .iter()
        .filter(|(_, column)| several && (0..rows.len().min(most)).any(|row| column.value(row).each_text().len() > 1))
        .collect();
    LookupTable {
        header: columns
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .chain(listed.iter().map(|(name, _)| format!("{MULTIVALUE_PREFIX}{name}")))
            .collect(),
        rows: (0..rows.len().min(most))
            .map(|row| {
                let single = columns.iter().map(|(_, column)| column.value(row).each_text().join("\n"));
                single.chain(listed.iter().map(|(_, column)| encoded(&column.value(row).each_text()))).collect()
            })
            .collect(),
    }
}

/// Fields of a table that hold the values of multivalue fields one by one.
pub const MULTIVALUE_PREFIX: &str = "__mv_";

/// Several values in one cell: each between `$`, in which `$` stands twice, and `;` between them. One value is none.
fn encoded(values: &[std::borrow::Cow<'_, str>]) -> String {
    if values.len() < 2 {
        return String::new();
    }
    values.iter().map(|value| format!("${}$", value.replace('$', "$$"))).collect::<Vec<_>>().join(";")
}

/// The values of a cell of a [`MULTIVALUE_PREFIX`] field; none when it holds none.
pub fn decoded(cell: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = cell.strip_prefix('$')?;
    let mut value = String::new();
    loop {
        let at = rest.find('$')?;
        value.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(more) = rest.strip_prefix('$') {
            value.push('$');
            rest = more;
            continue;
        }
        values.push(std::mem::take(&mut value));
        match rest.strip_prefix(";$") {
            Some(more) => rest = more,
            None => return rest.is_empty().then_some(values),
        }
    }
}

/// The same rows under another header: other fields are left out, missing ones are empty.
pub fn with_header(table: &LookupTable, header: &[String]) -> LookupTable {
    let places: Vec<Option<usize>> = header.iter().map(|name| table.header.iter().position(|known| known == name)).collect();
    let cell = |row: &Vec<String>, place: &Option<usize>| place.and_then(|place| row.get(place)).cloned().unwrap_or_default();
    LookupTable {
        header: header.to_vec(),
        rows: table.rows.iter().map(|row| places.iter().map(|place| cell(row, place)).collect()).collect(),
    }
}

/// A collection after rows with the same key were replaced (when updates are allowed) and new ones added.
fn updated(existing: &LookupTable, new: &LookupTable, key: &str, updates: bool) -> LookupTable {
    let mut header = existing.header.clone();
    header.extend(new.header.iter().filter(|name| !existing.header.contains(name)).cloned());
    let mut table = with_header(existing, &header);
    let place = header.iter().position(|name| name == key);
    for row in with_header(new, &header).rows {
        let same = place
            .filter(|place| updates && !row[*place].is_empty())
            .and_then(|place| table.rows.iter().position(|known| known[place] == row[place]));
        match same {
            Some(same) => table.rows[same] = row,
            None => table.rows.push(row),
        }
    }
    table
}
