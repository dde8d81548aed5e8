//! Which fields rows can have at a place of a pipeline, as far as the commands before it tell.

use std::collections::BTreeSet;

use spl_exec::needed::{Needed, expression_fields, search_fields};
use spl_parser::Span;
use spl_parser::syntax::{
    Aggregation, AggregationArgument, Argument, CommandCall, Expression, ExpressionKind, FieldName, SearchExpression, SearchKind,
};

use super::walk;

/// The fields that rows can have.
#[derive(Clone, Debug, PartialEq)]
pub enum Fields {
    /// Whatever the events have.
    Any,
    /// These and no others.
    Only(BTreeSet<String>),
}

impl Fields {
    /// Those behind the first commands of a pipeline.
    pub fn behind(calls: &[CommandCall]) -> Self {
        calls.iter().enumerate().fold(Self::Any, |before, (place, call)| after(call, before, place == 0))
    }

    /// Whether rows can have a field.
    pub fn may_have(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(names) => names.contains(name),
        }
    }

    fn with(self, more: impl IntoIterator<Item = String>) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::Only(mut names) => {
                names.extend(more);
                Self::Only(names)
            }
        }
    }
}

/// Names, unless one of them is a pattern.
fn only(names: impl IntoIterator<Item = String>) -> Fields {
    let names: BTreeSet<String> = names.into_iter().collect();
    if names.iter().any(|name| name.contains('*')) { Fields::Any } else { Fields::Only(names) }
}

/// The fields behind a command.
fn after(call: &CommandCall, before: Fields, first: bool) -> Fields {
    match call.spec.name {
        "stats" | "tstats" if is_on(call, "prestats") || is_on(call, "append") => Fields::Any,
        "stats" | "tstats" => only(by_names(call).chain(call.aggregations().map(result_name))),
        "chart" | "timechart" => chart(call),
        "top" | "rare" if call.options.iter().all(|option| option.name.value == "limit") => {
            let own = ["count", "percent"].map(str::to_owned);
            only(call.fields().map(|field| field.name.clone()).chain(by_names(call)).chain(own))
        }
        "table" => listed(call, before),
        "fields" => match call.arguments.first() {
            Some(Argument::Text { text, .. }) if text.value == "-" => removed(call, before),
            _ => match listed(call, before) {
                Fields::Only(mut names) => {
                    names.extend(["_time", "_raw"].map(str::to_owned));
                    Fields::Only(names)
                }
                any => any,
            },
        },
        "makeresults" if call.options.iter().all(|option| option.name.value == "count") => only(["_time".to_owned()]),
        "where" | "regex" | "dedup" | "sort" | "head" | "tail" | "reverse" | "uniq" | "mvexpand" | "nomv" | "makemv"
        | "mvcombine" | "filldown" | "replace" | "noop" => before,
        "search" if !first => before,
        "eval" => {
            let targets = || assignments(call);
            if targets().any(|assignment| !assignment.template.is_empty()) {
                return Fields::Any;
            }
            before.with(targets().map(|assignment| assignment.target.name.clone()))
        }
        "rename" => renamed(call, before),
        "rex" => match rex_fields(call) {
            Some(names) => before.with(names),
            None => Fields::Any,
        },
        "lookup" if !call.clauses.is_empty() => {
            let outputs = call.clauses.iter().flat_map(|clause| &clause.arguments).map(new_name);
            before.with(outputs.flatten())
        }
        "fillnull" => before.with(call.fields().map(|field| field.name.clone())),
        "convert" => before.with(call.arguments.iter().filter_map(|argument| match argument {
            Argument::Conversion { alias: Some(alias), .. } => Some(alias.name.clone()),
            _ => None,
        })),
        "bin" => before.with(call.arguments.iter().filter_map(new_name)),
        "eventstats" | "streamstats" => before.with(call.aggregations().map(result_name).collect::<Vec<_>>()).closed(),
        "strcat" | "accum" | "delta" | "rangemap" => match (call.spec.name, before) {
            ("rangemap", before) => before.with(["range".to_owned()]),
            (_, before @ Fields::Any) => before,
            _ => Fields::Any,
        },
        _ => Fields::Any,
    }
}

impl Fields {
    /// Open again where a name is a pattern.
    fn closed(self) -> Self {
        match self {
            Self::Only(names) => only(names),
            any => any,
        }
    }
}

fn is_on(call: &CommandCall, option: &str) -> bool {
    call.option(option)
        .is_some_and(|option| matches!(option.value.value.to_ascii_lowercase().as_str(), "t" | "true" | "1" | "yes"))
}

/// The fields of the by-clause.
pub fn by_names(call: &CommandCall) -> impl Iterator<Item = String> + '_ {
    call.by_fields().iter().filter_map(Argument::as_field).map(|field| field.name.clone())
}

/// The name of a result column.
pub fn result_name(aggregation: &Aggregation) -> String {
    aggregation.alias.as_ref().map_or_else(|| aggregation.text.clone(), |alias| alias.name.clone())
}

/// With a second field the columns are values of it.
fn chart(call: &CommandCall) -> Fields {
    let time = (call.spec.name == "timechart").then(|| "_time".to_owned());
    let over = call.clause("over").into_iter().flat_map(|clause| &clause.arguments).filter_map(Argument::as_field);
    let rows: Vec<String> = over.map(|field| field.name.clone()).chain(by_names(call)).chain(time).collect();
    if rows.len() > 1 || call.aggregations().next().is_none() {
        return Fields::Any;
    }
    only(rows.into_iter().chain(call.aggregations().map(result_name)))
}

fn listed(call: &CommandCall, before: Fields) -> Fields {
    let mut names = BTreeSet::new();
    for field in call.fields() {
        match (&before, field.has_wildcard()) {
            (_, false) => {
                names.insert(field.name.clone());
            }
            (Fields::Any, true) => return Fields::Any,
            (Fields::Only(known), true) => {
                names.extend(known.iter().filter(|name| captured(&field.name, name).is_some()).cloned());
            }
        }
    }
    Fields::Only(names)
}

fn removed(call: &CommandCall, before: Fields) -> Fields {
    match before {
        Fields::Any => Fields::Any,
        Fields::Only(mut names) => {
            for field in call.fields() {
                names.retain(|name| captured(&field.name, name).is_none());
            }
            Fields::Only(names)
        }
    }
}

fn renamed(call: &CommandCall, before: Fields) -> Fields {
    let Fields::Only(mut names) = before else { return Fields::Any };
    for argument in &call.arguments {
        let Argument::Rename { from, to } = argument else { continue };
        if from.has_wildcard() {
            let matching: Vec<(String, Vec<String>)> =
                names.iter().filter_map(|name| Some((name.clone(), captured(&from.name, name)?))).collect();
            for (name, texts) in matching {
                names.remove(&name);
                let mut texts = texts.into_iter();
                let mut parts = to.name.split('*');
                let mut new = parts.next().unwrap_or_default().to_owned();
                for part in parts {
                    new.push_str(&texts.next().unwrap_or_default());
                    new.push_str(part);
                }
                names.insert(new);
            }
        } else {
            names.remove(&from.name);
            names.insert(to.name.clone());
        }
    }
    Fields::Only(names)
}

/// What the wildcards of a pattern stand for in a name; none when it does not match.
fn captured(pattern: &str, name: &str) -> Option<Vec<String>> {
    let mut parts = pattern.split('*');
    let mut rest = name.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut texts = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let at = if number + 1 == parts.len() {
            rest.len().checked_sub(part.len()).filter(|_| rest.ends_with(part))?
        } else {
            rest.find(part)?
        };
        texts.push(rest[..at].to_owned());
        rest = &rest[at + part.len()..];
    }
    rest.is_empty().then_some(texts)
}

/// The named groups of a rex; none when it can't be told.
fn rex_fields(call: &CommandCall) -> Option<Vec<String>> {
    let mut names: Vec<String> = call.option("offset_field").map(|option| option.value.value.clone()).into_iter().collect();
    if call.option("mode").is_some() {
        return Some(names);
    }
    for argument in &call.arguments {
        let Argument::Text { text, .. } = argument else { return None };
        for (at, _) in text.value.match_indices("(?") {
            let rest = &text.value[at + 2..];
            let rest = rest.strip_prefix('P').unwrap_or(rest);
            if let Some(name) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(name, _)| name)
                && !name.starts_with(['=', '!'])
            {
                names.push(name.to_owned());
            }
        }
    }
    Some(names)
}

fn new_name(argument: &Argument) -> Option<String> {
    match argument {
        Argument::Field(field) => Some(field.name.clone()),
        Argument::Rename { to, .. } => Some(to.name.clone()),
        _ => None,
    }
}

fn assignments(call: &CommandCall) -> impl Iterator<Item = &spl_parser::syntax::Assignment> {
    call.arguments.iter().filter_map(|argument| match argument {
        Argument::Assignment(assignment) => Some(assignment),
        _ => None,
    })
}

/// Calls that ask whether a field is there, or go on where it is not.
const ABSENCE: [&str; 5] = ["isnull", "isnotnull", "coalesce", "nullif", "searchmatch"];

/// The fields that a command reads and that it is of no use without, with their places.
pub fn read(call: &CommandCall) -> Vec<(String, Span)> {
    let mut fields = Vec::new();
    let mut add = |field: &FieldName| {
        if !field.has_wildcard() {
            fields.push((field.name.clone(), field.span));
        }
    };
    match call.spec.name {
        "stats" | "eventstats" | "streamstats" | "chart" | "timechart" | "top" | "rare" | "dedup" | "table" | "mvexpand"
        | "makemv" | "nomv" | "sort" | "where" | "search" | "eval" | "rename" | "bin" => {}
        "fields" if !matches!(call.arguments.first(), Some(Argument::Text { text, .. }) if text.value == "-") => {}
        "rex" => {
            if let Some(option) = call.option("field") {
                return vec![(option.value.value.clone(), option.value.span)];
            }
            return Vec::new();
        }
        "lookup" => {
            for argument in call.arguments.iter().skip(1) {
                match argument {
                    Argument::Field(field) | Argument::Rename { to: field, .. } => add(field),
                    _ => {}
                }
            }
            return fields;
        }
        _ => return Vec::new(),
    }
    let mut set: BTreeSet<String> = BTreeSet::new();
    for argument in walk::arguments(call) {
        match argument {
            Argument::Field(field) | Argument::Rename { from: field, .. } => add(field),
            Argument::SortKey(key) => add(&key.field),
            Argument::Aggregation(aggregation) => aggregated(aggregation, &mut fields_of(&mut add)),
            Argument::Expression(expression) => evaluated(expression, &mut add),
            Argument::Assignment(assignment) => {
                evaluated(&assignment.expression, &mut |field: &FieldName| {
                    if !set.contains(&field.name) {
                        add(field);
                    }
                });
                set.insert(assignment.target.name.clone());
            }
            Argument::Search(search) => compared(search, &mut add),
            _ => {}
        }
    }
    fields
}

fn fields_of<'f>(add: &'f mut dyn FnMut(&FieldName)) -> impl FnMut(&FieldName) + 'f {
    move |field| add(field)
}

fn aggregated(aggregation: &Aggregation, add: &mut dyn FnMut(&FieldName)) {
    match &aggregation.argument {
        AggregationArgument::None => {}
        AggregationArgument::Field(field) => add(field),
        AggregationArgument::Eval(expression) => evaluated(expression, add),
        AggregationArgument::Sparkline { aggregation, .. } => aggregated(aggregation, add),
    }
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
    let mut needed = Needed::none();
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
                    names.insert(result_name(aggregation));
                    if let AggregationArgument::Field(field) = &aggregation.argument {
                        names.insert(field.name.clone());
                    }
                }
                Argument::Search(search) => search_fields(search, &mut needed),
                _ => {}
            }
        }
        if call.spec.name == "rex" {
            names.extend(rex_fields(call).unwrap_or_default());
        }
        for expression in walk::expressions(call) {
            spl_exec::needed::walk_expression(expression, &mut |part| match &part.kind {
                ExpressionKind::Binary { left, .. } if matches!(left.kind, ExpressionKind::Field(_)) => {
                    expression_fields(left, &mut needed);
                }
                ExpressionKind::Call { arguments, .. } => {
                    let plain = arguments.iter().filter(|argument| matches!(argument.kind, ExpressionKind::Field(_)));
                    plain.for_each(|argument| expression_fields(argument, &mut needed));
                }
                _ => {}
            });
        }
    });
    if let Needed::Only(more) = needed {
        names.extend(more);
    }
    names
}
