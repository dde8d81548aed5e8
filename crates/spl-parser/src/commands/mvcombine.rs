//! `mvcombine`: merges rows that are equal in all but one field.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `mvcombine`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "mvcombine",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "merges rows that are equal in all but one field",
    syntax: "mvcombine [delim=<string>] <field>",
    options: &[super::option("delim", OptionKind::Text, " ", "separator of the single-value form")],
    arguments: ArgumentShape::Own(super::one_field),
    effects: Effects::of(&[Read::All, Read::Arguments], Makes::Keeps, Rows::Whole),
    status: Status::Full,
};
