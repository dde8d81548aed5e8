//! `mstats`: aggregates metrics.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};
use crate::syntax::CommandCall;

/// Syntax of `mstats`. Arguments: aggregations. Clauses: `where` (a search), `by` (fields).
pub const SPEC: CommandSpec = CommandSpec {
    name: "mstats",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "aggregates metrics",
    syntax: "mstats [<option>...] <aggregation>... [WHERE <search-expression>] [BY <field>...] [span=<span>]",
    options: &[
        super::option("chart", OptionKind::Boolean, "false", "output as a chart"),
        super::option("prestats", OptionKind::Boolean, "false", "output for stats, chart or timechart to go on with"),
        super::option("append", OptionKind::Boolean, "false", "with prestats: adds to the rows that are there"),
        super::option("backfill", OptionKind::Boolean, "false", "real-time searches look back"),
        super::option("update_period", OptionKind::Integer, "0", "how often real-time results are updated"),
        super::option("fillnull_value", OptionKind::Text, "", "value of absent by-fields"),
        super::option("chunk_size", OptionKind::Integer, "10000000", "how many metrics per round"),
        super::option("span", OptionKind::SpanLength, "", "size of a time bucket"),
        super::option("every", OptionKind::SpanLength, "", "distance between time buckets"),
    ],
    arguments: ArgumentShape::Own(grammar),
    status: Status::Planned,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.aggregations(call, &["where", "by", "groupby"])?;
    if call.aggregations().next().is_none() {
        return Err(missing_argument("`mstats` needs at least one aggregation", call.name.span));
    }
    loop {
        reader.options(call)?;
        let read = super::search_clause(reader, call, &["by", "groupby"])? || reader.field_clause(call, "by", &["where"])?;
        if !read {
            reader.refuse_unknown_option(call.spec)?;
            return reader.expect_end_of_command("`where`, `by` or an option");
        }
    }
}
