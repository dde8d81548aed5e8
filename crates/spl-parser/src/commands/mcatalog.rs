//! `mcatalog`: names and dimensions of metrics.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};
use crate::syntax::CommandCall;

/// Syntax of `mcatalog`. Arguments: aggregations. Clauses: `where` (a search), `by` (fields).
pub const SPEC: CommandSpec = CommandSpec {
    name: "mcatalog",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "names and dimensions of metrics",
    syntax: "mcatalog [prestats=<bool>] [append=<bool>] values(<field>) [AS <field>]... [WHERE <search-expression>] [BY <field>...]",
    options: &[
        super::option("prestats", OptionKind::Boolean, "false", "output for stats to go on with"),
        super::option("append", OptionKind::Boolean, "false", "with prestats: adds to the rows that are there"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Results, Made::Unknown]), Rows::New).from(Source::Events),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.aggregations(call, &["where", "by", "groupby"])?;
    if call.aggregations().next().is_none() {
        return Err(missing_argument("`mcatalog` needs `values(<field>)`", call.name.span));
    }
    loop {
        reader.options(call)?;
        let read = super::search_clause(reader, call, &["by", "groupby"])? || super::mstats::by_clause(reader, call)?;
        if !read {
            reader.refuse_unknown_option(call.spec)?;
            return reader.expect_end_of_command("`where`, `by` or an option");
        }
    }
}
