//! `sirare`: rare, in summary-index form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `sirare`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sirare",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "rare, in summary-index form",
    syntax: "sirare [<count>] [<option>...] <field>... [BY <field>...]",
    options: super::rare::SPEC.options,
    arguments: ArgumentShape::Own(super::top::grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Adds(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
