//! `sort` without a count keeps 10,000 rows, whatever comes after it.

use spl_parser::Diagnostic;
use spl_parser::syntax::Argument;

use super::fields::Fields;
use super::{Find, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/sort-limit",
    summary: "sort without a count keeps 10,000 events, and commands behind it see no more",
    page: include_str!("../../../../docs/lints/sort-limit.md"),
    find: Find::InSearch(find),
};

/// Commands whose result depends on all events, or on those before each.
const DEPENDENT: [&str; 16] = [
    "stats",
    "eventstats",
    "streamstats",
    "chart",
    "timechart",
    "top",
    "rare",
    "dedup",
    "transaction",
    "delta",
    "accum",
    "autoregress",
    "trendline",
    "join",
    "tail",
    "concurrency",
];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place).filter(|call| call.spec.name == "sort") else { return };
        let counted = matches!(call.arguments.first(), Some(Argument::Text { text, .. }) if text.value != "desc");
        if counted || call.option("limit").is_some() || Fields::behind(&calls[..place]) != Fields::Any {
            return;
        }
        let depends = |name: &str| DEPENDENT.contains(&name);
        if let Some(later) = calls[place + 1..].iter().find(|later| depends(later.spec.name)) {
            let message = format!("`sort` keeps 10,000 rows, so `{}` may not see all events", later.spec.name);
            found.push(
                Diagnostic::warning(LINT.code, message, Some(call.name.span))
                    .with_help("`sort 0 ...` keeps all; events come newest first anyway"),
            );
        }
    });
}
