//! `typer`: adds the event types of each event.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `typer`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "typer",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "adds the event types of each event",
    syntax: "typer [maxlen=<int>] [eventtypes=<string>]",
    options: &[
        super::option("maxlen", OptionKind::Integer, "10000", "how many characters are looked at"),
        super::option("eventtypes", OptionKind::Text, "", "event types that are looked for"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::All], Makes::Adds(&[Made::Named(&["eventtype"])]), Rows::Each),
    status: Status::Full,
};
