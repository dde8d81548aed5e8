//! `sirare`: rare, in summary-index form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `sirare`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sirare",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "rare, in summary-index form",
    syntax: "sirare [<count>] [<option>...] <field>... [BY <field>...]",
    options: super::rare::SPEC.options,
    arguments: ArgumentShape::Own(super::top::grammar),
    status: Status::Full,
};
