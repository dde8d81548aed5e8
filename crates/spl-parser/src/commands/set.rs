//! `set`: union, difference or intersection of two subsearches.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Rows, Source, Status, Subsearches};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `set`. Arguments: the operation as text and two subsearches.
pub const SPEC: CommandSpec = CommandSpec {
    name: "set",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "union, difference or intersection of two subsearches",
    syntax: "set (union|diff|intersect) [<subsearch>] [<subsearch>]",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Only(&[Made::Subsearches, Made::Unknown]), Rows::New).from(Source::Subsearches).with(Subsearches::AsRows(Some("set_maxresultrows"))),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    let operation = ["union", "diff", "intersect"].into_iter().find_map(|word| reader.keyword(word).map(|span| Spanned::new(word.to_owned(), span)));
    let Some(operation) = operation else {
        return Err(reader.unexpected("`union`, `diff` or `intersect`"));
    };
    call.arguments.push(Argument::Text { text: operation, quoted: false });
    for _ in 0..2 {
        if reader.at_end_of_command() {
            return Err(super::missing_argument("`set` needs two subsearches", call.name.span));
        }
        let subsearch = reader.subsearch()?;
        call.arguments.push(Argument::Subsearch(subsearch));
    }
    reader.expect_end_of_command("the end of the command")
}
