//! `appendcols`: adds the columns of a subsearch, row by row.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Rows, Source, Status, Subsearches};

/// Syntax of `appendcols`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "appendcols",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "adds the columns of a subsearch, row by row",
    syntax: "appendcols [override=<bool>] [<subsearch-option>...] [<subsearch>]",
    options: &[
        super::option("override", OptionKind::Boolean, "false", "whether columns of the subsearch replace those that are there"),
        super::option("extendtimerange", OptionKind::Boolean, "false", "whether the time range of the search grows to that of the subsearch"),
        super::idle("maxtime", OptionKind::Integer, "60", "seconds that the subsearch may take in Splunk; splq waits for all of it"),
        super::option("maxout", OptionKind::Integer, "50000", "how many rows at most"),
        super::idle("timeout", OptionKind::Integer, "60", "seconds that Splunk waits for the subsearch; splq waits for all of it"),
    ],
    arguments: ArgumentShape::Own(super::one_subsearch),
    effects: Effects::of(&[], Makes::Adds(&[Made::Subsearches]), Rows::InOrder).from(Source::NothingWhenFirst).with(Subsearches::AsRows(Some("append_maxout"))),
    status: Status::Full,
};
