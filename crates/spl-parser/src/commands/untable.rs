//! `untable`: a table to rows of (x, series, value).

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `untable`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "untable",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "a table to rows of (x, series, value)",
    syntax: "untable <x-field> <series-field> <value-field>",
    options: &[],
    arguments: ArgumentShape::Fields,
    status: Status::Full,
};
