//! `streamstats`: running and windowed aggregates.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `streamstats`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "streamstats",
    aliases: &[],
    kind: CommandKind::CentralizedStreaming,
    summary: "running and windowed aggregates, added to every row",
    syntax: "streamstats [reset_on_change=<bool>] [reset_before=(<eval-expression>)] [reset_after=(<eval-expression>)] [current=<bool>] [window=<int>] [time_window=<span>] [global=<bool>] [allnum=<bool>] <aggregation>... [BY <field>...]",
    options: &[
        super::option("reset_on_change", OptionKind::Boolean, "false", "starts anew when the by-fields change"),
        super::option("reset_before", OptionKind::Text, "", "starts anew before a row that meets this condition"),
        super::option("reset_after", OptionKind::Text, "", "starts anew after a row that meets this condition"),
        super::option("current", OptionKind::Boolean, "true", "whether the row itself counts"),
        super::option("window", OptionKind::Integer, "0", "how many rows are looked at; 0 for all"),
        super::option("time_window", OptionKind::SpanLength, "", "span of time that is looked at"),
        super::option("global", OptionKind::Boolean, "true", "whether the window spans all groups"),
        super::option(
            "allnum",
            OptionKind::Boolean,
            "false",
            "computes numeric aggregations only over fields whose values are all numbers",
        ),
    ],
    arguments: ArgumentShape::Aggregations,
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"]), Read::Condition("reset_before"), Read::Condition("reset_after")], Makes::Adds(&[Made::Results]), Rows::InOrder),
    status: Status::Full,
};
