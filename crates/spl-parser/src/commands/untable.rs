//! `untable`: a table to rows of (x, series, value).

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `untable`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "untable",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "a table to rows of (x, series, value)",
    syntax: "untable <x-field> <series-field> <value-field>",
    options: &[],
    arguments: ArgumentShape::Fields,
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Arguments]), Rows::Several),
    status: Status::Full,
};
