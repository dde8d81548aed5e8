//! `join` without `max` keeps the first row of the subsearch for each row.

use spl_parser::Diagnostic;
use spl_parser::effects::read::fields_of;
use spl_parser::spec::{Makes, Rows};
use spl_parser::syntax::{Argument, Pipeline};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/join-first-match",
    summary: "join without max keeps only the first matching row of the subsearch",
    page: include_str!("../../../../docs/lints/join-first-match.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place).filter(|call| call.spec.name == "join" && call.option("max").is_none()) else { return };
        let keys: Vec<&str> = call.fields().map(|field| field.name.as_str()).collect();
        let Some(subsearch) = call.subsearch() else { return };
        if keys.is_empty() || one_row_per_key(&subsearch.pipeline, &keys) {
            return;
        }
        let message = "`join` takes the first row of the subsearch that matches and drops the others";
        found.push(Diagnostic::warning(LINT.code, message, Some(call.name.span)).with_help(
            "`max=0` keeps all; `max=1` says that one is meant; stats by the same fields in the subsearch leaves one",
        ));
    });
}

/// Whether rows are seen to differ in the keys: the last command that groups them does it by no other field.
fn one_row_per_key(pipeline: &Pipeline, keys: &[&str]) -> bool {
    for call in pipeline.commands.iter().rev() {
        match (call.spec.effects.rows, call.spec.effects.makes) {
            // A dataset of a model stands before the names of its fields.
            (Rows::Groups(by) | Rows::FewGroups(by), _) => {
                return fields_of(call, by).all(|name| keys.contains(&name.rsplit('.').next().unwrap_or(name)));
            }
            (Rows::Distinct(by), _) => {
                return fields_of(call, by).all(|name| keys.contains(&name))
                    && !matches!(call.arguments.first(), Some(Argument::Text { .. }));
            }
            (Rows::NewFew, _) => return true,
            // One row may become several, or rows of another search come in.
            (Rows::Several | Rows::New | Rows::Whole, Makes::Only(_)) | (Rows::Several, _) => return false,
            _ if call.subsearch().is_some() => return false,
            // Names may change, which makes it unknown which fields are which.
            (_, Makes::Own(_)) if call.arguments.iter().any(|argument| matches!(argument, Argument::Rename { .. })) => {
                return true;
            }
            _ => {}
        }
    }
    false
}
