//! Replays schedules over loaded events: each search runs at its times over its window, and what it makes of its rows is there
//! for the searches that run after it.
//!
//! At a time only the events from before that time are there. Searches of one time do not see what the others make then. Those
//! that write lookups run first.

mod input;
mod prepared;
mod process;
mod range;
mod reported;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use futures::StreamExt;
use spl_exec::{Engine, Failure};
use spl_parser::Diagnostic;

use crate::attack::Attack;
use crate::event_windows::EventWindows;
use crate::reads::Indexes;
use crate::risk_event::{CreatedEvent, NOTABLE_INDEX, RISK_INDEX};
use crate::rows::{ResultRow, first_rows};
use crate::scheduled_search::{Kind, ScheduledSearch};
use crate::throttle::Throttled;

use input::{Input, Inputs};
use prepared::Prepared;

pub use range::{BacktestRange, asked_range};
pub use reported::{BacktestReport, ObjectRisk, SearchReport, TimelineEntry, VerdictStatus, What};

/// Somebody who wants to know how far it is.
pub trait BacktestProgress: Send + Sync {
    /// The searches of a time begin: the share of the whole that is done, 0 to 1.
    fn at(&self, time: f64, share: f64);
}

/// What is replayed.
pub struct Backtest {
    /// With the events and the knowledge.
    pub engine: Engine,
    /// The searches, in the order of their reports.
    pub searches: Vec<ScheduledSearch>,
    /// When it is asked to begin and to end.
    pub range: BacktestRange,
    /// Each run begins at the end of its schedule window.
    pub late: bool,
    /// How many searches run at a time.
    pub at_once: usize,
    /// The techniques that annotations name.
    pub attack: Arc<Attack>,
    /// Is told how far it is.
    pub progress: Option<Arc<dyn BacktestProgress>>,
}

/// The rows of a run that its actions get at most (Splunk admin manual, alert_actions.conf, maxresults).
const MOST_ROWS: usize = 10_000;

/// What a run gave.
struct Ran {
    rows: Vec<ResultRow>,
    /// How many rows there are, those included that actions don't get.
    found: usize,
    /// Whether the search over the rows found some; for triggers that ask for it.
    condition: bool,
    warnings: Vec<Diagnostic>,
    failure: Option<Failure>,
    /// The window, as `addinfo` gives it.
    info: (String, String),
    /// The first event that the first command of the search finds in the window.
    first_event: Option<f64>,
    /// Whether a search was run at all.
    searched: bool,
}

/// The state of a replay.
struct Replay {
    backtest: Backtest,
    events: EventWindows,
    searches: Vec<Arc<Prepared>>,
    reports: Vec<SearchReport>,
    throttled: Throttled,
    /// By search: the number that its trigger counted last.
    counts: HashMap<usize, f64>,
    /// Events that searches made, each with when.
    created: Vec<(f64, CreatedEvent)>,
    timeline: Vec<TimelineEntry>,
    risk: HashMap<(String, String), i64>,
}

impl Backtest {
    /// Replays the schedules. A search that fails is told of once and runs no more; the others go on.
    pub async fn run(self) -> BacktestReport {
        let table = self.engine.data().cloned();
        let events = EventWindows::new(table.unwrap_or_else(input::no_events));
        let indexes = Indexes { data: events.values("index"), created: created_indexes(&self) };
        let searches = prepared::prepare_all(&self, &indexes).await;
        let mut reports: Vec<SearchReport> = searches.iter().map(|prepared| SearchReport::new(prepared)).collect();
        let (from, to) = range::of_replay(&self, &events, &searches);
        let zone = self.engine.clock().time_zone;
        for (report, prepared) in reports.iter_mut().zip(&searches) {
            report.longer_window = range::longer_window(prepared, &events, to, zone);
        }
        let mut replay = Replay {
            backtest: self,
            events,
            searches,
            reports,
            throttled: Throttled::default(),
            counts: HashMap::new(),
            created: Vec::new(),
            timeline: Vec::new(),
            risk: HashMap::new(),
        };
        replay.replay(from, to).await;
        replay.finish(from, to)
    }
}

/// The indexes that searches may add events to, in lower case.
fn created_indexes(backtest: &Backtest) -> BTreeSet<String> {
    let mut names = BTreeSet::from([RISK_INDEX.to_owned(), NOTABLE_INDEX.to_owned()]);
    for search in &backtest.searches {
        names.extend(search.summary.as_ref().map(|summary| summary.index.to_ascii_lowercase()));
        // What is wrong with a search is told when it is prepared.
        let compiled = backtest.engine.compile(&search.text).ok();
        names
            .extend(compiled.and_then(|compiled| prepared::collects(&compiled.pipeline)).map(|index| index.to_ascii_lowercase()));
    }
    names
}

impl Replay {
    async fn replay(&mut self, from: f64, to: f64) {
        let zone = self.backtest.engine.clock().time_zone;
        let mut due: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
        for (place, prepared) in self.searches.iter().enumerate() {
            let search = &prepared.search;
            if prepared.failure.is_some() {
                continue;
            }
            if search.at_startup {
                due.push(Reverse((from as i64, place)));
            }
            // What a baseline writes is there when the replay begins, as far as the data reach back.
            if search.kind == Kind::Baseline
                && let Some(last) = search.schedule.last(from, zone)
                && !self.events.places(search.window(last, zone).0, search.window(last, zone).1).is_empty()
            {
                due.push(Reverse((last as i64, place)));
            }
            if let Some(next) = search.schedule.next(from, zone) {
                due.push(Reverse((next as i64, place)));
            }
        }
        let mut inputs = Inputs::default();
        while let Some(Reverse((time, _))) = due.peek().copied() {
            if time as f64 > to {
                break;
            }
            let mut places = BTreeSet::new();
            while let Some(Reverse((next, place))) = due.peek().copied().filter(|Reverse((next, _))| *next == time) {
                due.pop();
                if places.insert(place)
                    && let Some(after) = self.searches[place].search.schedule.next(next as f64, zone)
                {
                    due.push(Reverse((after as i64, place)));
                }
            }
            let time = time as f64;
            if let Some(progress) = &self.backtest.progress {
                progress.at(time, ((time - from) / (to - from).max(1.0)).clamp(0.0, 1.0));
            }
            let places = places.into_iter().filter(|place| self.is_on(*place)).collect();
            self.tick(time, places, &mut inputs).await;
        }
    }

    /// Whether a search goes on: it has not failed, and has not run as often as it may.
    fn is_on(&self, place: usize) -> bool {
        let report = &self.reports[place];
        let most = self.searches[place].search.most_runs;
        report.failure.is_none() && most.is_none_or(|most| report.runs < most as usize)
    }

    /// The searches of one time: those that write one after the other, then the others side by side.
    async fn tick(&mut self, time: f64, places: Vec<usize>, inputs: &mut Inputs) {
        inputs.begin();
        let (writers, readers): (Vec<usize>, Vec<usize>) = places.into_iter().partition(|place| self.searches[*place].writes);
        let mut done: Vec<(usize, Ran)> = Vec::new();
        for place in writers {
            let input = self.input(place, time, inputs);
            done.push((place, run(Arc::clone(&self.searches[place]), input, time).await));
        }
        let tasks: Vec<_> = readers
            .into_iter()
            .map(|place| {
                let (prepared, input) = (Arc::clone(&self.searches[place]), self.input(place, time, inputs));
                async move { (place, run(prepared, input, time).await) }
            })
            .collect();
        let mut tasks = futures::stream::iter(tasks).buffer_unordered(self.backtest.at_once.max(1));
        while let Some(one) = tasks.next().await {
            done.push(one);
        }
        drop(tasks);
        done.sort_by_key(|(place, _)| *place);
        for (place, ran) in done {
            self.process(place, time, ran);
        }
    }

    /// What a search runs over at a time.
    fn input(&self, place: usize, time: f64, inputs: &mut Inputs) -> Input {
        inputs.of(&self.backtest, &self.events, &self.created, &self.searches[place], time)
    }
}

/// Runs a search on a thread of its own, so that a panic ends only it.
async fn run(prepared: Arc<Prepared>, input: Input, time: f64) -> Ran {
    let Input { engine, info, range, first_event } = input;
    let mut ran = Ran {
        rows: Vec::new(),
        found: 0,
        condition: false,
        warnings: Vec::new(),
        failure: None,
        info,
        first_event,
        searched: false,
    };
    let engine = match engine {
        Ok(Some(engine)) => engine,
        Ok(None) => return ran,
        Err(problem) => {
            ran.failure = Some(Failure { diagnostics: vec![problem], expansion: None });
            return ran;
        }
    };
    ran.searched = true;
    let clock = prepared.clock(&engine, time, &range);
    let task = tokio::spawn(async move {
        let condition = match &prepared.condition {
            Some(text) => engine.run(&prepared.without_writing(engine.compile_at(text, clock.clone())?)).await?.rows() > 0,
            None => false,
        };
        let search = engine.compile_at(&prepared.text, clock)?;
        let results = engine.run(&search).await?;
        let mut warnings = results.warnings.clone();
        let found = results.rows();
        if found > MOST_ROWS {
            let message = format!("a run has more than {MOST_ROWS} rows: what they become is made of the first of them");
            warnings.push(Diagnostic::warning("backtest/rows", message, None));
        }
        Ok((first_rows(&results, MOST_ROWS), found, warnings, condition))
    });
    match task.await {
        Ok(Ok((rows, found, warnings, condition))) => {
            (ran.rows, ran.found, ran.warnings, ran.condition) = (rows, found, warnings, condition);
        }
        Ok(Err(failure)) => ran.failure = Some(failure),
        Err(_) => {
            let message = "internal error in splq: please report it, with the search";
            ran.failure = Some(Failure { diagnostics: vec![Diagnostic::general("run/internal", message)], expansion: None });
        }
    }
    ran
}

#[cfg(test)]
#[path = "backtest/tests.rs"]
mod tests;
