//! `addinfo`: adds the time range and id of the search to each row.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `addinfo`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "addinfo",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "adds the time range and id of the search to each row",
    syntax: "addinfo",
    options: &[],
    arguments: ArgumentShape::Nothing,
    status: Status::Full,
};
