//! Searches before they are replayed: compiled and checked once, and the times of the events that they can find.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use futures::StreamExt;
use spl_exec::{Engine, Failure, Search, SearchClock};
use spl_parser::Pipeline;
use spl_parser::effects::pipeline;
use spl_parser::spec::{Rows, Writes};

use super::Backtest;
use crate::effects::writes;
use crate::reads::{Indexes, Reads};
use crate::scheduled_search::ScheduledSearch;
use crate::trigger::Trigger;

/// A search that is ready to run.
pub struct Prepared {
    /// The search with its schedule.
    pub search: ScheduledSearch,
    /// Its text, with the lookup that its rows are written to.
    pub text: String,
    /// The same with the search over its rows that makes it an alert.
    pub condition: Option<String>,
    /// How many commands the search has, without that for the lookup.
    commands: usize,
    /// What it reads.
    pub reads: Reads,
    /// It writes what others may read.
    pub writes: bool,
    /// Over no events it gives no rows, whatever the time.
    pub quiet_without_events: bool,
    /// The times of all events that its first command finds, ascending; none when that can't be told beforehand.
    pub times: Option<Vec<f64>>,
    /// The index that its last command adds its rows to.
    pub collects: Option<String>,
    /// Why it can't be run.
    pub failure: Option<Failure>,
}

impl Prepared {
    /// The clock of a run.
    pub fn clock(&self, engine: &Engine, time: f64, (earliest, latest): &(Option<f64>, Option<f64>)) -> SearchClock {
        let text = |time: &Option<f64>| time.map(|time| time.to_string());
        SearchClock::at(time, engine.clock().time_zone).with_range(text(earliest), text(latest))
    }

    /// The search with its condition, without the commands of the search that write: a run writes once, and the condition is asked
    /// before.
    pub fn without_writing(&self, mut condition: Search) -> Search {
        let mut place = 0;
        condition.pipeline.commands.retain(|call| {
            place += 1;
            place > self.commands || !pipeline::writes(call)
        });
        condition
    }
}

/// Prepares all searches side by side. What they read of the events is found out over all of them at once, so that no run has
/// to look again for what is not there.
pub async fn prepare_all(backtest: &Backtest, indexes: &Indexes) -> Vec<Arc<Prepared>> {
    let tasks = backtest.searches.iter().cloned().enumerate().map(|(place, search)| {
        let (engine, indexes) = (backtest.engine.clone(), indexes.clone());
        let copy = search.clone();
        async move {
            let task = tokio::spawn(async move { prepare(&engine, search, &indexes).await });
            (place, task.await.unwrap_or_else(|_| broken(copy)))
        }
    });
    let mut tasks = futures::stream::iter(tasks).buffer_unordered(backtest.at_once.max(1));
    let mut prepared = Vec::new();
    while let Some(one) = tasks.next().await {
        prepared.push(one);
    }
    prepared.sort_by_key(|(place, _)| *place);
    prepared.into_iter().map(|(_, prepared)| Arc::new(prepared)).collect()
}

fn broken(search: ScheduledSearch) -> Prepared {
    let message = "internal error in splq: please report it, with the search";
    let failure = Failure { diagnostics: vec![spl_parser::Diagnostic::general("run/internal", message)], expansion: None };
    Prepared { failure: Some(failure), ..begun(search) }
}

fn begun(search: ScheduledSearch) -> Prepared {
    let mut text = search.text.clone();
    if let Some(lookup) = &search.lookup {
        let append = if lookup.appends { "append=t " } else { "" };
        text = format!("{text} | outputlookup {append}\"{}\"", lookup.name.replace('"', ""));
    }
    let condition = match &search.trigger {
        Trigger::Condition(condition) => Some(format!("{} | {condition}", search.text)),
        _ => None,
    };
    Prepared {
        search,
        text,
        condition,
        commands: 0,
        reads: Reads::default(),
        writes: false,
        quiet_without_events: false,
        times: None,
        collects: None,
        failure: None,
    }
}

async fn prepare(engine: &Engine, search: ScheduledSearch, indexes: &Indexes) -> Prepared {
    let mut prepared = begun(search);
    let clock = SearchClock::at(engine.clock().now, engine.clock().time_zone);
    let compiled = match checked(engine, &prepared, &clock).await {
        Ok(compiled) => compiled,
        Err(failure) => return Prepared { failure: Some(failure), ..prepared },
    };
    let reads = Reads::of(&compiled, engine.knowledge(), indexes);
    prepared.commands = compiled.pipeline.commands.len().saturating_sub(usize::from(prepared.search.lookup.is_some()));
    prepared.writes = writes(&compiled.pipeline);
    prepared.collects = collects(&compiled.pipeline);
    // One that writes a lookup writes it even when there are no rows.
    prepared.quiet_without_events = reads.first_only && !prepared.writes && rows_of_rows(&compiled.pipeline);
    if prepared.quiet_without_events
        && let Some(pipeline) = &reads.times_of_events
    {
        let found = Search { pipeline: pipeline.clone(), ..compiled.clone() };
        // A search whose events can't be told beforehand is run each time.
        prepared.times = times(engine, &found).await;
    }
    prepared.reads = reads;
    prepared
}

/// The search, compiled and planned: what is wrong with it is found before it runs for the first time.
async fn checked(engine: &Engine, prepared: &Prepared, clock: &SearchClock) -> Result<Search, Failure> {
    if let Some(condition) = &prepared.condition {
        engine.check(&engine.compile_at(condition, clock.clone())?).await?;
    }
    let compiled = engine.compile_at(&prepared.text, clock.clone())?;
    engine.check(&compiled).await?;
    Ok(compiled)
}

async fn times(engine: &Engine, search: &Search) -> Option<Vec<f64>> {
    let results = engine.run(search).await.ok()?;
    let mut times = Vec::with_capacity(results.rows());
    for batch in &results.batches {
        let column = batch.column_by_name("_time")?;
        let column = arrow::compute::cast(column, &arrow::datatypes::DataType::Float64).ok()?;
        times.extend(column.as_primitive::<Float64Type>().iter().flatten());
    }
    times.sort_by(f64::total_cmp);
    Some(times)
}

/// Whether each row behind the first command follows from rows before it: none come of nothing.
fn rows_of_rows(pipeline: &Pipeline) -> bool {
    let first = pipeline.commands.first().is_some_and(|call| match call.spec.effects.rows {
        Rows::Groups(_) | Rows::FewGroups(_) => !call.by_fields().is_empty(),
        _ => call.aggregations().next().is_none(),
    });
    first
        && pipeline.commands.iter().skip(1).all(|call| match call.spec.effects.rows {
            Rows::Each
            | Rows::Some
            | Rows::Several
            | Rows::First
            | Rows::Last
            | Rows::InOrder
            | Rows::Sorted
            | Rows::Distinct(_) => true,
            Rows::Groups(_) | Rows::FewGroups(_) => !call.by_fields().is_empty(),
            Rows::Whole | Rows::NewFew | Rows::New => false,
        })
}

/// The index of the last command, when that adds its rows to one.
pub fn collects(pipeline: &Pipeline) -> Option<String> {
    let last = pipeline.commands.last()?;
    let written = pipeline::written(last)?;
    (written.what == Writes::Events).then_some(written.target?)
}
