//! `fromjson`: fields of a JSON object.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};

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
    status: Status::Full,
};
