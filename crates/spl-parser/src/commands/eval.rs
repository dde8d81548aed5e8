//! `eval`: computes expressions into fields.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `eval`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "eval",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "computes expressions into fields",
    syntax: "eval <field>=<expression>[, <field>=<expression>]...",
    options: &[],
    arguments: ArgumentShape::Assignments,
    status: Status::Full,
};
