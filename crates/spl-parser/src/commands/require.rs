//! `require`: fails when nothing comes in.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `require`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "require",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "fails when nothing comes in",
    syntax: "require",
    options: &[],
    arguments: ArgumentShape::Nothing,
    status: Status::Full,
};
