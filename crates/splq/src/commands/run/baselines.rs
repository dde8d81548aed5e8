//! Baselines that run before the detections of `splq run` that need them, each as it last ran by its schedule.

use std::sync::Arc;

use spl_detections::attack::Attack;
use spl_detections::baselines::needed;
use spl_detections::batch::Job;
use spl_detections::queries::Query;
use spl_detections::repository::Repository;
use spl_detections::scheduled::Planner;
use spl_detections::scheduled_search::Planned;
use spl_exec::{Engine, Search, SearchClock};

use crate::batch::Monotonic;
use crate::commands::backtest::plan;
use crate::output::time_text;
use crate::terminal::Terminal;

/// A baseline, and what asks whether there is anything in its window.
pub struct Before {
    job: Arc<Job>,
    probe: Search,
    name: String,
    /// When it ran.
    time: f64,
    lookups: Vec<String>,
}

impl Before {
    /// What is loaded for it.
    pub fn searches(&self) -> impl Iterator<Item = &Search> {
        self.job.search().into_iter().chain([&self.probe])
    }
}

/// The baselines that searches need and that are not among them. What is wrong with their schedules is shown.
pub fn before<'r>(
    engine: &Engine,
    repositories: impl IntoIterator<Item = &'r Repository>,
    queries: &[Query],
    clock: &Monotonic,
    terminal: &Terminal,
) -> Vec<Before> {
    let SearchClock { now, time_zone, .. } = *engine.clock();
    let planner = Planner { attack: Attack::default(), time_zone, include_disabled: false };
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for needed in needed(engine, repositories, queries).into_iter().filter(|needed| !needed.is_named) {
        let planned = needed.plan(&planner);
        problems.extend(planned.problems);
        let Planned::Scheduled(scheduled) = planned.planned else { continue };
        let Some(last) = needed.last_run(&scheduled, now, time_zone) else { continue };
        let time = last.times.now.unwrap_or(now);
        let range = last.times.asked.clone();
        let searched = SearchClock { now: time, ..engine.clock().clone() }.with_range(range.earliest, range.latest);
        let Ok(probe) = engine.compile_at("search index=* | head 1 | fields _time", searched) else { continue };
        let job = Arc::new(Job::new(engine, last.query, &last.times, clock));
        found.push(Before { job, probe, name: needed.name(), time, lookups: needed.lookups(engine) });
    }
    plan::tell(&problems, terminal);
    found
}

/// Those in whose windows there are events. One without would write an empty lookup, whatever the repository brings.
pub async fn with_events(before: Vec<Before>, engine: &Engine, terminal: &Terminal) -> Vec<Arc<Job>> {
    let mut jobs = Vec::new();
    for Before { job, probe, name, time, lookups } in before {
        let has_events = engine.run(&probe).await.is_ok_and(|results| results.rows() > 0);
        let (at, lookups) = (time_text(time, engine.clock().time_zone).unwrap_or_default(), lookups.join("`, `"));
        if has_events {
            terminal.note(format_args!("the baseline `{name}` runs first, as of {at}: it writes `{lookups}`"));
            jobs.push(job);
        } else {
            terminal.note(format_args!(
                "the baseline `{name}`, which writes `{lookups}`, is not run: there are no events in the window of its last run, {at}; --now names another time"
            ));
        }
    }
    jobs
}
