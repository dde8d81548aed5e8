//! `sitop`: top, in summary-index form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `sitop`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sitop",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "top, in summary-index form",
    syntax: "sitop [<count>] [<option>...] <field>... [BY <field>...]",
    options: super::top::OPTIONS,
    arguments: ArgumentShape::Own(super::top::grammar),
    status: Status::Full,
};
