//! `erex`: learns a regular expression from examples.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `erex`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "erex",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "learns a regular expression from examples",
    syntax: "erex [<field>] examples=<string> [counterexamples=<string>] [fromfield=<field>] [maxtrainers=<int>]",
    options: &[
        super::option("examples", OptionKind::Text, "", "examples of values"),
        super::option("counterexamples", OptionKind::Text, "", "values that must not match"),
        super::option("fromfield", OptionKind::Field, "_raw", "field that is read"),
        super::option("maxtrainers", OptionKind::Integer, "100", "how many events are learnt from"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::Option("fromfield")], Makes::Adds(&[Made::Arguments]), Rows::Whole),
    status: Status::Full,
};
