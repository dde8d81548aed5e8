//! `delta`: difference to an earlier row.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `delta`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "delta",
    aliases: &[],
    kind: CommandKind::CentralizedStreaming,
    summary: "difference to an earlier row",
    syntax: "delta <field> [AS <field>] [p=<int>]",
    options: &[super::option("p", OptionKind::Integer, "1", "how many rows back")],
    arguments: ArgumentShape::Own(super::one_rename),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Unknown]), Rows::InOrder),
    status: Status::Full,
};
