//! `map`: runs a search once per row.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::effects::required;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status, Subsearches};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `map`. The search is the option `search`, a subsearch, or the name of a saved search as text.
pub const SPEC: CommandSpec = CommandSpec {
    name: "map",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "runs a search once per row, with the row's values filled in",
    syntax: "map (search=\"<search>\"|[<subsearch>]|<saved search>) [maxsearches=<int>]",
    options: &[
        super::option("search", OptionKind::Text, "", "the search, with $field$ for values"),
        super::option("maxsearches", OptionKind::Integer, "10", "how many searches at most"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Own(required::of_map)], Makes::Only(&[Made::Unknown]), Rows::Several).with(Subsearches::PerRow),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if !reader.at_end_of_command() {
        reader.refuse_unknown_option(call.spec)?;
        let argument = if reader.at_symbol("[") { Argument::Subsearch(reader.inner_commands()?) } else { reader.text_argument("a search")? };
        call.arguments.push(argument);
    }
    reader.options(call)?;
    if call.arguments.is_empty() && call.option("search").is_none() {
        return Err(missing_argument("`map` needs a search", call.name.span).with_help("map search=\"search user=$user$\""));
    }
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("an option or the end of the command")
}
