//! `replace`: replaces whole values of fields.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `replace`. Arguments: `Rename` of old value to new value; clause `in` with fields.
pub const SPEC: CommandSpec = CommandSpec {
    name: "replace",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "replaces whole values of fields",
    syntax: "replace (<value> WITH <value>)... [IN <field>...]",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Keeps, Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    while !reader.at_end_of_command() && !reader.at_keyword("in") {
        let from = reader.value_name("a value to be replaced")?;
        if reader.keyword("with").is_none() {
            return Err(reader.unexpected("`WITH` and the new value"));
        }
        let to = reader.value_name("the new value")?;
        call.arguments.push(Argument::Rename { from, to });
        reader.separator();
    }
    if call.arguments.is_empty() {
        return Err(missing_argument("`replace` needs `old WITH new`", call.name.span));
    }
    reader.field_clause(call, "in", &[])?;
    Ok(())
}
