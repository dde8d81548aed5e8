//! Rows of subsearches beyond a limit are dropped.

use spl_exec::limits::Limits;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall, Pipeline};

use super::{Find, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/subsearch-limit",
    summary: "rows of join, append and subsearches beyond a limit are dropped",
    page: include_str!("../../../../docs/lints/subsearch-limit.md"),
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let none_set = indexmap::IndexMap::new();
    let limits = Limits::new(&none_set);
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place) else { return };
        let (limit, what) = match call.spec.name {
            "join" => ("join_subsearch_maxout", "`join`"),
            "append" | "appendcols" => ("append_maxout", "this command"),
            "union" => ("union_maxout", "`union`"),
            "set" => ("set_maxresultrows", "`set`"),
            "search" | "where" | "tstats" | "eval" => ("subsearch_maxout", "a subsearch that becomes search text"),
            _ => return,
        };
        if call.option("maxout").is_some() {
            return;
        }
        walk::subsearches(call, &mut |subsearch| {
            if is_bounded(&subsearch.pipeline) {
                return;
            }
            let rows = limits.get(limit);
            let message = format!("{what} takes {} rows and drops the others without an error", grouped(rows));
            found.push(Diagnostic::warning(LINT.code, message, Some(subsearch.span)).with_help(
                "one search with OR and stats by the common fields has no such limit; or bound the subsearch with head or stats",
            ));
        });
    });
}

/// Whether the number of rows is seen to be small: no events are read, or the last command that counts says so.
fn is_bounded(pipeline: &Pipeline) -> bool {
    let first = pipeline.commands.first().map_or("", |call| call.spec.name);
    if !matches!(first, "search" | "tstats" | "from" | "datamodel" | "multisearch" | "mstats") {
        return true;
    }
    pipeline.commands.iter().any(|call| match call.spec.name {
        "head" | "tail" | "top" | "rare" | "return" | "eventcount" | "fieldsummary" => true,
        "stats" | "tstats" => call.by_fields().is_empty(),
        "dedup" => is_dedup_of_few(call),
        _ => false,
    })
}

fn is_dedup_of_few(call: &CommandCall) -> bool {
    call.arguments.iter().filter_map(Argument::as_field).all(|field| matches!(field.name.as_str(), "index" | "sourcetype"))
}

/// `50,000`
fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}
