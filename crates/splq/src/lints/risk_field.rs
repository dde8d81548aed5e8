//! A detection whose results lack a field that its risk events are made of.

use spl_parser::Diagnostic;
use spl_parser::diagnostic::nearest;
use spl_parser::effects::FieldsBehind;

use super::{Find, Level, Lint, Subject};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/risk-field",
    summary: "a risk object, threat object or field of the risk message is not in the results of the detection",
    page: include_str!("../../../../docs/lints/risk-field.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let fields = FieldsBehind::behind(&subject.search.pipeline.commands);
    let FieldsBehind::Only(known) = &fields else { return };
    let mut told: Vec<&str> = Vec::new();
    for (field, place) in &subject.query.metadata.risk_fields {
        if fields.may_have(field) || told.contains(&field.as_str()) {
            continue;
        }
        told.push(field);
        let help = match nearest(field, known.iter().map(String::as_str)) {
            Some(near) => format!("the nearest field of the results is `{near}`"),
            None => format!("add `{field}` to the by-clause or the table of the search, or name another field"),
        };
        let message = format!("the results have no field `{field}`, which {place} names");
        found.push(Diagnostic::warning(LINT.code, message, None).with_help(help));
    }
}
