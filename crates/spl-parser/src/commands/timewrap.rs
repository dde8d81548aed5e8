//! `timewrap`: lays periods of a timechart beside each other.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `timewrap`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "timewrap",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "lays periods of a timechart beside each other",
    syntax: "timewrap <span> [align=now|end] [series=relative|exact|short] [time_format=<string>]",
    options: &[
        super::option("align", OptionKind::OneOf(&["now", "end"]), "end", "where periods end"),
        super::option("series", OptionKind::OneOf(&["relative", "exact", "short"]), "relative", "how series are named"),
        super::option("time_format", OptionKind::Text, "", "format of exact names"),
    ],
    arguments: ArgumentShape::Own(super::optional_text),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
