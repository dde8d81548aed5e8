//! Names that a search uses as fields beyond doubt.

use std::collections::BTreeSet;

use spl_parser::effects::fields::{groups, result_name};
use spl_parser::effects::{RequiredFields, expression_fields, search_fields, walk_expression};
use spl_parser::syntax::{AggregationArgument, Argument, ExpressionKind};

use super::walk;

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
