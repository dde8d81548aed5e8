//! `fillnull`: gives absent fields a value.

use crate::diagnostic::Diagnostic;
use crate::parser::{Fields, Reader};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `fillnull`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "fillnull",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "gives absent fields a value",
    syntax: "fillnull [value=<string>] [<field>...]",
    options: &[super::option("value", OptionKind::Text, "0", "the value")],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Adds(&[Made::Arguments]), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.field_list(call, Fields::Plain, &[])
}
