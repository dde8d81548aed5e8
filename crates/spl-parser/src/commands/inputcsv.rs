//! `inputcsv`: the rows of a CSV file.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Rows, Source, Status};

/// Syntax of `inputcsv`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "inputcsv",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "the rows of a CSV file",
    syntax: "inputcsv [dispatch=<bool>] [append=<bool>] [strict=<bool>] [start=<int>] [max=<int>] [events=<bool>] <file> [WHERE <search-expression>]",
    options: &[
        super::option("dispatch", OptionKind::Boolean, "false", "reads from the job directory"),
        super::option("append", OptionKind::Boolean, "false", "adds the rows to those that are there"),
        super::option("strict", OptionKind::Boolean, "false", "fails when the file can't be read"),
        super::option("start", OptionKind::Integer, "0", "how many rows are passed over"),
        super::option("max", OptionKind::Integer, "1000000000", "how many rows at most"),
        super::option("events", OptionKind::Boolean, "false", "takes the rows as events"),
    ],
    arguments: ArgumentShape::Own(super::inputlookup::grammar),
    effects: Effects::of(&[], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Itself),
    status: Status::Full,
};
