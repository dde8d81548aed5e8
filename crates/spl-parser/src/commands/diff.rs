//! `diff`: difference between the texts of two rows.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `diff`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "diff",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "difference between the texts of two rows",
    syntax: "diff [position1=<int>] [position2=<int>] [attribute=<field>] [diffheader=<bool>] [context=<bool>] [maxlen=<int>]",
    options: &[
        super::option("position1", OptionKind::Integer, "1", "number of the first row"),
        super::option("position2", OptionKind::Integer, "2", "number of the second row, greater than the first"),
        super::option("attribute", OptionKind::Field, "_raw", "field that is compared"),
        super::option("diffheader", OptionKind::Boolean, "false", "starts with the names of what is compared"),
        super::option("context", OptionKind::Boolean, "false", "context format instead of unified format"),
        super::option("maxlen", OptionKind::Integer, "100000", "bytes that are compared of each text; 0 for all"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Option("attribute")], Makes::Only(&[Made::Unknown]), Rows::NewFew),
    status: Status::Full,
};
