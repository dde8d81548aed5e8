//! `mvcombine`: merges rows that are equal in all but one field.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};

/// Syntax of `mvcombine`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "mvcombine",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "merges rows that are equal in all but one field",
    syntax: "mvcombine [delim=<string>] <field>",
    options: &[super::option("delim", OptionKind::Text, " ", "separator of the single-value form")],
    arguments: ArgumentShape::Own(super::one_field),
    status: Status::Full,
};
