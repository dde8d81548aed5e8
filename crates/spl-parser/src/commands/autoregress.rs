//! `autoregress`: copies earlier values of a field.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `autoregress`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "autoregress",
    aliases: &[],
    kind: CommandKind::CentralizedStreaming,
    summary: "copies earlier values of a field",
    syntax: "autoregress <field> [AS <field>] [p=<int>|<int>-<int>]",
    options: &[super::option("p", OptionKind::Text, "1", "how many rows back: a number or a range")],
    arguments: ArgumentShape::Own(super::one_rename),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Unknown]), Rows::InOrder),
    status: Status::Full,
};
