//! What a search runs over at a time: the events of its window, and those that searches made before.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use spl_exec::Engine;
use spl_parser::Diagnostic;
use spl_sources::{EventTable, LoadOptions, load};

use super::Backtest;
use super::prepared::Prepared;
use crate::event_windows::EventWindows;
use crate::risk_event::CreatedEvent;

/// What a search runs over.
pub struct Input {
    /// With the events; none when it has no rows to give, or why there is none.
    pub engine: Result<Option<Engine>, Diagnostic>,
    /// The window, as `addinfo` gives it.
    pub info: (String, String),
    /// The window in epoch seconds; open ends are none.
    pub range: (Option<f64>, Option<f64>),
    /// The first event that the search finds in it.
    pub first_event: Option<f64>,
}

/// Places of events of the data and of those that searches made.
type Places = (Range<usize>, Range<usize>);

/// The engines of one time: searches with the same window share one.
#[derive(Default)]
pub struct Inputs {
    engines: HashMap<Places, Engine>,
    /// Events that searches made, as a table.
    created: Option<EventWindows>,
    /// The places of those that are not in it yet.
    waiting: Vec<usize>,
    /// How many events there were.
    seen: usize,
}

impl Inputs {
    /// Begins a time: what was there for the time before is let go.
    pub fn begin(&mut self) {
        self.engines.clear();
    }

    /// What a search runs over at a time. `made` are the events that searches made, each with when.
    pub fn of(
        &mut self,
        backtest: &Backtest,
        events: &EventWindows,
        made: &[(f64, CreatedEvent)],
        prepared: &Prepared,
        time: f64,
    ) -> Input {
        let zone = backtest.engine.clock().time_zone;
        let range = prepared.search.window(time, zone);
        let info = info(range);
        let mut input = Input { engine: Ok(None), info, range, first_event: None };
        let reads = &prepared.reads;
        // A search with times of its own may look further back than its window; nobody looks ahead.
        let latest = range.1.map_or(time, |latest| latest.min(time));
        let (earliest, latest) = if reads.own_times { (None, Some(time)) } else { (range.0, Some(latest)) };
        let of_data = if reads.events { events.places(earliest, latest) } else { 0..0 };
        if reads.created
            && let Err(problem) = self.update_created(&backtest.engine, made, time)
        {
            input.engine = Err(problem);
            return input;
        }
        let created = self.created.as_ref().filter(|_| reads.created);
        let of_created = created.map_or(0..0, |created| created.places(earliest, latest));
        if let Some(times) = &prepared.times {
            let first = times.partition_point(|time| earliest.is_some_and(|earliest| *time < earliest.floor()));
            input.first_event = times.get(first).copied().filter(|time| latest.is_none_or(|latest| *time < latest));
        }
        let nothing = of_data.is_empty() && of_created.is_empty() || prepared.times.is_some() && input.first_event.is_none();
        if nothing && prepared.quiet_without_events && prepared.condition.is_none() {
            return input;
        }
        let places = (of_data, of_created);
        if let Some(engine) = self.engines.get(&places) {
            input.engine = Ok(Some(engine.clone()));
            return input;
        }
        let engine = engine(backtest, events, created, &places);
        if let Ok(engine) = &engine {
            self.engines.insert(places, engine.clone());
        }
        input.engine = engine.map(Some);
        input
    }

    /// Adds the events that searches made before a time to the table of them.
    fn update_created(&mut self, engine: &Engine, made: &[(f64, CreatedEvent)], time: f64) -> Result<(), Diagnostic> {
        self.waiting.extend(self.seen..made.len());
        self.seen = made.len();
        let is_before = |place: &usize| made.get(*place).is_some_and(|(when, _)| *when < time);
        let (ready, waiting): (Vec<usize>, Vec<usize>) = self.waiting.iter().copied().partition(is_before);
        if ready.is_empty() {
            return Ok(());
        }
        let new = table(ready.into_iter().filter_map(|place| made.get(place)).map(|(_, event)| event), engine)?;
        let all = match &self.created {
            None => new,
            Some(known) => joined(&known.slice(&(0..known.rows())), &new)?,
        };
        (self.created, self.waiting) = (Some(EventWindows::new(all)), waiting);
        Ok(())
    }
}

fn joined(one: &EventTable, other: &EventTable) -> Result<EventTable, Diagnostic> {
    one.joined(other).map_err(|problem| Diagnostic::general("backtest/events", problem.to_string()))
}

fn engine(
    backtest: &Backtest,
    events: &EventWindows,
    created: Option<&EventWindows>,
    (of_data, of_created): &Places,
) -> Result<Engine, Diagnostic> {
    let created = created.filter(|_| !of_created.is_empty()).map(|created| created.slice(of_created));
    match created {
        None => backtest.engine.with_some_data(events.slice(of_data)),
        Some(created) if of_data.is_empty() => backtest.engine.with_some_data(created),
        Some(created) => backtest.engine.with_some_data(joined(&events.slice(of_data), &created)?),
    }
}

/// A table of no events.
pub fn no_events() -> EventTable {
    let fields = vec![
        Field::new("_time", DataType::Float64, true),
        Field::new("_raw", DataType::Utf8View, true),
        Field::new("__ordinal", DataType::Int64, false),
    ];
    EventTable { schema: Arc::new(Schema::new(fields)), batches: Vec::new() }
}

/// Events that searches made as a table, read as results that Splunk exports: an array there is one field of several values.
fn table<'e>(events: impl Iterator<Item = &'e CreatedEvent>, engine: &Engine) -> Result<EventTable, Diagnostic> {
    let mut text = String::new();
    for event in events {
        text.push_str("{\"preview\":false,\"result\":");
        text.push_str(&event.json().to_string());
        text.push_str("}\n");
    }
    let clock = engine.clock();
    let options = LoadOptions {
        paths: vec!["-".to_owned()],
        standard_input: Some(Arc::new(text.into_bytes())),
        now: clock.now,
        time_zone: clock.time_zone,
        ..LoadOptions::default()
    };
    let loaded = load(&options).map_err(|problem| Diagnostic::general("backtest/events", problem.to_string()))?;
    Ok(loaded.table)
}

/// A window as `addinfo` writes it.
fn info((earliest, latest): (Option<f64>, Option<f64>)) -> (String, String) {
    let min = format!("{:.3}", earliest.unwrap_or(0.0));
    (min, latest.map_or_else(|| "+Infinity".to_owned(), |latest| format!("{latest:.3}")))
}
