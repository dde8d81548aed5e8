//! `highlight`: marks terms on screen.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Status};

/// Syntax of `highlight`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "highlight",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "marks terms on screen",
    syntax: "highlight <text>...",
    options: &[],
    arguments: ArgumentShape::Own(super::texts),
    effects: Effects::of(&[], Makes::Keeps, Rows::Each),
    status: Status::Full,
};
