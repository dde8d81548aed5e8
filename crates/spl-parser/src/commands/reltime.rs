//! `reltime`: how long ago _time is, in words.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `reltime`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "reltime",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "how long ago _time is, in words",
    syntax: "reltime [timefield=<field>] [prefix=<string>]",
    options: &[
        super::option("timefield", OptionKind::Field, "_time", "field with the time"),
        super::option("prefix", OptionKind::Text, "", "start of the name of the new field"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Option("timefield")], Makes::Adds(&[Made::Unknown]), Rows::Each),
    status: Status::Full,
};
