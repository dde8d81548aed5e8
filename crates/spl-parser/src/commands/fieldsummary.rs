//! `fieldsummary`: statistics of every field.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `fieldsummary`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "fieldsummary",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "statistics of every field",
    syntax: "fieldsummary [maxvals=<int>] [<field>...]",
    options: &[super::option("maxvals", OptionKind::Integer, "100", "how many distinct values are listed")],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Only(&[Made::Named(&["field", "count", "distinct_count", "is_exact", "max", "mean", "min", "numeric_count", "stdev", "values"])]), Rows::NewFew),
    status: Status::Full,
};
