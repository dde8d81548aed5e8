//! `gauge`: shapes a value for gauges.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `gauge`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "gauge",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "shapes a value for gauges",
    syntax: "gauge <value> [<range>...]",
    options: &[],
    arguments: ArgumentShape::Fields,
    status: Status::Full,
};
