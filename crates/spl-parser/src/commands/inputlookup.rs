//! `inputlookup`: the rows of a lookup table.

use super::{missing_argument, search_clause};
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Object, OptionKind, Rows, Source, Status};
use crate::syntax::CommandCall;

/// Syntax of `inputlookup`. Its text argument is the table; `where` a clause with a search.
pub const SPEC: CommandSpec = CommandSpec {
    name: "inputlookup",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "the rows of a lookup table",
    syntax: "inputlookup [append=<bool>] [strict=<bool>] [start=<int>] [max=<int>] (<file>|<table>) [WHERE <search-expression>]",
    options: &[
        super::option("append", OptionKind::Boolean, "false", "adds the rows to those that are there"),
        super::option("strict", OptionKind::Boolean, "false", "fails the search when the table can't be read"),
        super::option("start", OptionKind::Integer, "0", "how many rows are passed over"),
        super::option("max", OptionKind::Integer, "1000000000", "how many rows at most"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Itself).naming(&[Object::Lookup]),
    status: Status::Full,
};

/// Options, the table's name, `where`.
pub(super) fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument(&format!("`{}` needs the name of a lookup", call.spec.name), call.name.span));
    }
    reader.refuse_unknown_option(call.spec)?;
    let name = reader.text_argument("the name of a lookup")?;
    call.arguments.push(name);
    reader.options(call)?;
    search_clause(reader, call, &[])?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("`where` or the end of the command")
}
