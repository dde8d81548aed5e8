//! `concurrency`: how many events run at each start.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};

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
    status: Status::Full,
};
