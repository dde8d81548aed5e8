//! `noop`: changes nothing; carries switches of the search optimizer.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `noop`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "noop",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "changes nothing; carries switches of the search optimizer",
    syntax: "noop [<switch>=<value>...]",
    options: &[],
    arguments: ArgumentShape::Unread,
    status: Status::Full,
};
