//! Takes the places out of a tree, so that two trees can be compared by what they say.

use crate::span::{Span, Spanned};
use crate::syntax::{
    Aggregation, AggregationArgument, Argument, CommandCall, Expression, ExpressionKind, FieldName, Pipeline, SearchExpression,
    SearchKind, SearchValue,
};

/// Sets every span of the tree to the empty one.
pub fn clear_spans(pipeline: &mut Pipeline) {
    pipeline.span = Span::default();
    pipeline.commands.iter_mut().for_each(command);
}

fn clear<T>(spanned: &mut Spanned<T>) {
    spanned.span = Span::default();
}

fn command(call: &mut CommandCall) {
    call.span = Span::default();
    clear(&mut call.name);
    for option in &mut call.options {
        clear(&mut option.name);
        clear(&mut option.value);
    }
    call.arguments.iter_mut().for_each(argument);
    for clause in &mut call.clauses {
        clear(&mut clause.keyword);
        clause.arguments.iter_mut().for_each(argument);
    }
}

fn field(field: &mut FieldName) {
    field.span = Span::default();
}

fn argument(node: &mut Argument) {
    match node {
        Argument::Search(inner) => search(inner),
        Argument::Expression(inner) => expression(inner),
        Argument::Assignment(assignment) => {
            assignment.span = Span::default();
            field(&mut assignment.target);
            expression(&mut assignment.expression);
        }
        Argument::Field(name) => field(name),
        Argument::Aggregation(inner) => aggregation(inner),
        Argument::Rename { from, to } => {
            field(from);
            field(to);
        }
        Argument::SortKey(key) => {
            field(&mut key.field);
            key.kind.iter_mut().for_each(clear);
        }
        Argument::Conversion { function, field: of, alias } => {
            clear(function);
            field(of);
            alias.iter_mut().for_each(field);
        }
        Argument::Pair { name, value } => {
            clear(name);
            clear(value);
        }
        Argument::Text { text, .. } => clear(text),
        Argument::Subsearch(inner) => {
            inner.span = Span::default();
            clear_spans(&mut inner.pipeline);
        }
    }
}

fn aggregation(node: &mut Aggregation) {
    node.span = Span::default();
    clear(&mut node.function);
    node.alias.iter_mut().for_each(field);
    match &mut node.argument {
        AggregationArgument::None => {}
        AggregationArgument::Field(name) => field(name),
        AggregationArgument::Eval(inner) => expression(inner),
        AggregationArgument::Sparkline { aggregation: inner, time_span } => {
            aggregation(inner);
            time_span.iter_mut().for_each(clear);
        }
    }
}

fn expression(node: &mut Expression) {
    node.span = Span::default();
    match &mut node.kind {
        ExpressionKind::Integer(_) | ExpressionKind::Float(_) | ExpressionKind::Text(_) => {}
        ExpressionKind::Field(name) => field(name),
        ExpressionKind::Unary { operand, .. } => expression(operand),
        ExpressionKind::Binary { operator, left, right } => {
            clear(operator);
            expression(left);
            expression(right);
        }
        ExpressionKind::In { operand, list } => {
            expression(operand);
            list.iter_mut().for_each(expression);
        }
        ExpressionKind::Call { name, arguments } => {
            clear(name);
            arguments.iter_mut().for_each(expression);
        }
        ExpressionKind::Subsearch(inner) => {
            inner.span = Span::default();
            clear_spans(&mut inner.pipeline);
        }
    }
}

fn search(node: &mut SearchExpression) {
    node.span = Span::default();
    match &mut node.kind {
        SearchKind::And(operands) | SearchKind::Or(operands) => operands.iter_mut().for_each(search),
        SearchKind::Not(inner) => search(inner),
        SearchKind::Comparison { field: name, operator, value } => {
            field(name);
            clear(operator);
            search_value(value);
        }
        SearchKind::SubsearchComparison { field: name, operator, subsearch } => {
            field(name);
            clear(operator);
            subsearch.span = Span::default();
            clear_spans(&mut subsearch.pipeline);
        }
        SearchKind::In { field: name, values } => {
            field(name);
            values.iter_mut().for_each(search_value);
        }
        SearchKind::Term(value) => search_value(value),
        SearchKind::TimeModifier { name, value } => {
            clear(name);
            clear(value);
        }
        SearchKind::Subsearch(inner) => {
            inner.span = Span::default();
            clear_spans(&mut inner.pipeline);
        }
    }
}

fn search_value(value: &mut SearchValue) {
    value.span = Span::default();
}
