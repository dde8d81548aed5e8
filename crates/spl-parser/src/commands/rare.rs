//! `rare`: the least common values.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `rare`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "rare",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "the least common values with count and percent",
    syntax: "rare [<count>] [limit=<int>] [countfield=<string>] [percentfield=<string>] [showcount=<bool>] [showperc=<bool>] <field>... [BY <field>...]",
    options: &[
        super::option("limit", OptionKind::Integer, "10", "how many values; 0 for all"),
        super::option("countfield", OptionKind::Text, "count", "name of the count"),
        super::option("percentfield", OptionKind::Text, "percent", "name of the percentage"),
        super::option("showcount", OptionKind::Boolean, "true", "whether the count is shown"),
        super::option("showperc", OptionKind::Boolean, "true", "whether the percentage is shown"),
    ],
    arguments: ArgumentShape::Own(super::top::grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Only(&[Made::Arguments, Made::Clause("by"), Made::Option("countfield"), Made::Option("percentfield")]), Rows::FewGroups(&[Read::Arguments, Read::Clause("by")])),
    status: Status::Full,
};
