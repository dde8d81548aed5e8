//! `uniq`: removes rows equal to the one before.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Read, Rows, Status};

/// Syntax of `uniq`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "uniq",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "removes rows equal to the one before",
    syntax: "uniq",
    options: &[],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::All], Makes::Keeps, Rows::InOrder),
    status: Status::Full,
};
