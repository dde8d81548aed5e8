//! Planning of `outputlookup`: rows into a lookup table; they are passed on.
//!
//! A file is written only when the user named it as a lookup (`--lookup NAME=FILE.csv`). Every other table is kept in
//! memory, where the rest of the session sees it. Searches that are only checked or explained write nothing.

use std::sync::Arc;

use futures::future::BoxFuture;
use spl_knowledge::{LookupDefinition, LookupSource, LookupTable};
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Spanned};
use spl_plan::arguments::{boolean, count};
use spl_plan::context::effects::{Change, Effect};
use spl_plan::context::{Input, PlanContext, written_lookups};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::lookup_table::{table_of, with_header};

/// Plans the command. Where a file would be made (`createinapp`, `create_context`) has no meaning here.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let several = call.option("output_format").is_some_and(|option| option.value.value.eq_ignore_ascii_case("splunk_mv_csv"));
        let (Some(frame), Some(Argument::Text { text: name, .. })) = (input.frame, call.arguments.first()) else {
            return Err(Diagnostic::error("plan/argument", "`outputlookup` needs rows and the name of a lookup", call.span));
        };
        let target = Target::find(context, call, name)?;
        if !context.is_running() {
            return Ok(frame);
        }
        let frame = context.materialise(frame).await?;
        let rows = Rows::of(context, frame.clone()).await?;
        let most = match call.option("max") {
            Some(_) => usize::try_from(count(call, "max", 0)?).unwrap_or(usize::MAX),
            None => usize::MAX,
        };
        let new = table_of(&rows, most, several);
        if let Some(table) = target.combine(call, new)? {
            context.notes().add_effect(Effect { change: target.change(context, table), span: name.span });
        }
        Ok(frame)
    })
}

/// What is written.
struct Target {
    definition: LookupDefinition,
    /// The rows so far; none when the table does not exist.
    existing: Option<Arc<LookupTable>>,
}

impl Target {
    fn find(context: &PlanContext, call: &CommandCall, name: &Spanned<String>) -> Result<Self, Diagnostic> {
        let definition = match context.knowledge().lookup(&name.value) {
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
        if !is_collection {
            let message = |option: &str| format!("`{option}` is for KV store collections; `{}` is a CSV table", name.value);
            if let Some(option) = call.option("key_field") {
                return Err(Diagnostic::error("plan/argument", message("key_field"), option.name.span));
            }
            if let Some(option) = call.option("allow_updates") {
                let warning =
                    Diagnostic::warning("plan/option", message("allow_updates"), Some(option.name.span.to(option.value.span)));
                context.warn(warning.with_help("the rows of a CSV table have no key: they are added or replaced as a whole"));
            }
        }
        let existing = match context.written_table(&written_lookups::key_of(&definition)) {
            Some(table) => Some(table),
            None => match &context.lookup(&name.value).unwrap_or_else(|_| definition.clone()).source {
                LookupSource::Table(table) => Some(table.clone()),
                LookupSource::Missing(_) => None,
                _ => Some(context.lookup_table(&definition).map_err(|error| error.at(name.span))?),
            },
        };
        Ok(Self { definition, existing })
    }

    /// The table as it will be; none when nothing is written.
    fn combine(&self, call: &CommandCall, new: LookupTable) -> Result<Option<LookupTable>, Diagnostic> {
        let append = call.flag("append");
        if new.rows.is_empty() {
            let empties = !append && call.flag("override_if_empty") && self.existing.is_some();
            let makes = self.existing.is_none() && call.flag("create_empty");
            // The rows go, the fields stay: searches that look values up go on and find none.
            let header = self.existing.as_ref().map(|table| table.header.clone()).unwrap_or_default();
            return Ok((empties || makes).then(|| LookupTable { header, rows: Vec::new() }));
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
            (Some(existing), Some(key)) if is_collection && (append || updates || call.option("key_field").is_some()) => {
                Ok(Some(merged(existing, &new, key, updates)))
            }
            (Some(existing), _) if append => {
                // Only fields that the table has are appended (Splunk search reference, outputlookup).
                let mut table = LookupTable::clone(existing);
                table.rows.extend(with_header(&new, &existing.header).rows);
                Ok(Some(table))
            }
            _ => Ok(Some(new)),
        }
    }

    fn change(&self, context: &PlanContext, table: LookupTable) -> Change {
        let table = Arc::new(table);
        match &self.definition.source {
            LookupSource::File(path) if context.knowledge().is_given_file(path) => {
                Change::WriteFile { path: path.clone(), table }
            }
            _ => Change::KeepTable { key: written_lookups::key_of(&self.definition), table },
        }
    }
}

/// A collection after new rows were added, and those with a known key replaced when updates are allowed. Without updates
/// rows are only inserted: a record with their key stays what it is, as a key names one record.
///
/// Source: Splunk search reference 10.0, outputlookup, allow_updates.
fn merged(existing: &LookupTable, new: &LookupTable, key: &str, updates: bool) -> LookupTable {
    let mut header = existing.header.clone();
    header.extend(new.header.iter().filter(|name| !existing.header.contains(name)).cloned());
    let mut table = with_header(existing, &header);
    let place = header.iter().position(|name| name == key);
    for row in with_header(new, &header).rows {
        let same = place
            .filter(|place| !row[*place].is_empty())
            .and_then(|place| table.rows.iter().position(|known| known[place] == row[place]));
        match same {
            Some(same) if updates => table.rows[same] = row,
            Some(_) => {}
            None => table.rows.push(row),
        }
    }
    table
}
