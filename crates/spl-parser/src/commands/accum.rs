//! `accum`: running total of a field.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `accum`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "accum",
    aliases: &[],
    kind: CommandKind::CentralizedStreaming,
    summary: "running total of a field",
    syntax: "accum <field> [AS <field>]",
    options: &[],
    arguments: ArgumentShape::Own(super::one_rename),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Arguments]), Rows::InOrder),
    status: Status::Full,
};
