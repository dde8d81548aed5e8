//! `makeresults`: rows out of nothing or out of inline data.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Rows, Source, Status};

/// Syntax of `makeresults`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "makeresults",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "rows out of nothing, or out of inline CSV or JSON",
    syntax: "makeresults [count=<num>] [annotate=<bool>] [splunk_server=<string>] [splunk_server_group=<string>] [format=csv|json data=\"<string>\"]",
    options: &[
        super::option("count", OptionKind::Integer, "1", "how many rows"),
        super::option("annotate", OptionKind::Boolean, "false", "adds _raw, host, source and the other default fields"),
        super::option("splunk_server", OptionKind::Text, "local", "server that makes the rows"),
        super::option("splunk_server_group", OptionKind::Text, "", "server group that makes the rows"),
        super::option("format", OptionKind::OneOf(&["csv", "json"]), "", "format of `data`"),
        super::option("data", OptionKind::Text, "", "the rows as text"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[], Makes::Only(&[Made::Named(&["_time"]), Made::UnknownWith("annotate"), Made::UnknownWith("format"), Made::UnknownWith("data")]), Rows::NewFew).from(Source::Itself),
    status: Status::Full,
};
