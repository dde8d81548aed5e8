//! `sichart`: chart, in summary-index form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `sichart`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sichart",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "chart, in summary-index form",
    syntax: "sichart [<option>...] <aggregation>... [OVER <field>] [BY <field> [<field>]] [WHERE <aggregation> in|notin|<|> <value>]",
    options: super::chart::SPEC.options,
    arguments: ArgumentShape::Own(super::split_aggregations),
    status: Status::Full,
};
