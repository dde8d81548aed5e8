//! `metadata`: hosts, sources or sourcetypes of an index.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};

/// Syntax of `metadata`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "metadata",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "hosts, sources or sourcetypes of an index",
    syntax: "metadata type=hosts|sources|sourcetypes [index=<index>] [datatype=metric|event] [splunk_server=<string>] [splunk_server_group=<string>]",
    options: &[
        super::option("type", OptionKind::OneOf(&["hosts", "sources", "sourcetypes"]), "", "what is listed"),
        super::option("index", OptionKind::Text, "main", "index that is read"),
        super::option("datatype", OptionKind::OneOf(&["metric", "event", "*"]), "event", "kind of index"),
        super::option("splunk_server", OptionKind::Text, "", "server that is asked"),
        super::option("splunk_server_group", OptionKind::Text, "", "server group that is asked"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Named(&["_time", "host", "source", "sourcetype", "index"])], Makes::Only(&[Made::Unknown]), Rows::NewFew).from(Source::Events),
    status: Status::Full,
};
