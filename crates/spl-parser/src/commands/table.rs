//! `table`: keeps only the listed fields, in that order.

use crate::effects::{fields, required};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Own, Read, Rows, Status};

/// Syntax of `table`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "table",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "keeps only the listed fields, in that order",
    syntax: "table <field>...",
    options: &[],
    arguments: ArgumentShape::Fields,
    effects: Effects::of(&[Read::Kept], Makes::Own(&Own { required: required::of_table, behind: fields::behind_table }), Rows::Each),
    status: Status::Full,
};
