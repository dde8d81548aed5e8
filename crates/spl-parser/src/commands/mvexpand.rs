//! `mvexpand`: one row per value of a multivalue field.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `mvexpand`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "mvexpand",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "one row per value of a multivalue field",
    syntax: "mvexpand <field> [limit=<int>]",
    options: &[super::option("limit", OptionKind::Integer, "0", "how many values per row; 0 for all")],
    arguments: ArgumentShape::Own(super::one_field),
    effects: Effects::of(&[Read::Arguments], Makes::Keeps, Rows::Several),
    status: Status::Full,
};
