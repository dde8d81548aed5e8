//! Planning of `overlap`: where the runs of a search that filled a summary index overlap, and where they leave gaps.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_functions::value::format_number;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::texts::rows_frame;

const NEEDED: [&str; 4] = ["info_min_time", "info_max_time", "info_search_id", "info_search_name"];

/// Plans the command: a row per overlap and per gap between the runs of a search.
///
/// Source: Splunk search reference, overlap.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`overlap` needs rows", call.span))?;
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| frame.field(name).is_none()).collect();
        if context.is_running() && !missing.is_empty() {
            let message = format!("`overlap` needs events of a summary index: no row has {}", missing.join(", "));
            return Err(Diagnostic::error("plan/argument", message, call.name.span));
        }
        let rows = Rows::of(context, frame).await?;
        // The runs of each search, each with its range of time.
        let mut searches: BTreeMap<String, BTreeMap<String, (f64, f64)>> = BTreeMap::new();
        for row in 0..rows.len() {
            let text = |name: &str| rows.value(name, row).text().map(|text| text.into_owned());
            let range = rows.value("info_min_time", row).number().zip(rows.value("info_max_time", row).number());
            if let (Some(name), Some(id), Some(range)) = (text("info_search_name"), text("info_search_id"), range) {
                searches.entry(name).or_default().insert(id, range);
            }
        }
        let mut found: Vec<IndexMap<String, Vec<String>>> = Vec::new();
        for (name, runs) in searches {
            let mut ranges: Vec<(f64, f64)> = runs.into_values().collect();
            ranges.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1)));
            let mut covered = f64::NEG_INFINITY;
            for (start, end) in ranges {
                let between = if start < covered {
                    Some(("overlap", start, end.min(covered)))
                } else if start > covered && covered.is_finite() {
                    Some(("gap", covered, start))
                } else {
                    None
                };
                if let Some((kind, from, to)) = between {
                    let field = |name: &str, value: String| (name.to_owned(), vec![value]);
                    found.push(
                        [
                            field("info_search_name", name.clone()),
                            field("type", kind.to_owned()),
                            field("StartTime", format_number(from)),
                            field("EndTime", format_number(to)),
                        ]
                        .into_iter()
                        .collect(),
                    );
                }
                covered = covered.max(end);
            }
        }
        rows_frame(context, &found)
    })
}
