//! Changes the places of a tree: takes them out, so that two trees can be compared by what they say, or moves them to
//! another text.

use crate::span::{Span, Spanned};
use crate::syntax::{
    Aggregation, AggregationArgument, Argument, ArgumentPart, CommandCall, Expression, ExpressionKind, FieldName, Pipeline,
    SearchExpression, SearchKind, SearchValue, Subsearch,
};

/// Sets every span of the tree to the empty one.
pub fn clear_spans(tree: &mut Pipeline) {
    pipeline(tree, &|_| Span::default());
}

/// Replaces every span of a command.
pub fn move_spans(call: &mut CommandCall, to: &dyn Fn(Span) -> Span) {
    command(call, to);
}

fn pipeline(tree: &mut Pipeline, to: &dyn Fn(Span) -> Span) {
    tree.span = to(tree.span);
    tree.commands.iter_mut().for_each(|call| command(call, to));
}

fn moved<T>(spanned: &mut Spanned<T>, to: &dyn Fn(Span) -> Span) {
    spanned.span = to(spanned.span);
}

fn subsearch(node: &mut Subsearch, to: &dyn Fn(Span) -> Span) {
    node.span = to(node.span);
    pipeline(&mut node.pipeline, to);
}

fn command(call: &mut CommandCall, to: &dyn Fn(Span) -> Span) {
    call.span = to(call.span);
    moved(&mut call.name, to);
    for option in &mut call.options {
        moved(&mut option.name, to);
        moved(&mut option.value, to);
    }
    call.arguments.iter_mut().for_each(|one| argument(one, to));
    for clause in &mut call.clauses {
        moved(&mut clause.keyword, to);
        clause.arguments.iter_mut().for_each(|one| argument(one, to));
    }
}

fn field(field: &mut FieldName, to: &dyn Fn(Span) -> Span) {
    field.span = to(field.span);
}

fn argument(node: &mut Argument, to: &dyn Fn(Span) -> Span) {
    match node {
        Argument::Search(inner) => search(inner, to),
        Argument::Expression(inner) => expression(inner, to),
        Argument::Assignment(assignment) => {
            assignment.span = to(assignment.span);
            field(&mut assignment.target, to);
            expression(&mut assignment.expression, to);
        }
        Argument::Field(name) => field(name, to),
        Argument::Aggregation(inner) => aggregation(inner, to),
        Argument::Rename { from, to: new } => {
            field(from, to);
            field(new, to);
        }
        Argument::SortKey(key) => {
            field(&mut key.field, to);
            key.kind.iter_mut().for_each(|one| moved(one, to));
        }
        Argument::Conversion { function, field: of, alias } => {
            moved(function, to);
            field(of, to);
            alias.iter_mut().for_each(|one| field(one, to));
        }
        Argument::Pair { name, value } => {
            moved(name, to);
            moved(value, to);
        }
        Argument::Text { text, .. } => moved(text, to),
        Argument::Subsearch(inner) => subsearch(inner, to),
        Argument::Parts(parts) => parts.iter_mut().for_each(|part| match part {
            ArgumentPart::Text(text) => moved(text, to),
            ArgumentPart::Subsearch(inner) => subsearch(inner, to),
        }),
    }
}

fn aggregation(node: &mut Aggregation, to: &dyn Fn(Span) -> Span) {
    node.span = to(node.span);
    moved(&mut node.function, to);
    node.alias.iter_mut().for_each(|one| field(one, to));
    match &mut node.argument {
        AggregationArgument::None => {}
        AggregationArgument::Field(name) => field(name, to),
        AggregationArgument::Eval(inner) => expression(inner, to),
        AggregationArgument::Sparkline { aggregation: inner, time_span } => {
            aggregation(inner, to);
            time_span.iter_mut().for_each(|one| moved(one, to));
        }
    }
}

fn expression(node: &mut Expression, to: &dyn Fn(Span) -> Span) {
    node.span = to(node.span);
    match &mut node.kind {
        ExpressionKind::Integer(_) | ExpressionKind::Float(_) | ExpressionKind::Text(_) => {}
        ExpressionKind::Field(name) => field(name, to),
        ExpressionKind::Unary { operand, .. } => expression(operand, to),
        ExpressionKind::Binary { operator, left, right } => {
            moved(operator, to);
            expression(left, to);
            expression(right, to);
        }
        ExpressionKind::In { operand, list } => {
            expression(operand, to);
            list.iter_mut().for_each(|one| expression(one, to));
        }
        ExpressionKind::Call { name, arguments } => {
            moved(name, to);
            arguments.iter_mut().for_each(|one| expression(one, to));
        }
        ExpressionKind::Subsearch(inner) => {
            subsearch(inner, to);
        }
    }
}

fn search(node: &mut SearchExpression, to: &dyn Fn(Span) -> Span) {
    node.span = to(node.span);
    match &mut node.kind {
        SearchKind::And(operands) | SearchKind::Or(operands) => operands.iter_mut().for_each(|one| search(one, to)),
        SearchKind::Not(inner) => search(inner, to),
        SearchKind::Comparison { field: name, operator, value } => {
            field(name, to);
            moved(operator, to);
            search_value(value, to);
        }
        SearchKind::SubsearchComparison { field: name, operator, subsearch } => {
            field(name, to);
            moved(operator, to);
            self::subsearch(subsearch, to);
        }
        SearchKind::In { field: name, values } => {
            field(name, to);
            values.iter_mut().for_each(|one| search_value(one, to));
        }
        SearchKind::Term(value) => search_value(value, to),
        SearchKind::TimeModifier { name, value } => {
            moved(name, to);
            moved(value, to);
        }
        SearchKind::Subsearch(inner) => {
            subsearch(inner, to);
        }
    }
}

fn search_value(value: &mut SearchValue, to: &dyn Fn(Span) -> Span) {
    value.span = to(value.span);
}
