//! `xyseries`: rows of (x, series, value) to a table.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `xyseries`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "xyseries",
    aliases: &["maketable"],
    kind: CommandKind::DatasetProcessing,
    summary: "rows of (x, series, value) to a table",
    syntax: "xyseries [grouped=<bool>] <x-field> <series-field> <value-field>... [sep=<string>] [format=<string>]",
    options: &[
        super::option("grouped", OptionKind::Boolean, "false", "whether the rows are already grouped by the x-field"),
        super::option("sep", OptionKind::Text, ": ", "text between field and series in column names"),
        super::option("format", OptionKind::Text, "", "template of column names: $AGG$, $VAL$"),
    ],
    arguments: ArgumentShape::Fields,
    effects: Effects::of(&[Read::Arguments], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
