//! `require`: fails when nothing comes in.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Status};

/// Syntax of `require`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "require",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "fails when nothing comes in",
    syntax: "require",
    options: &[],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[], Makes::Keeps, Rows::Each),
    status: Status::Full,
};
