//! Planning of `eventcount`: how many events the loaded indexes have, whatever the time range.

use arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::lit;
use datafusion::prelude::cast;
use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::event_scan::{EventScan, ScannedTimes};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column};
use spl_plan::function_call::call as call_function;
use spl_plan::names::wildcards::wildcard_matches;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::texts::rows_frame;

/// Plans the command. Virtual and remote indexes do not exist here, so the options about them change nothing. The size of
/// an index is that of the texts of its events, in characters.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`eventcount` must be the first command", call.name.span));
        }
        let with_size = call.flag("report_size");
        let patterns: Vec<&str> =
            call.options.iter().filter(|option| option.name.value == "index").map(|option| option.value.value.as_str()).collect();
        let wanted = |index: &str| {
            if patterns.is_empty() { index == "main" } else { patterns.iter().any(|pattern| index_matches(pattern, index)) }
        };
        let mut counts: Vec<(String, i64, i64)> = Vec::new();
        let events = context.scan(&EventScan::carried(ScannedTimes::All)).await?;
        if events.field("index").is_some() {
            let bytes = match events.field("_raw") {
                Some(raw) if with_size => {
                    call_function(context, "len", vec![Typed::new(column("_raw"), raw.value_type())])?.expression
                }
                _ => lit(0_i64),
            };
            let counted = events.build(|plan| {
                plan.aggregate(
                    vec![column("index")],
                    vec![count(lit(1_i64)).alias("count"), sum(cast(bytes, DataType::Int64)).alias("size")],
                )
            })?;
            let columns = vec![
                ("index".to_owned(), column("index")),
                ("count".to_owned(), column("count")),
                ("size".to_owned(), column("size")),
                (ORDINAL.to_owned(), lit(0_i64)),
            ];
            let rows = Rows::of(context, counted.select(columns)?).await?;
            for row in 0..rows.len() {
                let index = rows.value("index", row).text().unwrap_or_default().into_owned();
                if wanted(&index) {
                    let number = |name: &str| rows.value(name, row).number().unwrap_or_default() as i64;
                    counts.push((index, number("count"), number("size")));
                }
            }
        }
        counts.sort();
        let field = |name: &str, value: String| (name.to_owned(), vec![value]);
        let rows: Vec<IndexMap<String, Vec<String>>> = if call.flag("summarize") {
            let (total, bytes) = counts.iter().fold((0, 0), |(total, bytes), (_, count, size)| (total + count, bytes + size));
            let mut row: IndexMap<String, Vec<String>> = [field("count", total.to_string())].into_iter().collect();
            if with_size {
                row.extend([field("size_bytes", bytes.to_string())]);
            }
            vec![row]
        } else {
            counts
                .into_iter()
                .map(|(index, count, size)| {
                    let mut row: IndexMap<String, Vec<String>> =
                        [field("count", count.to_string()), field("index", index), field("server", "local".to_owned())]
                            .into_iter()
                            .collect();
                    if with_size {
                        row.extend([field("size_bytes", size.to_string())]);
                    }
                    row
                })
                .collect()
        };
        rows_frame(context, &rows)
    })
}

/// Whether an index has the name or matches the pattern; `*` alone does not stand for internal indexes.
pub fn index_matches(pattern: &str, index: &str) -> bool {
    wildcard_matches(pattern, index) && (pattern.starts_with('_') || !index.starts_with('_'))
}
