//! `setfields`: sets fields to constants.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `setfields`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "setfields",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "sets fields to constants",
    syntax: "setfields <field>=\"<string>\"[, <field>=\"<string>\"]...",
    options: &[],
    arguments: ArgumentShape::Assignments,
    status: Status::Full,
};
