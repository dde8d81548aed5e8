//! `mstats`: aggregates metrics.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};
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
        super::idle("backfill", OptionKind::Boolean, "false", "real-time searches look back"),
        super::idle("update_period", OptionKind::Integer, "0", "how often real-time results are updated"),
        super::option("fillnull_value", OptionKind::Text, "", "value of absent by-fields"),
        super::idle("chunk_size", OptionKind::Integer, "10000000", "how many metrics per round; no effect on results"),
        super::option("span", OptionKind::SpanLength, "", "size of a time bucket"),
        super::option("limit", OptionKind::Text, "10", "with chart: how many series are kept"),
        super::option("agg", OptionKind::Text, "sum", "with chart: how series are scored"),
        super::option("usenull", OptionKind::Boolean, "true", "with chart: adds a series for rows without the split field"),
        super::option("useother", OptionKind::Boolean, "true", "with chart: adds a series for those left out"),
        super::option("nullstr", OptionKind::Text, "NULL", "with chart: name of the series of rows without the split field"),
        super::option("otherstr", OptionKind::Text, "OTHER", "with chart: name of the series of those left out"),
        super::option("every", OptionKind::SpanLength, "", "distance between time buckets"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Results, Made::Unknown]), Rows::New).from(Source::Events),
    status: Status::Full,
};

/// What ends a condition: a field of such a name is no option only in quotes.
const AFTER_WHERE: [&str; 17] = [
    "by",
    "groupby",
    "span",
    "every",
    "prestats",
    "append",
    "backfill",
    "update_period",
    "fillnull_value",
    "chunk_size",
    "chart",
    "chart.limit",
    "chart.agg",
    "chart.usenull",
    "chart.useother",
    "chart.nullstr",
    "chart.otherstr",
];
const AFTER_BY: [&str; 7] =
    ["where", "chart.limit", "chart.agg", "chart.usenull", "chart.useother", "chart.nullstr", "chart.otherstr"];

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    chart_options(reader, call)?;
    reader.aggregations(call, &["where", "by", "groupby"])?;
    if call.aggregations().next().is_none() {
        return Err(missing_argument("`mstats` needs at least one aggregation", call.name.span));
    }
    loop {
        reader.options(call)?;
        let read = chart_options(reader, call)?
            || super::search_clause(reader, call, &AFTER_WHERE)?
            || by_clause(reader, call)?;
        if !read {
            reader.refuse_unknown_option(call.spec)?;
            return reader.expect_end_of_command("`where`, `by` or an option");
        }
    }
}

/// `chart.limit=5` and its kin: options written with the prefix `chart.`.
fn chart_options(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<bool, Diagnostic> {
    const PREFIX: &str = "chart.";
    let mut any = false;
    loop {
        reader.skip_blanks();
        let before = reader.position();
        if !reader.rest().get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) {
            return Ok(any);
        }
        reader.return_to(before + PREFIX.len());
        if !reader.option(call)? {
            return Err(reader.unexpected("limit, agg, usenull, useother, nullstr or otherstr"));
        }
        any = true;
    }
}

/// `by` or `groupby` with fields.
pub(super) fn by_clause(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<bool, Diagnostic> {
    let Some(span) = reader.keyword("by").or_else(|| reader.keyword("groupby")) else { return Ok(false) };
    reader.field_clause_after(call, Spanned::new("by".to_owned(), span), &AFTER_BY)?;
    Ok(true)
}
