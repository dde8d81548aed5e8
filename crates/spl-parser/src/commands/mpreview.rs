//! `mpreview`: the points of metrics as events.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};

/// Syntax of `mpreview`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "mpreview",
    aliases: &["msearch"],
    kind: CommandKind::Generating,
    summary: "the points of metrics as events",
    syntax: "mpreview [filter=<string>] [index=<name>]... [earliest=<time>] [latest=<time>] [target_per_timeseries=<int>] [chunk_size=<int>] [splunk_server=<name>] [splunk_server_group=<name>]",
    options: &[
        super::option("filter", OptionKind::Text, "", "search that points must meet"),
        super::option("index", OptionKind::Text, "", "index whose points are shown"),
        super::option("earliest", OptionKind::Text, "", "earliest time of points"),
        super::option("latest", OptionKind::Text, "", "latest time of points, exclusive"),
        super::option("target_per_timeseries", OptionKind::Integer, "5", "how many points of a time series; 0 for all"),
        super::option("chunk_size", OptionKind::Integer, "1000", "how many time series per round; no effect on results"),
        super::option("splunk_server", OptionKind::Text, "local", "server that is asked"),
        super::option("splunk_server_group", OptionKind::Text, "", "servers that are asked"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Events),
    status: Status::Full,
};
