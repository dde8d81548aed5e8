//! `bin`: puts numbers or times into buckets.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `bin`. Its argument is a field or `field AS name`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "bin",
    aliases: &["bucket", "discretize"],
    kind: CommandKind::DatasetProcessing,
    summary: "puts numbers or times into buckets",
    syntax: "bin [span=<span>] [minspan=<span>] [bins=<int>] [start=<num>] [end=<num>] [aligntime=earliest|latest|<time>] <field> [AS <field>]",
    options: &[
        super::option("span", OptionKind::SpanLength, "", "size of a bucket"),
        super::option("minspan", OptionKind::SpanLength, "", "smallest size of a bucket"),
        super::option("bins", OptionKind::Integer, "100", "how many buckets at most"),
        super::option("start", OptionKind::Number, "", "least value"),
        super::option("end", OptionKind::Number, "", "greatest value"),
        super::option("aligntime", OptionKind::Text, "", "time at which a bucket starts: earliest, latest or a time"),
    ],
    arguments: ArgumentShape::Own(super::one_rename),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Arguments]), Rows::Whole),
    status: Status::Full,
};
