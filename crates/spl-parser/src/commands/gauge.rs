//! `gauge`: shapes a value for gauges.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `gauge`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "gauge",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "shapes a value for gauges",
    syntax: "gauge <value> [<range>...]",
    options: &[],
    arguments: ArgumentShape::Fields,
    effects: Effects::of(&[Read::Arguments], Makes::Only(&[Made::Unknown]), Rows::NewFew),
    status: Status::Full,
};
