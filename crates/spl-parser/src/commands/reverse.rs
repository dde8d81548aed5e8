//! `reverse`: reverses the order of the rows.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Status};

/// Syntax of `reverse`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "reverse",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "reverses the order of the rows",
    syntax: "reverse",
    options: &[],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[], Makes::Keeps, Rows::Sorted),
    status: Status::Full,
};
