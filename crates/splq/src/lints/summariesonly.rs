//! tstats over a data model without a word about summaries.

use spl_parser::Diagnostic;
use spl_parser::syntax::Argument;

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/summariesonly",
    summary: "tstats over a data model does not say whether events without summaries count",
    page: include_str!("../../../../docs/lints/summariesonly.md"),
    level: Level::Quiet,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place).filter(|call| call.spec.name == "tstats") else { return };
        let from = call.clause("from").into_iter().flat_map(|clause| &clause.arguments);
        let over_model =
            from.into_iter().any(|source| matches!(source, Argument::Pair { name, .. } if name.value == "datamodel"));
        if !over_model {
            return;
        }
        match call.option("summariesonly") {
            None => found.push(
                Diagnostic::warning(
                    LINT.code,
                    "`tstats` reads all events that have no summary yet, which takes long where there are many",
                    Some(call.name.span),
                )
                .with_help("begin with | tstats `security_content_summariesonly`, which each installation defines for itself"),
            ),
            Some(option) if subject.query.metadata.detection => found.push(
                Diagnostic::warning(LINT.code, "summariesonly is written out in a detection", Some(option.name.span))
                    .with_help("the macro `security_content_summariesonly` lets each installation choose"),
            ),
            Some(_) => {}
        }
    });
}
