//! `chart`: aggregates into a table with rows and columns.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `chart`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "chart",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "aggregates into a table with rows and columns",
    syntax: "chart [<option>...] <aggregation>... [OVER <field>] [BY <field> [<field>]] [WHERE <aggregation> in|notin|<|> <value>]",
    options: &[
        super::option("limit", OptionKind::Text, "10", "how many series are kept: a number, topN or bottomN"),
        super::option("agg", OptionKind::Text, "sum", "how series are scored for `limit`"),
        super::option("useother", OptionKind::Boolean, "true", "adds a series for those left out"),
        super::option("usenull", OptionKind::Boolean, "true", "adds a series for rows without the split field"),
        super::option("otherstr", OptionKind::Text, "OTHER", "name of the series of those left out"),
        super::option("nullstr", OptionKind::Text, "NULL", "name of the series of rows without the split field"),
        super::option("cont", OptionKind::Boolean, "true", "fills gaps of the row axis"),
        super::option("sep", OptionKind::Text, ": ", "text between aggregation and series in column names"),
        super::option("format", OptionKind::Text, "", "template of column names: $AGG$, $VAL$"),
        super::option("dedup_splitvals", OptionKind::Boolean, "false", "removes duplicate values of multivalue split fields"),
        super::option("span", OptionKind::SpanLength, "", "size of a bucket"),
        super::option("minspan", OptionKind::SpanLength, "", "smallest size of a bucket"),
        super::option("bins", OptionKind::Integer, "100", "how many buckets at most"),
        super::option("start", OptionKind::Text, "", "least value"),
        super::option("end", OptionKind::Text, "", "greatest value"),
        super::option("aligntime", OptionKind::Text, "", "time at which a bucket starts: earliest, latest or a time"),
    ],
    arguments: ArgumentShape::Own(super::split_aggregations),
    effects: Effects::of(&[Read::Arguments, Read::Clause("over"), Read::Clause("by"), Read::Named(&["_time"])], Makes::Only(&[Made::Clause("over"), Made::Clause("by"), Made::Series(&["over", "by"], 1)]), Rows::Groups(&[Read::Clause("over"), Read::Clause("by")])),
    status: Status::Full,
};
