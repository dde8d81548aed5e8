//! Fields that a command is of no use without, and names that a search uses as fields beyond doubt.

use std::collections::BTreeSet;

use spl_parser::Span;
use spl_parser::effects::fields::{groups, result_name};
use spl_parser::effects::read::mentions;
use spl_parser::effects::{Mention, RequiredFields, expression_fields, search_fields, walk_expression};
use spl_parser::spec::{Source, Subsearches};
use spl_parser::syntax::{
    AggregationArgument, Argument, CommandCall, Expression, ExpressionKind, FieldName, SearchExpression, SearchKind,
};

use super::walk;

/// Calls that ask whether a field is there, or go on where it is not.
const ABSENCE: [&str; 5] = ["isnull", "isnotnull", "coalesce", "nullif", "searchmatch"];

/// The fields that a command reads from the rows it is given and that it is of no use without, with their places.
pub fn read(call: &CommandCall) -> Vec<(String, Span)> {
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

/// Every name that a search uses as a field beyond doubt: in lists and clauses, as targets, left of comparisons.
pub fn used(pipeline: &spl_parser::Pipeline) -> BTreeSet<String> {
    let mut compared = RequiredFields::none();
    let mut names = BTreeSet::new();
    walk::commands(pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place) else { return };
        for argument in walk::arguments(call) {
            match argument {
                Argument::Field(field) => drop(names.insert(field.name.clone())),
                Argument::Rename { from, to } => {
                    names.insert(from.name.clone());
                    names.insert(to.name.clone());
                }
                Argument::SortKey(key) => drop(names.insert(key.field.name.clone())),
                Argument::Assignment(assignment) => drop(names.insert(assignment.target.name.clone())),
                Argument::Aggregation(aggregation) => {
                    names.insert(result_name(aggregation).to_owned());
                    if let AggregationArgument::Field(field) = &aggregation.argument {
                        names.insert(field.name.clone());
                    }
                }
                Argument::Search(search) => search_fields(search, &mut compared),
                // The named groups of a regular expression.
                Argument::Text { text, .. } => names.extend(groups(&text.value).into_iter().map(str::to_owned)),
                _ => {}
            }
        }
        for expression in walk::expressions(call) {
            walk_expression(expression, &mut |part| match &part.kind {
                ExpressionKind::Binary { left, .. } if matches!(left.kind, ExpressionKind::Field(_)) => {
                    expression_fields(left, &mut compared);
                }
                ExpressionKind::Call { arguments, .. } => {
                    let plain = arguments.iter().filter(|argument| matches!(argument.kind, ExpressionKind::Field(_)));
                    plain.for_each(|argument| expression_fields(argument, &mut compared));
                }
                _ => {}
            });
        }
    });
    if let RequiredFields::Only(more) = compared {
        names.extend(more);
    }
    names
}
