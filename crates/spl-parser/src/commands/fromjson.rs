//! `fromjson`: fields of a JSON object.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `fromjson`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "fromjson",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "fields of a JSON object",
    syntax: "fromjson <field> [prefix=<string>]",
    options: &[
        super::option("prefix", OptionKind::Text, "", "start of the names of the new fields"),
    ],
    arguments: ArgumentShape::Own(super::one_field),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Unknown]), Rows::Each),
    status: Status::Full,
};
