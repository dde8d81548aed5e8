//! `sitop`: top, in summary-index form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `sitop`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sitop",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "top, in summary-index form",
    syntax: "sitop [<count>] [<option>...] <field>... [BY <field>...]",
    options: super::top::OPTIONS,
    arguments: ArgumentShape::Own(super::top::grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Adds(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
