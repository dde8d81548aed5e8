//! What a whole search reads and writes outside of itself.

use std::collections::BTreeSet;

use super::template;
use super::walk;
use crate::Span;
use crate::spec::{Object, ReadsEvents, Source, Subsearches, Writes};
use crate::syntax::{Argument, CommandCall, Pipeline};

/// What a search reads and writes outside of itself, its subsearches and the searches of `map` included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineEffects {
    /// Whether it reads events.
    pub reads_events: ReadsEvents,
    /// What it writes, in the order written.
    pub writes: Vec<Written>,
    /// The lookup tables, saved searches and data models that its commands name, those that it writes included.
    pub objects: BTreeSet<(Object, String)>,
    /// Some of its commands are known only when it runs: a saved search, or a search that is filled in with values of rows.
    pub is_open: bool,
}

impl PipelineEffects {
    /// Whether running it changes nothing outside of it, as far as its text tells.
    pub fn only_reads(&self) -> bool {
        self.writes.is_empty() && !self.is_open
    }
}

/// Something that a search writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What it is.
    pub what: Writes,
    /// The command that writes it.
    pub command: &'static str,
    /// The table, file or index, where the command names it.
    pub target: Option<String>,
    /// Where the command stands.
    pub span: Span,
}

/// What a search reads and writes outside of itself.
pub fn pipeline_effects(pipeline: &Pipeline) -> PipelineEffects {
    let mut effects =
        PipelineEffects { reads_events: ReadsEvents::No, writes: Vec::new(), objects: BTreeSet::new(), is_open: false };
    add(pipeline, true, &mut effects);
    effects
}

fn add(pipeline: &Pipeline, is_search: bool, all: &mut PipelineEffects) {
    for (place, call) in pipeline.commands.iter().enumerate() {
        let effects = &call.spec.effects;
        all.reads_events = all.reads_events.max(reads_events(call, place == 0 && is_search));
        if call.parts().is_some() && may_hold_searches(call) {
            all.is_open = true;
            all.reads_events = all.reads_events.max(ReadsEvents::Maybe);
        }
        if let Some(written) = written(call) {
            all.writes.push(written);
        }
        let texts = call.arguments.iter().filter_map(|argument| match argument {
            Argument::Text { text, .. } => Some(&text.value),
            _ => None,
        });
        for (object, name) in effects.objects.iter().zip(texts) {
            all.is_open |= *object == Object::SavedSearch;
            all.objects.insert((*object, name.clone()));
        }
        if let Some(Argument::Pair { name: kind, value }) = call.arguments.first()
            && effects.objects == [Object::KindAndName]
        {
            match kind.value.as_str() {
                "lookup" | "inputlookup" => drop(all.objects.insert((Object::Lookup, value.value.clone()))),
                "datamodel" => drop(all.objects.insert((Object::DataModel, value.value.clone()))),
                _ => {
                    all.is_open = true;
                    all.objects.insert((Object::SavedSearch, value.value.clone()));
                }
            }
        }
        match effects.subsearches {
            Subsearches::PerRow => match template::map_pipeline(call) {
                Some(inner) => add(&inner, true, all),
                None => {
                    all.is_open = true;
                    all.reads_events = all.reads_events.max(ReadsEvents::Maybe);
                }
            },
            Subsearches::OverRows => match template::over_rows(call) {
                Some(pipelines) => pipelines.iter().for_each(|inner| add(inner, false, all)),
                None => all.is_open = true,
            },
            Subsearches::AsText | Subsearches::AsRows(_) => {
                walk::subsearches(call, &mut |inner| add(&inner.pipeline, true, all));
            }
        }
    }
}

/// Whether the arguments of a command can hold commands or name a saved search.
fn may_hold_searches(call: &CommandCall) -> bool {
    let effects = &call.spec.effects;
    let names_searches = |object: &Object| matches!(object, Object::SavedSearch | Object::KindAndName);
    effects.subsearches != Subsearches::AsText || effects.objects.iter().any(names_searches)
}

/// Whether a command itself reads events, its subsearches apart; `first` says that it is the first one of a search.
pub fn reads_events(call: &CommandCall, first: bool) -> ReadsEvents {
    match call.spec.effects.source {
        Source::Events => ReadsEvents::Yes,
        Source::EventsWhenFirst if first => ReadsEvents::Yes,
        Source::Named(reads) => reads(call),
        Source::Rows | Source::EventsWhenFirst | Source::NothingWhenFirst | Source::Subsearches | Source::Itself => {
            ReadsEvents::No
        }
    }
}

/// What a command writes.
pub fn written(call: &CommandCall) -> Option<Written> {
    let what = call.spec.effects.writes;
    what.name()?;
    let text = call.arguments.iter().find_map(|argument| match argument {
        Argument::Text { text, .. } => Some(text.value.clone()),
        _ => None,
    });
    let index = || call.option("index").map(|option| option.value.value.clone());
    Some(Written { what, command: call.spec.name, target: text.or_else(index), span: call.span })
}

/// Whether running a command changes something outside of the search.
pub fn writes(call: &CommandCall) -> bool {
    written(call).is_some()
}
