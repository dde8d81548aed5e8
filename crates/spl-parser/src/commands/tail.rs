//! `tail`: the last rows, in reverse order.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `tail`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "tail",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "the last rows, in reverse order",
    syntax: "tail [<count>]",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Keeps, Rows::Last),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    if reader.at_end_of_command() {
        return Ok(());
    }
    match reader.whole_number() {
        Some(count) => {
            call.arguments.push(count);
            reader.separator();
        }
        None => return Err(reader.unexpected("a whole number")),
    }
    reader.expect_end_of_command("the end of the command")
}
