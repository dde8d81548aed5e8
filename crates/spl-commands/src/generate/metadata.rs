//! Planning of `metadata`: the hosts, sources or sourcetypes of the loaded events with their first and last times.

use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::lit;
use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_functions::column::ValueType;
use spl_functions::value::format_number;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::event_scan::{EventScan, ScannedTimes};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column};
use spl_plan::function_call::convert;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::texts::rows_frame;

use crate::generate::eventcount::index_matches;

/// Plans the command. Files have no index time: `recentTime` is that of the last event.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`metadata` must be the first command", call.name.span));
        }
        if let Some(kind) = call.option("datatype").filter(|kind| kind.value.value.eq_ignore_ascii_case("metric")) {
            context.warn(
                Diagnostic::warning(
                    "plan/idle-option",
                    "`datatype=metric` lists what all loaded events have",
                    Some(kind.value.span),
                )
                .with_help("files are not told apart into events and metrics"),
            );
        }
        let Some(kind) = call.option("type").map(|option| option.value.value.to_ascii_lowercase()) else {
            return Err(Diagnostic::error(
                "plan/argument",
                "`metadata` needs `type=hosts`, `type=sources` or `type=sourcetypes`",
                call.span,
            ));
        };
        let field = kind.trim_end_matches('s').to_owned();
        let patterns: Vec<&str> =
            call.options.iter().filter(|option| option.name.value == "index").map(|option| option.value.value.as_str()).collect();
        let patterns = if patterns.is_empty() { vec![call.text("index")] } else { patterns };
        let frame = context.scan(&EventScan::carried(ScannedTimes::OfTheSearch)).await?;
        let (Some(_), Some(time), Some(_)) = (frame.field(&field), frame.field("_time"), frame.field("index")) else {
            return rows_frame(context, &[]);
        };
        let time = convert(context, Typed::new(column("_time"), time.value_type()), ValueType::Float)?;
        let counted = frame.build(|plan| {
            plan.aggregate(
                vec![column(&field), column("index")],
                vec![min(time.clone()).alias("first"), max(time).alias("last"), count(lit(1_i64)).alias("total")],
            )
        })?;
        let mut columns: Vec<_> =
            [field.as_str(), "index", "first", "last", "total"].into_iter().map(|name| (name.to_owned(), column(name))).collect();
        columns.push((ORDINAL.to_owned(), lit(0_i64)));
        let rows = Rows::of(context, counted.select(columns)?).await?;
        let mut found: std::collections::BTreeMap<String, (f64, f64, f64)> = std::collections::BTreeMap::new();
        for row in 0..rows.len() {
            let index = rows.value("index", row).text().unwrap_or_default();
            let Some(name) = rows.value(&field, row).text() else { continue };
            if !patterns.iter().any(|pattern| index_matches(pattern, &index)) {
                continue;
            }
            let number = |name: &str, absent: f64| rows.value(name, row).number().unwrap_or(absent);
            let known = found.entry(name.into_owned()).or_insert((f64::INFINITY, f64::NEG_INFINITY, 0.0));
            *known = (
                known.0.min(number("first", f64::INFINITY)),
                known.1.max(number("last", f64::NEG_INFINITY)),
                known.2 + number("total", 0.0),
            );
        }
        let rows: Vec<IndexMap<String, Vec<String>>> = found
            .into_iter()
            .map(|(name, (first, last, total))| {
                [
                    ("firstTime".to_owned(), vec![format_number(first.floor())]),
                    (field.clone(), vec![name]),
                    ("lastTime".to_owned(), vec![format_number(last.floor())]),
                    ("recentTime".to_owned(), vec![format_number(last.floor())]),
                    ("totalCount".to_owned(), vec![format_number(total)]),
                    ("type".to_owned(), vec![kind.clone()]),
                ]
                .into_iter()
                .collect()
            })
            .collect();
        rows_frame(context, &rows)
    })
}
