//! Required fields: walking a pipeline from its end, which fields must rows have before each command?
//!
//! The answer may be too large, never too small: data that is not loaded can't be missed.

use std::collections::BTreeSet;

use super::read::{add_reads, assigned_fields, removes};
use super::{template, walk, wildcard};
use crate::spec::{CommandKind, Makes, Subsearches};
use crate::syntax::{Argument, CommandCall, Pipeline};

/// Fields that rows must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequiredFields {
    /// Every field.
    All,
    /// These; names may hold `*`.
    Only(BTreeSet<String>),
}

impl RequiredFields {
    /// No field.
    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// These fields; names may hold `*`.
    pub fn only<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }

    /// One more field.
    pub fn add(&mut self, name: &str) {
        if let Self::Only(names) = self {
            names.insert(name.to_owned());
        }
    }

    /// Both.
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(mut left), Self::Only(right)) => {
                left.extend(right);
                Self::Only(left)
            }
            _ => Self::All,
        }
    }

    /// Whether a field is required.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => {
                names.contains(name) || names.iter().any(|pattern| pattern.contains('*') && wildcard::matches(pattern, name))
            }
        }
    }

    /// What must come into a row of commands so that `after` comes out.
    pub fn before(calls: &[CommandCall], after: Self) -> Self {
        calls.iter().rev().fold(after, |after, call| required_before(call, after))
    }

    fn with_reads(mut self, call: &CommandCall) -> Self {
        add_reads(call, &mut self);
        self
    }
}

/// What the data must yield for a whole search, subsearches and the searches of `map` included.
///
/// Fields of events that only knowledge objects name, such as those of a data model, are not among them.
pub fn of_pipeline(pipeline: &Pipeline) -> RequiredFields {
    let mut all = RequiredFields::before(&pipeline.commands, RequiredFields::All);
    add_inner_searches(&pipeline.commands, &mut all);
    all
}

/// Adds what the searches inside of commands ask of the data.
fn add_inner_searches(calls: &[CommandCall], all: &mut RequiredFields) {
    let add = |more: RequiredFields, all: &mut RequiredFields| {
        let before = std::mem::replace(all, RequiredFields::none());
        *all = before.union(more);
    };
    for call in calls {
        // What it adds to the rows before it comes from the data, whatever those rows are made of.
        if call.parts().is_some() && call.spec.kind == CommandKind::Generating {
            *all = RequiredFields::All;
        } else if appends(call) {
            add(RequiredFields::none().with_reads(call), all);
        }
        match call.spec.effects.subsearches {
            Subsearches::PerRow => add(template::of_map(call).events, all),
            // These commands get the rows at hand; those that make their own, and the searches inside of them, read the data.
            Subsearches::OverRows => match template::over_rows(call) {
                Some(pipelines) => {
                    let mut inside = RequiredFields::none();
                    for inner in &pipelines {
                        match makes_own_rows(inner) {
                            true => add(of_pipeline(inner), &mut inside),
                            false => add_inner_searches(&inner.commands, &mut inside),
                        }
                    }
                    add(template::as_patterns(inside), all);
                }
                None => *all = RequiredFields::All,
            },
            Subsearches::AsText | Subsearches::AsRows(_) => {
                walk::subsearches(call, &mut |inner| add(of_pipeline(&inner.pipeline), all));
            }
        }
    }
}

/// The fields that rows must have before a command, given those that they must have behind it.
pub fn required_before(call: &CommandCall, after: RequiredFields) -> RequiredFields {
    // What it reads, and what it does with the rows before it, is known when its subsearches have run.
    if call.parts().is_some() {
        return RequiredFields::All;
    }
    let effects = &call.spec.effects;
    match effects.makes {
        Makes::Keeps | Makes::Adds(_) => after.with_reads(call),
        Makes::Only(_) if appends(call) => after.with_reads(call),
        Makes::Only(_) => RequiredFields::none().with_reads(call),
        Makes::Own(own) => (own.required)(call, after),
    }
}

/// Whether a command that makes rows adds them to those before it: `append=true`.
pub(crate) fn appends(call: &CommandCall) -> bool {
    call.spec.kind == CommandKind::Generating && call.spec.option("append").is_some() && call.flag("append")
}

/// Whether commands over the rows at hand make rows of their own instead: `appendpipe [| inputlookup users]`.
pub fn makes_own_rows(pipeline: &Pipeline) -> bool {
    pipeline.commands.first().is_some_and(|first| first.spec.kind == CommandKind::Generating && !appends(first))
}

/// `eval`: a field that is set is not required before, those of its expression are.
pub(crate) fn of_eval(call: &CommandCall, after: RequiredFields) -> RequiredFields {
    let mut required = after;
    for argument in call.arguments.iter().rev() {
        let Argument::Assignment(assignment) = argument else { continue };
        if let RequiredFields::Only(names) = &mut required
            && assignment.template.is_empty()
        {
            names.remove(&assignment.target.name);
        }
        assigned_fields(assignment, &mut required);
    }
    required
}

/// `rename`: the old name of each new one. A target is overwritten even when no row has the old field.
pub(crate) fn of_rename(call: &CommandCall, after: RequiredFields) -> RequiredFields {
    let RequiredFields::Only(mut names) = after else { return RequiredFields::All };
    for argument in call.arguments.iter().rev() {
        let Argument::Rename { from, to } = argument else { continue };
        if from.name == to.name {
            continue;
        }
        if !from.has_wildcard() {
            let asked = names.iter().any(|name| name.contains('*') && wildcard::matches(name, &to.name));
            if names.remove(&to.name) || asked {
                names.insert(from.name.clone());
            }
            continue;
        }
        // Without an old field that matches, the new name stays what it was.
        let mut old = BTreeSet::new();
        for name in &names {
            if name.contains('*') {
                old.insert(from.name.clone());
            } else if let Some(texts) = wildcard::captures(&to.name, name) {
                // With more stars than one it can't be told what each stood for.
                let one = from.name.matches('*').count() == 1 && texts.len() == 1;
                old.insert(if one { wildcard::filled(&from.name, &texts) } else { from.name.clone() });
            }
        }
        names.extend(old);
    }
    RequiredFields::Only(names)
}

/// `fields`: of those required, the listed and the internal ones.
pub(crate) fn of_fields(call: &CommandCall, after: RequiredFields) -> RequiredFields {
    if removes(call) {
        return after;
    }
    let listed = RequiredFields::none().with_reads(call);
    match after {
        // Every internal field is kept (Splunk search reference, fields), but rows are shown with these two only.
        RequiredFields::All => listed.union(RequiredFields::only(["_raw", "_time"])),
        RequiredFields::Only(names) => RequiredFields::Only(
            names.into_iter().filter(|name| listed.contains(name) || name.starts_with('_') || name.contains('*')).collect(),
        ),
    }
}

/// `table`: of those required, the listed ones.
pub(crate) fn of_table(call: &CommandCall, after: RequiredFields) -> RequiredFields {
    let listed = RequiredFields::none().with_reads(call);
    match after {
        RequiredFields::All => listed,
        RequiredFields::Only(names) => {
            RequiredFields::Only(names.into_iter().filter(|name| listed.contains(name) || name.contains('*')).collect())
        }
    }
}

/// `appendpipe`: the commands inside read the same rows.
pub(crate) fn of_appendpipe(call: &CommandCall, after: RequiredFields) -> RequiredFields {
    match call.subsearch() {
        Some(inner) => after.clone().union(RequiredFields::before(&inner.pipeline.commands, after)),
        None => RequiredFields::All,
    }
}

/// `foreach`: the fields that it goes through, and those of its commands once they are filled in.
pub(crate) fn of_foreach(call: &CommandCall, after: RequiredFields) -> RequiredFields {
    if call.fields().any(|field| field.name == "*") {
        return RequiredFields::All;
    }
    let inside = template::of_foreach(call, &after);
    after.union(inside).with_reads(call)
}

/// `map`: what the search asks of the row.
pub(crate) fn of_map(call: &CommandCall) -> RequiredFields {
    template::of_map(call).row
}
