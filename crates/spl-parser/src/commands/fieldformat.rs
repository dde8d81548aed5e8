//! `fieldformat`: how a field is shown, without changing it.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `fieldformat`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "fieldformat",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "how a field is shown, without changing it",
    syntax: "fieldformat <field>=<expression>",
    options: &[],
    arguments: ArgumentShape::Assignments,
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Arguments]), Rows::Each),
    status: Status::Full,
};
