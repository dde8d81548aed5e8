//! `rename`: gives fields other names, with wildcards.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::effects::{fields, required};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Own, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall, FieldName};

/// Syntax of `rename`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "rename",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "gives fields other names",
    syntax: "rename <field> AS <field>[, <field> AS <field>]...",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments], Makes::Own(&Own { required: required::of_rename, behind: fields::behind_rename }), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.stray_commas();
    while !reader.at_end_of_command() {
        let from = reader.field("a field name")?;
        if reader.keyword("AS").is_none() && !other_word(reader) {
            return Err(reader.unexpected("`AS` and the new name"));
        }
        let to = reader.field("a field name after `AS`")?;
        check_wildcards(&from, &to)?;
        call.arguments.push(Argument::Rename { from, to });
        reader.separator();
    }
    if call.arguments.is_empty() {
        return Err(missing_argument("`rename` needs `field AS name`", call.name.span));
    }
    Ok(())
}

/// `TO` or `->`, which apps write for `AS`.
fn other_word(reader: &mut Reader<'_>) -> bool {
    let Some(span) = reader.keyword("TO").or_else(|| reader.symbol("->")) else { return false };
    reader.note_practice(span, "a field is renamed without `AS`", "write AS");
    true
}

/// Both sides need the same number of wildcards (Splunk search reference, rename).
fn check_wildcards(from: &FieldName, to: &FieldName) -> Result<(), Diagnostic> {
    let count = |field: &FieldName| field.name.matches('*').count();
    if count(from) == count(to) {
        return Ok(());
    }
    let message = format!("`{}` and `{}` have different numbers of wildcards", from.name, to.name);
    Err(Diagnostic::error("parse/rename-wildcards", message, from.span.to(to.span)).with_help("both names need the same number of *"))
}
