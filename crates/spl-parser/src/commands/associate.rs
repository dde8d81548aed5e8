//! `associate`: values that tell much about other fields.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `associate`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "associate",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "values that tell much about other fields",
    syntax: "associate [supcnt=<int>] [supfreq=<num>] [improv=<num>] [<field>...]",
    options: &[
        super::option("supcnt", OptionKind::Integer, "100", "how often a value must occur"),
        super::option("supfreq", OptionKind::Number, "0.1", "least share of rows with a value"),
        super::option("improv", OptionKind::Number, "0.5", "least decrease of entropy, in bits"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
