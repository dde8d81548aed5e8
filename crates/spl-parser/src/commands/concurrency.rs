//! `concurrency`: how many events run at each start.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `concurrency`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "concurrency",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "how many events run at each start",
    syntax: "concurrency duration=<field> [start=<field>] [output=<field>]",
    options: &[
        super::option("duration", OptionKind::Field, "", "field with the duration"),
        super::option("start", OptionKind::Field, "_time", "field with the start"),
        super::option("output", OptionKind::Field, "concurrency", "field that gets the count"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Option("duration"), Read::Option("start")], Makes::Adds(&[Made::Option("output")]), Rows::Whole),
    status: Status::Full,
};
