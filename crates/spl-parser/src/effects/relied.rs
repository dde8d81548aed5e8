//! Fields that a command is of no use without: what it reads, but for what may as well be absent.

use std::collections::BTreeSet;

use super::read::{Mention, mentions};
use crate::Span;
use crate::spec::{Source, Subsearches};
use crate::syntax::{CommandCall, Expression, ExpressionKind, FieldName, SearchExpression, SearchKind};

/// Calls that ask whether a field is there, or go on where it is not.
const ABSENCE: [&str; 5] = ["isnull", "isnotnull", "coalesce", "nullif", "searchmatch"];

/// The fields that a command reads from the rows it is given and that it is of no use without, with their places.
pub fn relied_on(call: &CommandCall) -> Vec<(String, Span)> {
    let effects = &call.spec.effects;
    // What a command does with commands inside it depends on them.
    let takes_rows = matches!(effects.source, Source::Rows | Source::EventsWhenFirst | Source::NothingWhenFirst);
    if !takes_rows || effects.subsearches == Subsearches::OverRows {
        return Vec::new();
    }
    let mut fields = Vec::new();
    let mut set: BTreeSet<&str> = BTreeSet::new();
    for mention in mentions(call) {
        let mut add = |name: &str, span: Span| {
            // `gauge` takes numbers too.
            if !name.contains('*') && name.parse::<f64>().is_err() {
                fields.push((name.to_owned(), span));
            }
        };
        match mention {
            Mention::Field(name, span) => add(name, span),
            Mention::Expression(expression) => evaluated(expression, &mut |field: &FieldName| add(&field.name, field.span)),
            Mention::Condition(condition) => compared(condition, &mut |field: &FieldName| add(&field.name, field.span)),
            Mention::Assignment(assignment) => {
                evaluated(&assignment.expression, &mut |field: &FieldName| {
                    if !set.contains(field.name.as_str()) {
                        add(&field.name, field.span);
                    }
                });
                set.insert(&assignment.target.name);
            }
        }
    }
    fields
}

fn evaluated(expression: &Expression, add: &mut dyn FnMut(&FieldName)) {
    match &expression.kind {
        ExpressionKind::Field(field) if ["true", "false", "null"].iter().any(|word| field.name.eq_ignore_ascii_case(word)) => {}
        ExpressionKind::Field(field) => add(field),
        ExpressionKind::Unary { operand, .. } => evaluated(operand, add),
        ExpressionKind::Binary { left, right, .. } => {
            evaluated(left, add);
            evaluated(right, add);
        }
        ExpressionKind::In { operand, list } => {
            evaluated(operand, add);
            list.iter().for_each(|item| evaluated(item, add));
        }
        ExpressionKind::Call { name, .. } if ABSENCE.iter().any(|known| name.value.eq_ignore_ascii_case(known)) => {}
        ExpressionKind::Call { arguments, .. } => arguments.iter().for_each(|argument| evaluated(argument, add)),
        _ => {}
    }
}

fn compared(search: &SearchExpression, add: &mut dyn FnMut(&FieldName)) {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().for_each(|part| compared(part, add)),
        // `NOT field=*` asks whether the field is there.
        SearchKind::Not(_) => {}
        SearchKind::Comparison { field, .. } | SearchKind::In { field, .. } | SearchKind::SubsearchComparison { field, .. } => {
            let special = field.name.starts_with("tag") || matches!(field.name.as_str(), "eventtype" | "earliest" | "latest");
            if !special {
                add(field);
            }
        }
        _ => {}
    }
}
