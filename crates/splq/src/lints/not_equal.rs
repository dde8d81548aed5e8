//! `field!=value` leaves out events without the field.

use spl_parser::effects::FieldsBehind;
use spl_parser::syntax::{SearchExpression, SearchKind, SearchOperator};
use spl_parser::{Diagnostic, Span};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/not-equal",
    summary: "`field!=value` leaves out events without the field; `NOT field=value` keeps them",
    page: include_str!("../../../../docs/lints/not-equal.md"),
    level: Level::Quiet,
    find: Find::InSearch(find),
};

/// Fields that every event has.
const ALWAYS: [&str; 12] = [
    "host",
    "source",
    "sourcetype",
    "index",
    "_time",
    "_raw",
    "splunk_server",
    "linecount",
    "punct",
    "EventCode",
    "EventID",
    "signature_id",
];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place).filter(|call| call.spec.name == "search") else { return };
        if FieldsBehind::behind(&calls[..place]) != FieldsBehind::Any {
            return;
        }
        let mut places: Vec<(String, Span)> = Vec::new();
        let mut required: Vec<String> = Vec::new();
        for condition in walk::conditions(call) {
            required_fields(condition, &mut required);
            walk::condition_parts(condition, &mut |part, positive| {
                if let SearchKind::Comparison { field, operator, value } = &part.kind
                    && operator.value == SearchOperator::NotEqual
                    && positive
                    && !value.pattern.is_any()
                {
                    places.push((field.name.clone(), part.span));
                }
            });
        }
        places.retain(|(field, _)| !required.contains(field) && !ALWAYS.contains(&field.as_str()) && !field.starts_with("tag"));
        let Some((field, first)) = places.first() else { return };
        let others = match places.len() {
            1 => String::new(),
            2 => " (and 1 more place)".to_owned(),
            many => format!(" (and {} more places)", many - 1),
        };
        found.push(
            Diagnostic::warning(
                LINT.code,
                format!("`{field}!=` leaves out events that have no `{field}` too{others}"),
                Some(*first),
            )
            .with_help(format!("`NOT {field}=...` keeps them; `{field}=*` beside it says that the field is wanted")),
        );
    });
}

/// The fields that an event must have for a condition to hold.
fn required_fields(condition: &SearchExpression, required: &mut Vec<String>) {
    match &condition.kind {
        SearchKind::And(parts) => parts.iter().for_each(|part| required_fields(part, required)),
        SearchKind::Comparison { field, operator, .. } if operator.value != SearchOperator::NotEqual => {
            required.push(field.name.clone());
        }
        SearchKind::In { field, .. } => required.push(field.name.clone()),
        _ => {}
    }
}
