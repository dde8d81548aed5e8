//! `bucketdir`: rolls files up into folders.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `bucketdir`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "bucketdir",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "rolls files up into folders",
    syntax: "bucketdir pathfield=<field> sizefield=<field> [maxcount=<int>] [countfield=<field>] [sep=<string>]",
    options: &[
        super::option("pathfield", OptionKind::Field, "source", "field with the path"),
        super::option("sizefield", OptionKind::Field, "totalCount", "field with the size"),
        super::option("maxcount", OptionKind::Integer, "20", "how many rows are returned"),
        super::option("countfield", OptionKind::Field, "totalCount", "field with the number of events"),
        super::option("sep", OptionKind::Text, "/", "what separates the parts of a path"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Option("pathfield"), Read::Option("sizefield"), Read::Option("countfield")], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Partial("Splunk's choice among folders and its spelling of them, which are not documented"),
};
