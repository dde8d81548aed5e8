//! Which fields rows can have at a place of a pipeline, as far as the commands before it tell.

use std::collections::BTreeSet;

use super::read::removes;
use super::required::appends;
use super::{walk, wildcard};
use crate::spec::{Made, Makes};
use crate::syntax::{Aggregation, Argument, CommandCall};

/// The fields that rows can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldsBehind {
    /// Whatever the data have.
    Any,
    /// These and no others.
    Only(BTreeSet<String>),
}

impl FieldsBehind {
    /// These; any when one of them is a pattern.
    pub fn only<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
        if names.iter().any(|name| name.contains('*')) { Self::Any } else { Self::Only(names) }
    }

    /// Those behind the first commands of a pipeline.
    pub fn behind(calls: &[CommandCall]) -> Self {
        Self::Any.through(calls)
    }

    /// Those behind commands that get rows with these.
    pub fn through(self, calls: &[CommandCall]) -> Self {
        calls.iter().fold(self, |before, call| fields_behind(call, before))
    }

    /// Whether rows can have a field.
    pub fn may_have(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(names) => names.contains(name),
        }
    }

    /// Either.
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(mut left), Self::Only(right)) => {
                left.extend(right);
                Self::Only(left)
            }
            _ => Self::Any,
        }
    }
}

/// The fields that rows can have behind a command, given those that they can have before it.
pub fn fields_behind(call: &CommandCall, before: FieldsBehind) -> FieldsBehind {
    if call.parts().is_some() {
        return FieldsBehind::Any;
    }
    match call.spec.effects.makes {
        Makes::Keeps => before,
        Makes::Adds(made) => match before {
            FieldsBehind::Any => FieldsBehind::Any,
            only => only.union(all_made(call, made)),
        },
        Makes::Only(made) if appends(call) => all_made(call, made).union(before),
        Makes::Only(made) => all_made(call, made),
        Makes::Own(own) => (own.behind)(call, before),
    }
}

/// Whether rows that have a field before a command do not have it behind it.
pub fn leaves_out(call: &CommandCall, field: &str) -> bool {
    !fields_behind(call, FieldsBehind::only([field])).may_have(field)
}

fn all_made(call: &CommandCall, made: &[Made]) -> FieldsBehind {
    made.iter().map(|one| fields_made(call, one)).fold(FieldsBehind::only(Vec::<String>::new()), FieldsBehind::union)
}

fn fields_made(call: &CommandCall, made: &Made) -> FieldsBehind {
    let none = || FieldsBehind::Only(BTreeSet::new());
    match made {
        Made::Named(names) => FieldsBehind::only(names.iter().copied()),
        Made::Arguments => {
            if call.arguments.iter().any(|one| matches!(one, Argument::Assignment(set) if !set.template.is_empty())) {
                return FieldsBehind::Any;
            }
            FieldsBehind::only(call.arguments.iter().filter_map(set_name))
        }
        Made::Aliases => FieldsBehind::only(call.arguments.iter().filter_map(|argument| match argument {
            Argument::Rename { to: alias, .. } | Argument::Conversion { alias: Some(alias), .. } => Some(alias.name.as_str()),
            _ => None,
        })),
        Made::LastField => FieldsBehind::only(call.fields().last().map(|field| field.name.as_str())),
        Made::Clause(keyword) => {
            let members = call.clause(keyword).into_iter().flat_map(|clause| &clause.arguments);
            FieldsBehind::only(members.filter_map(member_name))
        }
        Made::NewNames(keywords) => {
            let clauses: Vec<_> = keywords.iter().filter_map(|keyword| call.clause(keyword)).collect();
            if clauses.iter().all(|clause| clause.arguments.is_empty()) {
                return FieldsBehind::Any;
            }
            FieldsBehind::only(clauses.iter().flat_map(|clause| &clause.arguments).filter_map(set_name))
        }
        Made::Results => FieldsBehind::only(results(call)),
        Made::Series(keywords, most) => {
            let split = keywords.iter().filter_map(|keyword| call.clause(keyword)).flat_map(|clause| &clause.arguments);
            if split.filter(|member| member.as_field().is_some()).count() > *most {
                return FieldsBehind::Any;
            }
            FieldsBehind::only(results(call))
        }
        Made::Option(name) => match call.option(name) {
            Some(option) => FieldsBehind::only([option.value.value.as_str()]),
            None => FieldsBehind::only(call.spec.option(name).map(|option| option.default).filter(|name| !name.is_empty())),
        },
        Made::Groups => call
            .arguments
            .iter()
            .map(|argument| match argument {
                Argument::Text { text, .. } => FieldsBehind::only(groups(&text.value)),
                _ => FieldsBehind::Any,
            })
            .fold(none(), FieldsBehind::union),
        Made::Subsearches => {
            let mut all = none();
            walk::subsearches(call, &mut |inner| {
                let more = FieldsBehind::behind(&inner.pipeline.commands);
                all = std::mem::replace(&mut all, none()).union(more);
            });
            // A dataset that is named beside them.
            if call.arguments.iter().any(|argument| matches!(argument, Argument::Text { .. })) { FieldsBehind::Any } else { all }
        }
        Made::UnknownWith(name) if call.option(name).is_none() => none(),
        Made::UnknownWith(_) | Made::Unknown => FieldsBehind::Any,
    }
}

fn set_name(argument: &Argument) -> Option<&str> {
    match argument {
        Argument::Field(field) | Argument::Rename { to: field, .. } => Some(&field.name),
        Argument::Assignment(assignment) => Some(&assignment.target.name),
        _ => None,
    }
}

fn member_name(argument: &Argument) -> Option<&str> {
    match argument {
        // `PREFIX(user=)` is shown as it is written.
        Argument::Field(field) | Argument::Conversion { field, .. } => Some(&field.name),
        _ => None,
    }
}

/// The name of a result column.
pub fn result_name(aggregation: &Aggregation) -> &str {
    aggregation.alias.as_ref().map_or(&aggregation.text, |alias| &alias.name)
}

fn results(call: &CommandCall) -> impl Iterator<Item = String> + '_ {
    call.arguments.iter().filter_map(|argument| match argument {
        Argument::Aggregation(aggregation) => Some(result_name(aggregation).to_owned()),
        Argument::Conversion { function, field, alias } => {
            let text = || format!("{}({})", function.value, field.name);
            Some(alias.as_ref().map_or_else(text, |alias| alias.name.clone()))
        }
        _ => None,
    })
}

/// The fields of the by-clause.
pub fn by_names(call: &CommandCall) -> impl Iterator<Item = &str> {
    call.by_fields().iter().filter_map(Argument::as_field).map(|field| field.name.as_str())
}

/// The named groups of a regular expression.
pub fn groups(pattern: &str) -> Vec<&str> {
    let after = pattern.match_indices("(?").filter_map(|(at, _)| pattern.get(at + 2..));
    let named = after.filter_map(|rest| match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split_once('\''),
        None => rest.strip_prefix('P').unwrap_or(rest).strip_prefix('<')?.split_once('>'),
    });
    named.map(|(name, _)| name).filter(|name| !name.starts_with(['=', '!'])).collect()
}

/// `fields`: the listed ones and the internal ones that rows are shown with, or all but the listed ones.
pub(crate) fn behind_fields(call: &CommandCall, before: FieldsBehind) -> FieldsBehind {
    if !removes(call) {
        let internal = FieldsBehind::only(["_time", "_raw"]);
        return behind_table(call, before).union(internal);
    }
    match before {
        FieldsBehind::Any => FieldsBehind::Any,
        FieldsBehind::Only(mut names) => {
            for field in call.fields() {
                names.retain(|name| !wildcard::matches(&field.name, name));
            }
            FieldsBehind::Only(names)
        }
    }
}

/// `table`: the listed ones.
pub(crate) fn behind_table(call: &CommandCall, before: FieldsBehind) -> FieldsBehind {
    let mut names = BTreeSet::new();
    for field in call.fields() {
        match (&before, field.has_wildcard()) {
            (_, false) => drop(names.insert(field.name.clone())),
            (FieldsBehind::Any, true) => return FieldsBehind::Any,
            (FieldsBehind::Only(known), true) => {
                names.extend(known.iter().filter(|name| wildcard::matches(&field.name, name)).cloned());
            }
        }
    }
    FieldsBehind::Only(names)
}

/// `rename`: the new names.
pub(crate) fn behind_rename(call: &CommandCall, before: FieldsBehind) -> FieldsBehind {
    let FieldsBehind::Only(mut names) = before else { return FieldsBehind::Any };
    for argument in &call.arguments {
        let Argument::Rename { from, to } = argument else { continue };
        if from.has_wildcard() {
            let renamed: Vec<(String, String)> = names
                .iter()
                .filter_map(|name| Some((name.clone(), wildcard::filled(&to.name, &wildcard::captures(&from.name, name)?))))
                .collect();
            for (name, new) in renamed {
                names.remove(&name);
                names.insert(new);
            }
        } else {
            names.remove(&from.name);
            names.insert(to.name.clone());
        }
    }
    FieldsBehind::Only(names)
}

/// `appendpipe`: those of the rows at hand, and those that its commands make of them.
pub(crate) fn behind_appendpipe(call: &CommandCall, before: FieldsBehind) -> FieldsBehind {
    match call.subsearch() {
        Some(inner) => before.clone().union(before.through(&inner.pipeline.commands)),
        None => FieldsBehind::Any,
    }
}

/// `foreach`: whatever its commands set.
pub(crate) fn behind_foreach(_: &CommandCall, _: FieldsBehind) -> FieldsBehind {
    FieldsBehind::Any
}

/// `eval`: those of the rows and those that it sets.
pub(crate) fn behind_eval(call: &CommandCall, before: FieldsBehind) -> FieldsBehind {
    match before {
        FieldsBehind::Any => FieldsBehind::Any,
        only => only.union(fields_made(call, &Made::Arguments)),
    }
}
