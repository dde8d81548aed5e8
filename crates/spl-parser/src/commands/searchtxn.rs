//! `searchtxn`: finds transactions of a type by their texts.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `searchtxn`. Arguments: the type as text, the search.
pub const SPEC: CommandSpec = CommandSpec {
    name: "searchtxn",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "finds transactions of a type by their texts",
    syntax: "searchtxn <transaction-name> [max_terms=<int>] [use_disjunct=<bool>] [eventsonly=<bool>] <search-expression>",
    options: &[
        super::option("max_terms", OptionKind::Integer, "1000", "how many field values are looked for"),
        super::option("use_disjunct", OptionKind::Boolean, "true", "any of the terms is enough to begin with"),
        super::option("eventsonly", OptionKind::Boolean, "false", "gives the events, not transactions"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Events),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument("`searchtxn` needs the name of a transaction type", call.name.span));
    }
    let name = reader.text_argument("the name of a transaction type")?;
    call.arguments.push(name);
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument("`searchtxn` needs a search", call.name.span));
    }
    let search = reader.search_expression()?;
    call.arguments.push(Argument::Search(search));
    Ok(())
}
