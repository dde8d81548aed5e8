//! `multisearch`: runs several streaming searches and merges their events.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Rows, Source, Status, Subsearches};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `multisearch`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "multisearch",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "runs several streaming searches and merges their events",
    syntax: "multisearch [<subsearch>] [<subsearch>]...",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Only(&[Made::Subsearches]), Rows::New).from(Source::Subsearches).with(Subsearches::AsRows(None)),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    while !reader.at_end_of_command() {
        let subsearch = reader.subsearch()?;
        call.arguments.push(Argument::Subsearch(subsearch));
        reader.separator();
    }
    if call.arguments.len() < 2 {
        return Err(super::missing_argument("`multisearch` needs at least two subsearches", call.name.span));
    }
    Ok(())
}
