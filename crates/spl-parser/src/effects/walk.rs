//! Walks over the syntax tree: every command with those before it, every subsearch, every condition, every expression.

use crate::syntax::{
    Aggregation, AggregationArgument, Argument, ArgumentPart, CommandCall, Expression, ExpressionKind, Pipeline,
    SearchExpression, SearchKind, Subsearch,
};

/// Visits every command of a search, subsearches included: the commands of its pipeline and its place among them.
pub fn commands<'p>(pipeline: &'p Pipeline, visit: &mut dyn FnMut(&'p [CommandCall], usize)) {
    for (place, call) in pipeline.commands.iter().enumerate() {
        visit(&pipeline.commands, place);
        subsearches(call, &mut |subsearch| commands(&subsearch.pipeline, visit));
    }
}

/// The arguments of a command and of its clauses.
pub fn arguments(call: &CommandCall) -> impl Iterator<Item = &Argument> {
    call.arguments.iter().chain(call.clauses.iter().flat_map(|clause| &clause.arguments))
}

/// Visits the subsearches of a command, those inside them aside.
pub fn subsearches<'p>(call: &'p CommandCall, visit: &mut dyn FnMut(&'p Subsearch)) {
    for argument in arguments(call) {
        match argument {
            Argument::Subsearch(subsearch) => visit(subsearch),
            Argument::Parts(parts) => parts.iter().for_each(|part| {
                if let ArgumentPart::Subsearch(subsearch) = part {
                    visit(subsearch);
                }
            }),
            Argument::Search(search) => in_search(search, visit),
            Argument::Expression(expression) => in_expression(expression, visit),
            Argument::Assignment(assignment) => in_expression(&assignment.expression, visit),
            Argument::Aggregation(aggregation) => {
                if let Some(expression) = aggregated_expression(aggregation) {
                    in_expression(expression, visit);
                }
            }
            _ => {}
        }
    }
}

fn in_search<'p>(search: &'p SearchExpression, visit: &mut dyn FnMut(&'p Subsearch)) {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().for_each(|part| in_search(part, visit)),
        SearchKind::Not(inner) => in_search(inner, visit),
        SearchKind::Subsearch(subsearch) | SearchKind::SubsearchComparison { subsearch, .. } => visit(subsearch),
        _ => {}
    }
}

fn in_expression<'p>(expression: &'p Expression, visit: &mut dyn FnMut(&'p Subsearch)) {
    walk_expression(expression, &mut |part| {
        if let ExpressionKind::Subsearch(subsearch) = &part.kind {
            visit(subsearch);
        }
    });
}

/// Visits an expression and all its parts.
pub fn walk_expression<'p>(expression: &'p Expression, visit: &mut dyn FnMut(&'p Expression)) {
    visit(expression);
    match &expression.kind {
        ExpressionKind::Unary { operand, .. } => walk_expression(operand, visit),
        ExpressionKind::Binary { left, right, .. } => {
            walk_expression(left, visit);
            walk_expression(right, visit);
        }
        ExpressionKind::In { operand, list } => {
            walk_expression(operand, visit);
            list.iter().for_each(|item| walk_expression(item, visit));
        }
        ExpressionKind::Call { arguments, .. } => arguments.iter().for_each(|argument| walk_expression(argument, visit)),
        _ => {}
    }
}

/// The search conditions of a command: `search`, `tstats where`.
pub fn conditions(call: &CommandCall) -> impl Iterator<Item = &SearchExpression> {
    arguments(call).filter_map(|argument| match argument {
        Argument::Search(search) => Some(search),
        _ => None,
    })
}

/// Visits a condition and all its parts; the flag tells whether an even number of NOTs stands around the part.
pub fn condition_parts<'p>(search: &'p SearchExpression, visit: &mut dyn FnMut(&'p SearchExpression, bool)) {
    fn walk<'p>(search: &'p SearchExpression, positive: bool, visit: &mut dyn FnMut(&'p SearchExpression, bool)) {
        visit(search, positive);
        match &search.kind {
            SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().for_each(|part| walk(part, positive, visit)),
            SearchKind::Not(inner) => walk(inner, !positive, visit),
            _ => {}
        }
    }
    walk(search, true, visit);
}

/// The expression inside an aggregation.
pub fn aggregated_expression(aggregation: &Aggregation) -> Option<&Expression> {
    match &aggregation.argument {
        AggregationArgument::Eval(expression) => Some(expression),
        AggregationArgument::Sparkline { aggregation, .. } => aggregated_expression(aggregation),
        _ => None,
    }
}

/// The eval expressions of a command, those of its aggregations included.
pub fn expressions(call: &CommandCall) -> Vec<&Expression> {
    let own = arguments(call).filter_map(|argument| match argument {
        Argument::Expression(expression) => Some(expression),
        Argument::Assignment(assignment) => Some(&assignment.expression),
        Argument::Aggregation(aggregation) => aggregated_expression(aggregation),
        _ => None,
    });
    own.collect()
}

/// Visits every part of every expression of a search.
pub fn expression_parts<'p>(pipeline: &'p Pipeline, visit: &mut dyn FnMut(&'p Expression)) {
    commands(pipeline, &mut |calls: &'p [CommandCall], place| {
        if let Some(call) = calls.get(place) {
            expressions(call).into_iter().for_each(|expression| walk_expression(expression, visit));
        }
    });
}

/// Visits every condition of every command of a search.
pub fn search_conditions<'p>(pipeline: &'p Pipeline, visit: &mut dyn FnMut(&'p SearchExpression, bool)) {
    commands(pipeline, &mut |calls: &'p [CommandCall], place| {
        if let Some(call) = calls.get(place) {
            conditions(call).for_each(|condition| condition_parts(condition, visit));
        }
    });
}
