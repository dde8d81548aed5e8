//! `transpose`: rows to columns.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `transpose`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "transpose",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "rows to columns",
    syntax: "transpose [<int>] [column_name=<string>] [header_field=<field>] [include_empty=<bool>]",
    options: &[
        super::option("column_name", OptionKind::Text, "column", "name of the first column"),
        super::option("header_field", OptionKind::Field, "", "field whose values name the columns"),
        super::option("include_empty", OptionKind::Boolean, "true", "keeps rows without any value"),
    ],
    arguments: ArgumentShape::Own(super::optional_count),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
