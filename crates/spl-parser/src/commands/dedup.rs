//! `dedup`: keeps the first rows per combination of field values.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Fields, Reader};
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Clause, CommandCall};

/// Syntax of `dedup`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "dedup",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "keeps the first rows per combination of field values",
    syntax: "dedup [<count>] <field>... [keepevents=<bool>] [keepempty=<bool>] [consecutive=<bool>] [sortby <sort-key>...]",
    options: &[
        super::option("keepevents", OptionKind::Boolean, "false", "keeps duplicates but removes the fields from them"),
        super::option("keepempty", OptionKind::Boolean, "false", "keeps rows in which a field is absent"),
        super::option("consecutive", OptionKind::Boolean, "false", "removes only duplicates that follow each other"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("sortby")], Makes::Keeps, Rows::Distinct(&[Read::Arguments])),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if let Some(count) = reader.whole_number() {
        call.arguments.push(count);
    }
    reader.field_list(call, Fields::Plain, &["sortby"])?;
    if call.fields().next().is_none() {
        return Err(missing_argument("`dedup` needs at least one field", call.name.span));
    }
    if let Some(span) = reader.keyword("sortby") {
        let keys = reader.sort_keys(call)?;
        if keys.is_empty() {
            return Err(missing_argument("no field after `sortby`", span));
        }
        call.clauses.push(Clause { keyword: Spanned::new("sortby".to_owned(), span), arguments: keys });
    }
    Ok(())
}
