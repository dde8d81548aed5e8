//! `sitimechart`: timechart, in summary-index form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `sitimechart`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sitimechart",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "timechart, in summary-index form",
    syntax: "sitimechart [<option>...] [span=<span>] <aggregation>... [BY <field>] [WHERE <aggregation> in|notin|<|> <value>]",
    options: super::timechart::SPEC.options,
    arguments: ArgumentShape::Own(super::split_aggregations),
    effects: Effects::of(&[Read::Arguments, Read::Clause("over"), Read::Clause("by"), Read::Named(&["_time"])], Makes::Adds(&[Made::Results, Made::Unknown]), Rows::New),
    status: Status::Full,
};
