//! A field that no row can have any more: a command before has left it out.

use std::collections::BTreeSet;

use spl_parser::Diagnostic;
use spl_parser::diagnostic::nearest;
use spl_parser::effects::fields::leaves_out;
use spl_parser::effects::{FieldsBehind, relied_on};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/missing-field",
    summary: "a command reads a field that the commands before it do not leave",
    page: include_str!("../../../../docs/lints/missing-field.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

/// Names that the help lists.
const LISTED: usize = 8;

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place) else { return };
        let FieldsBehind::Only(known) = FieldsBehind::behind(&calls[..place]) else { return };
        for (name, span) in relied_on(call) {
            // `a.b` may be two fields put together.
            let joined = name.contains('.') && name.split('.').any(|part| known.contains(part));
            let internal = name.starts_with('_') && name != "_time" && name != "_raw";
            if known.contains(&name) || joined || internal || !told.insert(name.clone()) {
                continue;
            }
            let leaver = calls[..place].iter().rev().find(|before| leaves_out(before, &name));
            let message = match leaver {
                Some(before) => format!("no row has the field `{name}` here: `{}` has left it out", before.spec.name),
                None => format!("no row has the field `{name}` here"),
            };
            let help = match nearest(&name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let names: Vec<&str> = known.iter().map(String::as_str).take(LISTED).collect();
                    let more = if known.len() > LISTED { ", ..." } else { "" };
                    format!("fields here: {}{more}", names.join(", "))
                }
            };
            found.push(Diagnostic::warning(LINT.code, message, Some(span)).with_help(help));
        }
    });
}
