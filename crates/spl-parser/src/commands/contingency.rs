//! `contingency`: cross-tabulation of two fields.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `contingency`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "contingency",
    aliases: &["counttable", "ctable"],
    kind: CommandKind::Transforming,
    summary: "cross-tabulation of two fields",
    syntax: "contingency [maxopts...] <field> <field>",
    options: &[
        super::option("maxrows", OptionKind::Integer, "0", "how many rows at most; 0 for all"),
        super::option("maxcols", OptionKind::Integer, "0", "how many columns at most; 0 for all"),
        super::option("mincolcover", OptionKind::Number, "1.0", "share of values that columns must cover"),
        super::option("minrowcover", OptionKind::Number, "1.0", "share of values that rows must cover"),
        super::option("usetotal", OptionKind::Boolean, "true", "adds totals"),
        super::option("totalstr", OptionKind::Text, "TOTAL", "name of the totals"),
    ],
    arguments: ArgumentShape::Fields,
    effects: Effects::of(&[Read::Arguments], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
