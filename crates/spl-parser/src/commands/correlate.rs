//! `correlate`: how often fields occur together.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `correlate`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "correlate",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "how often fields occur together",
    syntax: "correlate",
    options: &[super::option("type", OptionKind::OneOf(&["cocur"]), "cocur", "what is computed")],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
