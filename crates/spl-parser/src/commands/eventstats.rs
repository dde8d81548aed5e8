//! `eventstats`: aggregates and adds the result to every row.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `eventstats`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "eventstats",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "aggregates and adds the result to every row",
    syntax: "eventstats [allnum=<bool>] <aggregation>... [BY <field>...]",
    options: &[super::option(
        "allnum",
        OptionKind::Boolean,
        "false",
        "computes numeric aggregations only over fields whose values are all numbers",
    )],
    arguments: ArgumentShape::Aggregations,
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Adds(&[Made::Results]), Rows::Whole),
    status: Status::Full,
};
