//! `savedsearch`: the rows of a saved search.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Object, OptionKind, Read, ReadsEvents, Rows, Source, Status};
use crate::syntax::CommandCall;

/// Syntax of `savedsearch`. Arguments: the name as text, then `name=value` pairs for what it asks for.
pub const SPEC: CommandSpec = CommandSpec {
    name: "savedsearch",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "runs a saved search",
    syntax: "savedsearch <name> [nosubstitution=<bool>] [<name>=<value>]...",
    options: &[super::option(
        "nosubstitution",
        OptionKind::Boolean,
        "false",
        "leaves $name$ as it is",
    )],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Named(reads_events)).naming(&[Object::SavedSearch]),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument(
            "`savedsearch` needs the name of a saved search",
            call.name.span,
        ));
    }
    let name = reader.text_argument("the name of a saved search")?;
    call.arguments.push(name);
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            return Ok(());
        }
        let pair = reader.pair()?;
        call.arguments.push(pair);
    }
}

/// What it runs is known to the knowledge objects only.
fn reads_events(_: &CommandCall) -> ReadsEvents {
    ReadsEvents::Maybe
}
