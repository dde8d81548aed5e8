//! `append`: adds the rows of a subsearch after those that are there.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, OptionSpec, Rows, Source, Status, Subsearches};

/// Syntax of `append`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "append",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "adds the rows of a subsearch after those that are there",
    syntax: "append [extendtimerange=<bool>] [maxtime=<int>] [maxout=<int>] [timeout=<int>] [run_in_preview=<bool>] [<subsearch>]",
    options: OPTIONS,
    arguments: ArgumentShape::Own(super::one_subsearch),
    effects: Effects::of(&[], Makes::Adds(&[Made::Subsearches]), Rows::Each).from(Source::NothingWhenFirst).with(Subsearches::AsRows(Some("append_maxout"))),
    status: Status::Full,
};

/// Options of a subsearch that is run beside the search.
pub(super) const OPTIONS: &[OptionSpec] = &[
    super::option("extendtimerange", OptionKind::Boolean, "false", "whether the time range of the search grows to that of the subsearch"),
    super::idle("maxtime", OptionKind::Integer, "60", "seconds that the subsearch may take in Splunk; splq waits for all of it"),
    super::option("maxout", OptionKind::Integer, "50000", "how many rows at most"),
    super::idle("run_in_preview", OptionKind::Boolean, "true", "whether previews show the rows; splq has no previews"),
    super::idle("timeout", OptionKind::Integer, "60", "seconds that Splunk waits for the subsearch; splq waits for all of it"),
];
