//! `redistribute`: spreads the work of later commands over indexers.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `redistribute`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "redistribute",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "spreads the work of later commands over indexers",
    syntax: "redistribute [num_of_reducers=<int>] [BY <field>...]",
    options: &[super::option("num_of_reducers", OptionKind::Integer, "", "how many indexers take part")],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Keeps, Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    reader.field_clause(call, "by", &[])?;
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("`by` or an option")
}
