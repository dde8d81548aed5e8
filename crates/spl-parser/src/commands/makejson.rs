//! `makejson`: fields as a JSON object.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Fields, Reader};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `makejson`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "makejson",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "fields as a JSON object",
    syntax: "makejson [<field>...] output=<field>",
    options: &[super::option("output", OptionKind::Field, "", "field that gets the object")],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Adds(&[Made::Option("output")]), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.field_list(call, Fields::Plain, &[])?;
    match call.option("output") {
        Some(_) => Ok(()),
        None => Err(missing_argument("`makejson` needs `output=<field>`", call.name.span)),
    }
}
