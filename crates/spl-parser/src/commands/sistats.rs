//! `sistats`: stats, in summary-index form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Source, Status};

/// Syntax of `sistats`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sistats",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "stats, in summary-index form",
    syntax: "sistats [allnum=<bool>] [delim=<string>] [partitions=<num>] <aggregation>... [BY <field>...] [dedup_splitvals=<bool>]",
    options: super::stats::OPTIONS,
    arguments: ArgumentShape::Aggregations,
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Adds(&[Made::Results, Made::Unknown]), Rows::New).from(Source::NothingWhenFirst),
    status: Status::Full,
};
