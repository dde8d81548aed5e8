//! `sichart`: chart, in summary-index form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `sichart`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sichart",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "chart, in summary-index form",
    syntax: "sichart [<option>...] <aggregation>... [OVER <field>] [BY <field> [<field>]] [WHERE <aggregation> in|notin|<|> <value>]",
    options: super::chart::SPEC.options,
    arguments: ArgumentShape::Own(super::split_aggregations),
    effects: Effects::of(&[Read::Arguments, Read::Clause("over"), Read::Clause("by"), Read::Named(&["_time"])], Makes::Adds(&[Made::Results, Made::Unknown]), Rows::New),
    status: Status::Full,
};
