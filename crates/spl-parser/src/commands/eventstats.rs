//! `eventstats`: aggregates and adds the result to every row.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};

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
    status: Status::Full,
};
