//! `stats`: aggregates events, optionally by fields.

use super::option;
use crate::diagnostic::Diagnostic;
use crate::parser::{Reader, bare_count};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, OptionSpec, Read, Rows, Source, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `stats`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "stats",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "aggregates events into one row per group",
    syntax: "stats [allnum=<bool>] [delim=<string>] [partitions=<num>] <aggregation>... [BY <field>... ] [dedup_splitvals=<bool>]",
    options: OPTIONS,
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Only(&[Made::Clause("by"), Made::Results]), Rows::Groups(&[Read::Clause("by")])).from(Source::NothingWhenFirst),
    status: Status::Full,
};

/// As of every command with aggregations; without any, as apps write it, it counts.
fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() || reader.at_keyword("by") {
        reader.note_choice(call.name.span, "no aggregation is given, which is taken for `count`", "write `count`");
        call.arguments.push(Argument::Aggregation(bare_count(call.name.span)));
    }
    reader.aggregations_by(call)
}

/// Options that `stats` shares with its summary-index form.
pub(super) const OPTIONS: &[OptionSpec] = &[
    option("allnum", OptionKind::Boolean, "false", "computes numeric aggregations only over fields whose values are all numbers"),
    option("delim", OptionKind::Text, " ", "separator of list() and values() in single-value output"),
    option("partitions", OptionKind::Integer, "1", "how many threads aggregate; no effect on results (see --threads)"),
    option("dedup_splitvals", OptionKind::Boolean, "false", "removes duplicate values of multivalue by-fields"),
];
