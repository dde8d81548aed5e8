//! `makecontinuous`: fills the gaps of an axis.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `makecontinuous`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "makecontinuous",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "fills the gaps of an axis",
    syntax: "makecontinuous [<field>] [<bin-option>...]",
    options: &[
        super::option("span", OptionKind::SpanLength, "", "size of a bucket"),
        super::option("minspan", OptionKind::SpanLength, "", "smallest size of a bucket"),
        super::option("bins", OptionKind::Integer, "100", "how many buckets at most"),
        super::option("start", OptionKind::Text, "", "least value"),
        super::option("end", OptionKind::Text, "", "greatest value"),
        super::option("aligntime", OptionKind::Text, "", "time at which a bucket starts: earliest, latest or a time"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOr("_time")], Makes::Keeps, Rows::Whole),
    status: Status::Full,
};
