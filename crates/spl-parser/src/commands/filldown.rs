//! `filldown`: fills absent values with the last one above.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Status};

/// Syntax of `filldown`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "filldown",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "fills absent values with the last one above",
    syntax: "filldown [<field>...]",
    options: &[],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[], Makes::Keeps, Rows::InOrder),
    status: Status::Full,
};
