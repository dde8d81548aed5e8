//! `setfields`: sets fields to constants.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `setfields`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "setfields",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "sets fields to constants",
    syntax: "setfields <field>=\"<string>\"[, <field>=\"<string>\"]...",
    options: &[],
    arguments: ArgumentShape::Assignments,
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Arguments]), Rows::Each),
    status: Status::Full,
};
