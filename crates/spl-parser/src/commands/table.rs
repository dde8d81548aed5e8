//! `table`: keeps only the listed fields, in that order.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `table`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "table",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "keeps only the listed fields, in that order",
    syntax: "table <field>...",
    options: &[],
    arguments: ArgumentShape::Fields,
    status: Status::Full,
};
