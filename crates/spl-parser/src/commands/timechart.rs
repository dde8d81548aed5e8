//! `timechart`: aggregates over buckets of _time.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `timechart`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "timechart",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "aggregates over buckets of _time",
    syntax: "timechart [<option>...] [span=<span>] <aggregation>... [BY <field>] [WHERE <aggregation> in|notin|<|> <value>]",
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
        super::option("partial", OptionKind::Boolean, "true", "keeps buckets that the time range covers partly"),
        super::option("fixedrange", OptionKind::Boolean, "true", "covers the whole time range of the search"),
    ],
    arguments: ArgumentShape::Own(super::split_aggregations),
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Only(&[Made::Named(&["_time"]), Made::Series(&["by"], 0)]), Rows::Groups(&[Read::Named(&["_time"]), Read::Clause("by")])),
    status: Status::Full,
};
