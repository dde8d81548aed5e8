//! `xmlkv`: key and value pairs from XML tags.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `xmlkv`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "xmlkv",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "key and value pairs from XML tags",
    syntax: "xmlkv [<field>] [maxinputs=<int>]",
    options: &[
        super::option("maxinputs", OptionKind::Integer, "50000", "how many events per round; no effect on results"),
    ],
    arguments: ArgumentShape::Own(super::optional_text),
    effects: Effects::of(&[Read::TextOr("_raw")], Makes::Adds(&[Made::Unknown]), Rows::Each),
    status: Status::Full,
};
