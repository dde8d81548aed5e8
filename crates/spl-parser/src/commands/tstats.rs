//! `tstats`: aggregates indexed fields or data models.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Reader, lexical};
use crate::span::{Span, Spanned};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};
use crate::syntax::{Argument, Clause, CommandCall};

/// Syntax of `tstats`. Arguments: aggregations. Clauses: `from` (a pair `datamodel=Model.Dataset`, or a namespace as
/// text), `where` (a search), `by` (fields, `span=` pairs, `PREFIX(x)` as a conversion).
pub const SPEC: CommandSpec = CommandSpec {
    name: "tstats",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "aggregates indexed fields or a data model",
    syntax: "tstats [<option>...] <aggregation>... [FROM datamodel=<model>[.<dataset>]] [WHERE <search-expression>] [BY (<field>|PREFIX(<text>))... [span=<span>]]",
    options: &[
        super::option("prestats", OptionKind::Boolean, "false", "output for stats, chart or timechart to go on with"),
        super::option("local", OptionKind::Boolean, "false", "runs on the search head only"),
        super::option("append", OptionKind::Boolean, "false", "with prestats: adds to the rows that are there"),
        super::option("summariesonly", OptionKind::Boolean, "false", "reads only what has been summarised"),
        super::option("include_reduced_buckets", OptionKind::Boolean, "false", "reads reduced buckets too; no effect, as files have none"),
        super::option("allow_old_summaries", OptionKind::Boolean, "false", "reads summaries of an older model definition; no effect, as a summary of splq accelerate is always read"),
        super::option("use_summary_index_values", OptionKind::Boolean, "false", "reads values from the summary index"),
        super::option("chunk_size", OptionKind::Integer, "10000000", "how many events per round; no effect on results"),
        super::option("fillnull_value", OptionKind::Text, "", "value of absent by-fields"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("where"), Read::Clause("by"), Read::Named(&["_time"])], Makes::Only(&[Made::Clause("by"), Made::Results, Made::UnknownWith("prestats")]), Rows::Groups(&[Read::Clause("by")])).from(Source::Events),
    status: Status::Partial("namespaces of tscollect, which are index files of a Splunk server"),
};

const CLAUSES: [&str; 4] = ["from", "where", "by", "groupby"];

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.aggregations(call, &CLAUSES)?;
    if call.aggregations().next().is_none() {
        return Err(missing_argument("`tstats` needs at least one aggregation", call.name.span).with_help("for example `count` or `dc(host)`"));
    }
    loop {
        reader.options(call)?;
        if reader.at_keyword("from") {
            from_clause(reader, call)?;
        } else if super::search_clause(reader, call, &["by", "groupby", "from"])? {
        } else if let Some(span) = reader.keyword("by").or_else(|| reader.keyword("groupby")) {
            reader.field_clause_after(call, Spanned::new("by".to_owned(), span), &["from", "where"])?;
        } else {
            reader.refuse_unknown_option(call.spec)?;
            return reader.expect_end_of_command("`from`, `where` or `by`");
        }
    }
}

/// The `datamodel` of `datamodel:"Model"`, whose colon ends no word.
fn word_before_colon(reader: &mut Reader<'_>, start: usize) -> Option<Span> {
    let name = reader.read(lexical::name)?;
    if name.value.eq_ignore_ascii_case("datamodel") && reader.next_character() == Some(':') {
        return Some(name.span);
    }
    reader.return_to(start);
    None
}

fn from_clause(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    let Some(span) = reader.keyword("from") else {
        return Ok(());
    };
    super::refuse_second_clause(call, "from", span)?;
    if reader.at_end_of_command() {
        return Err(missing_argument("no data model after `from`", span).with_help("for example `from datamodel=Endpoint.Processes`"));
    }
    let model = reader.position();
    let source = if let Some(name) = reader.keyword("datamodel").or_else(|| word_before_colon(reader, model)) {
        if reader.symbol("=").is_none() {
            reader.symbol(":");
        }
        let value = reader.dataset_name("the name of a data model")?;
        Argument::Pair { name: Spanned::new("datamodel".to_owned(), name), value }
    } else if reader.pair_ahead().is_some() {
        reader.pair()?
    } else {
        reader.text_argument("`datamodel=` or a namespace")?
    };
    call.clauses.push(Clause { keyword: Spanned::new("from".to_owned(), span), arguments: vec![source] });
    Ok(())
}
