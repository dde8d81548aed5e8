//! `metasearch`: events without their text and extracted fields.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Source, Status};

/// Syntax of `metasearch`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "metasearch",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "events without their text and extracted fields",
    syntax: "metasearch [<search-expression>]",
    options: &[],
    arguments: ArgumentShape::Search,
    effects: Effects::of(&[Read::Arguments, Read::Named(&["_time", "host", "source", "sourcetype", "index", "splunk_server"])], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Events),
    status: Status::Full,
};
