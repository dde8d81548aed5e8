//! What a search reads, as far as replaying it needs to know: of which indexes, of which time, and which events its first
//! command finds.

use std::collections::BTreeSet;

use spl_exec::Search;
use spl_knowledge::Knowledge;
use spl_knowledge::data_model::DataModel;
use spl_parser::effects::pipeline::reads_events;
use spl_parser::effects::walk::{arguments, commands, conditions, search_conditions};
use spl_parser::effects::{matches, pipeline_effects};
use spl_parser::parser::parse_search_expression;
use spl_parser::spec::{ReadsEvents, Source, Subsearches};
use spl_parser::syntax::{Argument, CommandCall, Pattern, PatternPart, Pipeline, SearchExpression, SearchKind, SearchOperator};

/// What a search reads.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// Events of the data.
    pub events: bool,
    /// Events of indexes that searches write to.
    pub created: bool,
    /// It names times of its own, or times that only its run tells: it may read more than the window that it is given.
    pub own_times: bool,
    /// Its rows come from its first command alone, which reads events.
    pub first_only: bool,
    /// For such a search: a search that gives the `_time` of each event that the first command finds.
    pub times_of_events: Option<Pipeline>,
}

/// The indexes that there are.
#[derive(Clone, Debug, Default)]
pub struct Indexes {
    /// Those of the data.
    pub data: BTreeSet<String>,
    /// Those that searches write to.
    pub created: BTreeSet<String>,
}

impl Reads {
    /// What a search reads. A search without `index` does not read an index that others write to: in Splunk such indexes are
    /// not among those that are searched by default.
    pub fn of(search: &Search, knowledge: &Knowledge, indexes: &Indexes) -> Self {
        let mut reads = Self::default();
        let effects = pipeline_effects(&search.pipeline);
        let (mut sources, mut others, mut open) = (0, 0, effects.is_open);
        commands(&search.pipeline, &mut |calls: &[CommandCall], place| {
            let Some(call) = calls.get(place) else { return };
            match reads_events(call, place == 0) {
                ReadsEvents::No => others += usize::from(!is_of_rows(call)),
                found => {
                    open |= found == ReadsEvents::Maybe;
                    sources += 1;
                    reads.add(call, knowledge, indexes);
                }
            }
            open |= call.spec.effects.subsearches == Subsearches::PerRow;
        });
        if effects.reads_events == ReadsEvents::Maybe || open {
            // What is not known may read everything.
            (reads.events, reads.created) = (true, true);
        }
        reads.own_times = open || names_times(&search.pipeline);
        let first = search.pipeline.commands.first();
        let reads_first = first.is_some_and(|first| reads_events(first, true) == ReadsEvents::Yes);
        reads.first_only = reads_first && sources == 1 && others == 0 && !open && !has_subsearches(&search.pipeline);
        if reads.first_only && !reads.own_times && !reads.created {
            reads.times_of_events = first.and_then(|first| times_of_events(first, knowledge));
        }
        reads
    }

    /// Adds what a command reads.
    fn add(&mut self, call: &CommandCall, knowledge: &Knowledge, indexes: &Indexes) {
        let mut named: Vec<String> = Vec::new();
        let mut restricted: Option<Vec<String>> = None;
        let mut add = |condition: &SearchExpression| {
            named.extend(all_indexes(condition));
            if let Some(only) = only_indexes(condition) {
                restricted.get_or_insert_default().extend(only);
            }
        };
        conditions(call).for_each(&mut add);
        for constraint in models(call, knowledge).into_iter().flat_map(constraints) {
            if let Ok(condition) = parse_search_expression(&constraint) {
                add(&condition);
            }
        }
        let any = |patterns: &[String], names: &BTreeSet<String>| {
            patterns.iter().any(|pattern| names.iter().any(|name| matches(pattern, &name.to_ascii_lowercase())))
        };
        self.created |= any(&named, &indexes.created);
        self.events |= restricted.is_none_or(|only| any(&only, &indexes.data));
    }
}

/// Whether a command works on the rows before it and takes none from elsewhere.
fn is_of_rows(call: &CommandCall) -> bool {
    matches!(call.spec.effects.source, Source::Rows | Source::NothingWhenFirst | Source::EventsWhenFirst)
}

fn has_subsearches(pipeline: &Pipeline) -> bool {
    let mut count = 0;
    commands(pipeline, &mut |_, _| count += 1);
    count > pipeline.commands.len()
}

fn names_times(pipeline: &Pipeline) -> bool {
    let mut found = false;
    search_conditions(pipeline, &mut |part, _| found |= matches!(part.kind, SearchKind::TimeModifier { .. }));
    found
}

/// The values of `index` anywhere in a condition, in lower case, `*` for any text.
fn all_indexes(condition: &SearchExpression) -> Vec<String> {
    match &condition.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().flat_map(all_indexes).collect(),
        _ => only_indexes(condition).unwrap_or_default(),
    }
}

/// The values of `index` that every event of a condition has one of; none when there are others too.
fn only_indexes(condition: &SearchExpression) -> Option<Vec<String>> {
    match &condition.kind {
        SearchKind::And(parts) => {
            let found: Vec<String> = parts.iter().filter_map(only_indexes).flatten().collect();
            (!found.is_empty()).then_some(found)
        }
        SearchKind::Or(parts) => Some(parts.iter().map(only_indexes).collect::<Option<Vec<_>>>()?.concat()),
        SearchKind::Comparison { field, operator, value } if field.name == "index" && operator.value == SearchOperator::Equal => {
            Some(vec![written(&value.pattern)])
        }
        SearchKind::In { field, values } if field.name == "index" => {
            Some(values.iter().map(|value| written(&value.pattern)).collect())
        }
        _ => None,
    }
}

fn written(pattern: &Pattern) -> String {
    let parts = pattern.parts.iter().map(|part| match part {
        PatternPart::Literal(text) => text.to_ascii_lowercase(),
        PatternPart::Wildcard => "*".to_owned(),
    });
    parts.collect()
}

/// The data models that a command names, each with the dataset when it names one.
fn models<'k>(call: &CommandCall, knowledge: &'k Knowledge) -> Vec<(&'k DataModel, Option<String>)> {
    let texts: Vec<&str> = arguments(call)
        .filter_map(|argument| match argument {
            Argument::Text { text, .. } => Some(text.value.as_str()),
            Argument::Pair { value, .. } => Some(value.value.as_str()),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let (model, dataset) = text.split_once('.').map_or((*text, None), |(model, dataset)| (model, Some(dataset)));
        if let Some(model) = knowledge.data_models.get(model) {
            let dataset = dataset.or_else(|| texts.get(place + 1).copied()).map(str::to_owned);
            found.push((model, dataset));
        }
    }
    found
}

/// The searches that the events of a dataset meet; those of all datasets when it is not known.
fn constraints((model, dataset): (&DataModel, Option<String>)) -> Vec<String> {
    match dataset.and_then(|dataset| model.constraint_chain(&dataset).ok()) {
        Some(chain) => chain.into_iter().map(str::to_owned).collect(),
        None => model.datasets.values().flat_map(|dataset| &dataset.constraints).cloned().collect(),
    }
}

/// A search for the times of the events that a command finds.
fn times_of_events(first: &CommandCall, knowledge: &Knowledge) -> Option<Pipeline> {
    let aggregates = first.aggregations().next().is_some();
    if aggregates && first.options.iter().any(|option| matches!(option.name.value.as_str(), "prestats" | "append")) {
        return None;
    }
    let is_search = |(model, dataset): &(&DataModel, Option<String>)| {
        let of = |name: &str| model.ancestry(name).iter().any(|dataset| dataset.base_search.is_some());
        dataset.as_deref().map_or_else(|| model.datasets.keys().any(|name| of(name)), of)
    };
    if models(first, knowledge).iter().any(is_search) {
        return None;
    }
    if !aggregates {
        let mut found = spl_parser::parse("search * | stats count by _time").ok()?;
        *found.commands.first_mut()? = first.clone();
        return Some(found);
    }
    let mut found = spl_parser::parse("| tstats count where index=* by _time span=1s").ok()?;
    let template = found.commands.first_mut()?;
    let mut call = first.clone();
    call.clauses.retain(|clause| clause.keyword.value != "by");
    call.clauses.push(template.clause("by")?.clone());
    call.arguments = std::mem::take(&mut template.arguments);
    *template = call;
    Some(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use chrono_tz::Tz;
    use spl_exec::{Engine, SearchClock, Settings};

    use super::*;

    fn reads(text: &str) -> Reads {
        let engine = Engine::new(Knowledge::built_in(), Settings::at(SearchClock::at(0.0, Tz::UTC))).unwrap();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let indexes = Indexes { data: names(&["main"]), created: names(&["risk", "notable"]) };
        Reads::of(&engine.compile(text).unwrap(), engine.knowledge(), &indexes)
    }

    #[test]
    fn indexes_are_told_apart() {
        for (text, events, created) in [
            ("EventCode=1", true, false),
            ("index=main EventCode=1 | stats count by risk", true, false),
            ("index=risk", false, true),
            ("index=RISK OR index=main", true, true),
            ("index=risk OR EventCode=1", true, true),
            ("index IN (risk, notable) risk_score>5", false, true),
            ("index=*", true, true),
            ("index=other", false, false),
            ("NOT index=risk", true, false),
            ("| tstats count from datamodel=Risk.All_Risk by All_Risk.risk_object", false, true),
            ("| tstats count from datamodel=Endpoint.Processes by Processes.dest", true, false),
            ("| from datamodel:Risk.All_Risk | stats count", false, true),
            ("| datamodel Risk All_Risk search", false, true),
            ("EventCode=1 | append [search index=risk]", true, true),
            ("| inputlookup a.csv", false, false),
            ("| savedsearch x", true, true),
        ] {
            let reads = reads(text);
            assert_eq!((reads.events, reads.created), (events, created), "{text}");
        }
    }

    #[test]
    fn searches_that_hang_on_their_first_command() {
        for (text, first_only, times) in [
            ("EventCode=1 | stats count by dest | where count>5", true, true),
            (
                "| tstats count from datamodel=Endpoint.Processes where Processes.dest=a by Processes.dest | rename a as b",
                true,
                true,
            ),
            ("| from datamodel:Endpoint.Processes | table dest", true, true),
            ("EventCode=1 earliest=-7d | stats count", true, false),
            ("EventCode=1 [search EventCode=2 | fields dest]", false, false),
            ("EventCode=1 | append [search x]", false, false),
            ("EventCode=1 | inputlookup append=t a.csv", false, false),
            ("| makeresults | eval x=1", false, false),
            ("index=risk", true, false),
        ] {
            let reads = reads(text);
            assert_eq!((reads.first_only, reads.times_of_events.is_some()), (first_only, times), "{text}");
        }
        assert!(reads("a [search b latest=-1h | fields x]").own_times);
        assert!(reads("| savedsearch x").own_times);
        assert!(!reads("a | stats latest(b) earliest(c)").own_times);
    }
}
