//! Rows of subsearches beyond a limit are dropped.

use spl_exec::limits::Limits;
use spl_parser::Diagnostic;
use spl_parser::effects::pipeline_effects;
use spl_parser::effects::read::fields_of;
use spl_parser::spec::{ReadsEvents, Rows, Subsearches};
use spl_parser::syntax::Pipeline;

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/subsearch-limit",
    summary: "rows of join, append and subsearches beyond a limit are dropped",
    page: include_str!("../../../../docs/lints/subsearch-limit.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let none_set = indexmap::IndexMap::new();
    let limits = Limits::new(&none_set);
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place) else { return };
        let (limit, what) = match call.spec.effects.subsearches {
            Subsearches::AsRows(Some(limit)) => (limit, format!("`{}`", call.spec.name)),
            Subsearches::AsText => ("subsearch_maxout", "a subsearch that becomes search text".to_owned()),
            Subsearches::AsRows(None) | Subsearches::OverRows | Subsearches::PerRow => return,
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

/// Whether the number of rows is seen to be small: no events are read, or a command that counts says so.
fn is_bounded(pipeline: &Pipeline) -> bool {
    if pipeline_effects(pipeline).reads_events == ReadsEvents::No {
        return true;
    }
    pipeline.commands.iter().any(|call| match call.spec.effects.rows {
        Rows::First | Rows::Last | Rows::FewGroups(_) | Rows::NewFew => true,
        Rows::Groups(by) => fields_of(call, by).next().is_none(),
        Rows::Distinct(by) => fields_of(call, by).all(|name| matches!(name, "index" | "sourcetype")),
        _ => false,
    })
}

/// `50,000`
fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}
