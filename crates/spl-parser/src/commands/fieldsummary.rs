//! `fieldsummary`: statistics of every field.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};

/// Syntax of `fieldsummary`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "fieldsummary",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "statistics of every field",
    syntax: "fieldsummary [maxvals=<int>] [<field>...]",
    options: &[super::option("maxvals", OptionKind::Integer, "100", "how many distinct values are listed")],
    arguments: ArgumentShape::Own(super::optional_fields),
    status: Status::Full,
};
