//! `gentimes`: adjacent time ranges.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Rows, Source, Status};

/// Syntax of `gentimes`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "gentimes",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "adjacent time ranges",
    syntax: "gentimes start=<time> [end=<time>] [increment=<int>(s|m|h|d)]",
    options: &[
        super::option("start", OptionKind::Text, "", "first time: a date, date with time, or days ago"),
        super::option("end", OptionKind::Text, "", "last time"),
        super::option("increment", OptionKind::Text, "1d", "length of a range"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[], Makes::Only(&[Made::Named(&["starttime", "starthuman", "endtime", "endhuman"])]), Rows::New).from(Source::Itself),
    status: Status::Full,
};
