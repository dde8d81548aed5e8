//! What a command reads, as its table says: the places of its text that name fields, and the fields themselves.

use std::collections::BTreeSet;

use super::required::RequiredFields;
use super::walk::walk_expression;
use crate::Span;
use crate::spec::{Makes, Read};
use crate::syntax::{
    Aggregation, AggregationArgument, Argument, Assignment, CommandCall, Expression, ExpressionKind, Pipeline, SearchExpression,
    SearchKind, TemplatePart,
};

/// A place in a command that names fields to be read.
#[derive(Clone, Copy, Debug)]
pub enum Mention<'c> {
    /// A field, or a pattern of fields.
    Field(&'c str, Span),
    /// An eval expression.
    Expression(&'c Expression),
    /// A search condition.
    Condition(&'c SearchExpression),
    /// A field that is set, and what it is set to. Those behind it read the field that was set.
    Assignment(&'c Assignment),
}

/// The places of a command that name fields it reads, as far as they stand in its text.
pub fn mentions(call: &CommandCall) -> Vec<Mention<'_>> {
    mentions_of(call, call.spec.effects.reads)
}

/// The fields that a part of a command's table names, such as those it groups rows by.
pub fn fields_of<'c>(call: &'c CommandCall, reads: &'static [Read]) -> impl Iterator<Item = &'c str> {
    let fixed = reads.iter().flat_map(|read| match read {
        Read::Named(names) => *names,
        _ => &[],
    });
    let named = mentions_of(call, reads).into_iter().filter_map(|mention| match mention {
        Mention::Field(name, _) => Some(name),
        _ => None,
    });
    fixed.copied().chain(named)
}

fn mentions_of<'c>(call: &'c CommandCall, reads: &'static [Read]) -> Vec<Mention<'c>> {
    let mut mentions = Vec::new();
    for read in reads {
        match read {
            Read::Arguments | Read::ArgumentsOrAll | Read::ArgumentsOr(_) => {
                call.arguments.iter().for_each(|argument| of_argument(argument, &mut mentions));
            }
            Read::Kept if !removes(call) => call.arguments.iter().for_each(|argument| of_argument(argument, &mut mentions)),
            Read::ButLast => {
                let last = call.arguments.len().saturating_sub(1);
                call.arguments.iter().take(last).for_each(|argument| of_argument(argument, &mut mentions));
            }
            Read::NewNames => call.arguments.iter().for_each(|argument| {
                if let Argument::Field(field) | Argument::Rename { to: field, .. } = argument {
                    mentions.push(Mention::Field(&field.name, field.span));
                }
            }),
            Read::Clause(keyword) => {
                let members = call.clause(keyword).into_iter().flat_map(|clause| &clause.arguments);
                members.for_each(|argument| of_argument(argument, &mut mentions));
            }
            Read::Option(name) => {
                if let Some(option) = call.option(name) {
                    let names = option.value.value.split(',').map(str::trim).filter(|name| !name.is_empty());
                    mentions.extend(names.map(|name| Mention::Field(name, option.value.span)));
                }
            }
            Read::Pairs(start) => mentions.extend(call.arguments.iter().filter_map(|argument| match argument {
                Argument::Pair { name, value } if name.value.starts_with(start) => Some(Mention::Field(&value.value, value.span)),
                _ => None,
            })),
            Read::TextOr(_) => {
                if let Some(Argument::Text { text, .. }) = call.arguments.first() {
                    mentions.push(Mention::Field(&text.value, text.span));
                }
            }
            Read::Kept
            | Read::Named(_)
            | Read::AllWithArguments
            | Read::Condition(_)
            | Read::AllWith(_)
            | Read::NamedWith(..)
            | Read::All
            | Read::Own(_) => {}
        }
    }
    mentions
}

/// Whether `fields` lists the fields to remove.
pub(crate) fn removes(call: &CommandCall) -> bool {
    matches!(call.arguments.first(), Some(Argument::Text { text, .. }) if text.value == "-")
}

/// The fields that the last list of fields to keep names, each by its whole name, while no command behind it makes other
/// fields: `table _x` asks for a field that is not shown otherwise.
pub fn listed_by_name(pipeline: &Pipeline) -> BTreeSet<&str> {
    for call in pipeline.commands.iter().rev() {
        let effects = &call.spec.effects;
        if effects.reads.iter().any(|read| matches!(read, Read::Kept)) {
            if removes(call) {
                continue;
            }
            let listed = call.arguments.iter().filter_map(|argument| match argument {
                Argument::Field(field) if !field.has_wildcard() => Some(field.name.as_str()),
                _ => None,
            });
            return listed.collect();
        }
        if !matches!(effects.makes, Makes::Keeps | Makes::Adds(_)) {
            break;
        }
    }
    BTreeSet::new()
}

fn of_argument<'c>(argument: &'c Argument, mentions: &mut Vec<Mention<'c>>) {
    match argument {
        Argument::Search(search) => mentions.push(Mention::Condition(search)),
        Argument::Expression(expression) => mentions.push(Mention::Expression(expression)),
        Argument::Assignment(assignment) => mentions.push(Mention::Assignment(assignment)),
        Argument::Field(field) | Argument::Rename { from: field, .. } | Argument::Conversion { field, .. } => {
            mentions.push(Mention::Field(&field.name, field.span));
        }
        Argument::SortKey(key) => mentions.push(Mention::Field(&key.field.name, key.field.span)),
        Argument::Aggregation(aggregation) => of_aggregation(aggregation, mentions),
        Argument::Pair { .. } | Argument::Text { .. } | Argument::Subsearch(_) | Argument::Parts(_) => {}
    }
}

fn of_aggregation<'c>(aggregation: &'c Aggregation, mentions: &mut Vec<Mention<'c>>) {
    match &aggregation.argument {
        AggregationArgument::None => {}
        AggregationArgument::Field(field) => mentions.push(Mention::Field(&field.name, field.span)),
        AggregationArgument::Eval(expression) => mentions.push(Mention::Expression(expression)),
        AggregationArgument::Sparkline { aggregation, .. } => of_aggregation(aggregation, mentions),
    }
}

/// Adds what a command reads itself.
pub(crate) fn add_reads(call: &CommandCall, required: &mut RequiredFields) {
    for mention in mentions(call) {
        match mention {
            Mention::Field(name, _) => required.add(name),
            Mention::Expression(expression) => expression_fields(expression, required),
            Mention::Condition(condition) => search_fields(condition, required),
            Mention::Assignment(assignment) => assigned_fields(assignment, required),
        }
    }
    let lists_fields =
        call.fields().next().is_some() || call.arguments.iter().any(|one| matches!(one, Argument::Conversion { .. }));
    for read in call.spec.effects.reads {
        match read {
            Read::Named(names) => names.iter().for_each(|name| required.add(name)),
            Read::All => *required = RequiredFields::All,
            Read::ArgumentsOrAll if !lists_fields || call.fields().any(|field| field.name == "*") => {
                *required = RequiredFields::All
            }
            Read::ArgumentsOr(name) if !lists_fields => required.add(name),
            Read::AllWithArguments if !call.arguments.is_empty() => *required = RequiredFields::All,
            Read::TextOr(name) if !matches!(call.arguments.first(), Some(Argument::Text { .. })) => required.add(name),
            Read::Option(name) if call.option(name).is_none() => {
                let default = call.spec.option(name).map_or("", |option| option.default);
                if !default.is_empty() {
                    required.add(default);
                }
            }
            Read::Condition(name) => {
                if let Some(option) = call.option(name) {
                    match crate::parse_expression(&option.value.value) {
                        Ok(condition) => expression_fields(&condition, required),
                        Err(_) => *required = RequiredFields::All,
                    }
                }
            }
            Read::AllWith(name) if call.option(name).is_some() => *required = RequiredFields::All,
            Read::NamedWith(name, option) if call.flag(option) => required.add(name),
            Read::Clause(keyword) => {
                // A text that is a search: `transaction startswith="logged in"`.
                for argument in call.clause(keyword).into_iter().flat_map(|clause| &clause.arguments) {
                    if let Argument::Text { text, .. } = argument {
                        match crate::parse_search_expression(&text.value) {
                            Ok(condition) => search_fields(&condition, required),
                            Err(_) => *required = RequiredFields::All,
                        }
                    }
                }
            }
            Read::Own(find) => {
                let found = find(call);
                let before = std::mem::replace(required, RequiredFields::none());
                *required = before.union(found);
            }
            _ => {}
        }
    }
}

/// The fields that an assignment reads: those of its expression, and those whose values become a part of its target.
pub(crate) fn assigned_fields(assignment: &Assignment, required: &mut RequiredFields) {
    expression_fields(&assignment.expression, required);
    for part in &assignment.template {
        if let TemplatePart::Field(name) = part {
            required.add(name);
        }
    }
}

/// Adds the fields that an expression reads.
pub fn expression_fields(expression: &Expression, required: &mut RequiredFields) {
    walk_expression(expression, &mut |part| match &part.kind {
        ExpressionKind::Field(field) => {
            required.add(&field.name);
            // A bare `a.b` may turn out to be a concatenation.
            if field.name.contains('.') {
                field.name.split('.').for_each(|piece| required.add(piece));
            }
        }
        ExpressionKind::Call { name, arguments } if name.value.eq_ignore_ascii_case("searchmatch") => {
            match arguments.first().map(|argument| &argument.kind) {
                Some(ExpressionKind::Text(source)) => {
                    // A search that can't be read is an error of the command.
                    if let Ok(search) = crate::parse_search_expression(source) {
                        search_fields(&search, required);
                    }
                }
                Some(_) => *required = RequiredFields::All,
                None => {}
            }
        }
        // Its text is known only when it ran.
        ExpressionKind::Subsearch(_) => *required = RequiredFields::All,
        _ => {}
    });
}

/// Adds the fields that a search expression reads.
pub fn search_fields(search: &SearchExpression, required: &mut RequiredFields) {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().for_each(|part| search_fields(part, required)),
        SearchKind::Not(inner) => search_fields(inner, required),
        SearchKind::Comparison { field, .. } | SearchKind::In { field, .. } => {
            required.add(&field.name);
            // Which fields a saved search names is known to the knowledge objects only.
            if matches!(field.name.as_str(), "savedsearch" | "savedsplunk") {
                *required = RequiredFields::All;
            }
            if field.name.starts_with("tag::") || matches!(field.name.as_str(), "hosttag" | "eventtypetag") {
                required.add("tag");
            }
        }
        SearchKind::Term(value) if !value.pattern.is_any() => match value.indexed_field() {
            Some((field, _)) => required.add(field),
            None => required.add("_raw"),
        },
        // The time at which events were indexed, where they carry it.
        SearchKind::TimeModifier { name, .. } if name.value.starts_with("_index_") => required.add("_indextime"),
        SearchKind::Term(_) | SearchKind::TimeModifier { .. } => {}
        // Which fields its rows name is known only when it ran.
        SearchKind::Subsearch(_) => *required = RequiredFields::All,
        SearchKind::SubsearchComparison { field, .. } => required.add(&field.name),
    }
}
