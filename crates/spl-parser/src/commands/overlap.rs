//! `overlap`: finds overlaps and gaps in a summary index.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `overlap`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "overlap",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "finds overlaps and gaps in a summary index",
    syntax: "overlap",
    options: &[],
    arguments: ArgumentShape::Nothing,
    status: Status::Full,
};
