//! `localize`: time ranges in which results occur.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `localize`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "localize",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "time ranges in which results occur",
    syntax: "localize [maxpause=<int>(s|m|h|d)] [timeafter=<int>(s|m|h|d)] [timebefore=<int>(s|m|h|d)]",
    options: &[
        super::option("maxpause", OptionKind::Text, "1m", "longest time between two events of a range"),
        super::option("timeafter", OptionKind::Text, "30s", "time added behind the last event"),
        super::option("timebefore", OptionKind::Text, "30s", "time added before the first event"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Named(&["_time"])], Makes::Only(&[Made::Named(&["_time", "starttime", "endtime"])]), Rows::New),
    status: Status::Full,
};
