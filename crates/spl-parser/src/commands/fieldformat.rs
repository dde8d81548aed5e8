//! `fieldformat`: how a field is shown, without changing it.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `fieldformat`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "fieldformat",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "how a field is shown, without changing it",
    syntax: "fieldformat <field>=<expression>",
    options: &[],
    arguments: ArgumentShape::Assignments,
    status: Status::Full,
};
