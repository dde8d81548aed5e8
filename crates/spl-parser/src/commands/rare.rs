//! `rare`: the least common values.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `rare`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "rare",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "the least common values with count and percent",
    syntax: "rare [<count>] [limit=<int>] [countfield=<string>] [percentfield=<string>] [showcount=<bool>] [showperc=<bool>] [useother=<bool>] [otherstr=<string>] <field>... [BY <field>...]",
    options: super::top::OPTIONS,
    arguments: ArgumentShape::Own(super::top::grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Only(&[Made::Arguments, Made::Clause("by"), Made::Option("countfield"), Made::Option("percentfield")]), Rows::FewGroups(&[Read::Arguments, Read::Clause("by")])),
    status: Status::Full,
};
