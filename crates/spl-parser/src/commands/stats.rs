//! `stats`: aggregates events, optionally by fields.

use super::option;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, OptionSpec, Read, Rows, Source, Status};

/// Syntax of `stats`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "stats",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "aggregates events into one row per group",
    syntax: "stats [allnum=<bool>] [delim=<string>] [partitions=<num>] <aggregation>... [BY <field>... ] [dedup_splitvals=<bool>]",
    options: OPTIONS,
    arguments: ArgumentShape::Aggregations,
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Only(&[Made::Clause("by"), Made::Results]), Rows::Groups(&[Read::Clause("by")])).from(Source::NothingWhenFirst),
    status: Status::Full,
};

/// Options that `stats` shares with its summary-index form.
pub(super) const OPTIONS: &[OptionSpec] = &[
    option("allnum", OptionKind::Boolean, "false", "computes numeric aggregations only over fields whose values are all numbers"),
    option("delim", OptionKind::Text, " ", "separator of list() and values() in single-value output"),
    option("partitions", OptionKind::Integer, "1", "how many threads aggregate; no effect on results (see --threads)"),
    option("dedup_splitvals", OptionKind::Boolean, "false", "removes duplicate values of multivalue by-fields"),
];
