//! Many searches over data that is loaded once: compiled, run side by side, finished in the order they were found.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use spl_exec::{Engine, Failure, Results, Search};
use spl_parser::Severity;

use crate::effects::writes;
use crate::queries::Query;
use crate::times::{TimeRange, Times};

/// A clock for measuring: the time since some moment that stays the same.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Duration;
}

/// Somebody who wants to know what runs.
pub trait Progress: Send + Sync {
    /// A search begins; `place` is that of its job.
    fn started(&self, place: usize, query: &Query);
    /// It has ended.
    fn ended(&self, place: usize);
}

/// How one search ended.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its name.
    pub query: String,
    /// Its file.
    pub file: String,
    /// Rows found; none when it did not run to its end.
    pub rows: Option<usize>,
    /// Planning and running, loading apart.
    pub elapsed: Duration,
    /// Why it failed.
    pub error: Option<String>,
    /// It ran, but found another number of rows than its file expects.
    pub unexpected: bool,
    /// Its file says how many rows it must find.
    pub has_expectation: bool,
}

impl Summary {
    /// Rows were found that nobody expected.
    pub fn is_hit(&self) -> bool {
        !self.has_expectation && self.rows.is_some_and(|rows| rows > 0)
    }
}

/// A search that was compiled, or can't be.
pub struct Job {
    /// Where it comes from.
    pub query: Query,
    search: Result<Search, Outcome>,
    elapsed: Duration,
}

/// What came of a search.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Its file has no search that can be read; why.
    Unreadable(String),
    /// It can't be compiled, planned or run to its end.
    Failed(Failure),
    /// Its rows.
    Ran(Results),
    /// splq itself failed.
    Broken,
}

/// A search that ended.
pub struct Finished {
    /// Which.
    pub job: Arc<Job>,
    /// What came of it.
    pub outcome: Outcome,
    /// Planning and running, loading apart.
    pub elapsed: Duration,
}

impl Job {
    /// Expands and parses a search, which runs by the engine's clock over the times that are its own.
    pub fn new(engine: &Engine, query: Query, times: &Times, clock: &dyn Clock) -> Self {
        let started = clock.now();
        let TimeRange { earliest, latest } = times.of(&query);
        let mut search_clock = engine.clock().clone().with_range(earliest, latest);
        search_clock.now = times.now.unwrap_or(search_clock.now);
        let search = match &query.search {
            Ok(text) => engine.compile_at(text, search_clock).map_err(Outcome::Failed),
            Err(message) => Err(Outcome::Unreadable(message.clone())),
        };
        Self { query, search, elapsed: clock.now().saturating_sub(started) }
    }

    /// The search, when it is one.
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref().ok()
    }

    /// Runs the search, when it is one.
    async fn run(self: Arc<Self>, engine: &Engine, clock: &dyn Clock) -> Finished {
        let started = clock.now();
        let outcome = match &self.search {
            Ok(search) => engine.run(search).await.map_or_else(Outcome::Failed, Outcome::Ran),
            Err(early) => early.clone(),
        };
        let elapsed = self.elapsed + clock.now().saturating_sub(started);
        Finished { job: self, outcome, elapsed }
    }
}

impl Finished {
    /// How it ended, in one row.
    pub fn summary(&self) -> Summary {
        let query = &self.job.query;
        let mut summary = Summary {
            query: query.name.clone(),
            file: query.file.display().to_string(),
            rows: None,
            elapsed: self.elapsed,
            error: None,
            unexpected: false,
            has_expectation: query.metadata.expect.is_some(),
        };
        match &self.outcome {
            Outcome::Unreadable(message) => summary.error = Some(message.clone()),
            Outcome::Failed(failure) => summary.error = Some(first_error(failure)),
            Outcome::Broken => summary.error = Some("internal error in splq: please report it, with the search".to_owned()),
            Outcome::Ran(results) => {
                summary.rows = Some(results.rows());
                summary.error = query.metadata.expect.and_then(|expectation| expectation.mismatch(results.rows()));
                summary.unexpected = summary.error.is_some();
            }
        }
        summary
    }
}

fn first_error(failure: &Failure) -> String {
    let mut errors = failure.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.next().map_or_else(|| "failed".to_owned(), |diagnostic| diagnostic.message.clone())
}

/// What is made of a search as soon as it has ended, on the thread that ran it: its rows can be let go then.
pub type Digest<T> = Arc<dyn Fn(Finished) -> T + Send + Sync>;

/// How a batch runs.
pub struct RunOptions {
    /// How many run at a time.
    pub at_once: usize,
    /// Measures how long they take.
    pub clock: Arc<dyn Clock>,
    /// Is told what runs.
    pub progress: Option<Arc<dyn Progress>>,
}

/// Jobs over an engine.
pub struct Batch {
    /// With the data.
    pub engine: Arc<Engine>,
    /// In the order of their files.
    pub jobs: Vec<Arc<Job>>,
}

impl Batch {
    /// Runs the jobs with these places. `receive` gets what `digest` made of each, in that order, each as soon as those
    /// before it are done.
    ///
    /// Searches run side by side, but one that writes what another may read runs alone, after all that stand before it.
    ///
    /// # Errors
    /// What `receive` returns.
    pub async fn run<T: Send + 'static, E>(
        &self,
        places: &[usize],
        options: &RunOptions,
        digest: &Digest<T>,
        mut receive: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        // Searches that read the data in parts hold a part each.
        let at_once = if self.engine.reads_in_parts() { 1 } else { options.at_once.max(1) };
        // What can't be run has ended already.
        let mut ended: Vec<Option<T>> = places.iter().map(|place| self.early(*place).map(|one| digest(one))).collect();
        let mut next = 0;
        let mut receive_ended = |ended: &mut [Option<T>]| {
            while let Some(one) = ended.get_mut(next).and_then(Option::take) {
                next += 1;
                receive(one)?;
            }
            Ok(())
        };
        receive_ended(&mut ended)?;
        for wave in self.waves(places) {
            let runnable = wave.filter(|position| self.jobs[places[*position]].search().is_some());
            let tasks = runnable.map(|position| {
                let task = self.task(places[position], options, digest);
                async move { (position, task.await) }
            });
            let mut tasks = futures::stream::iter(tasks).buffer_unordered(at_once);
            while let Some((position, one)) = tasks.next().await {
                ended[position] = Some(one);
                receive_ended(&mut ended)?;
            }
        }
        Ok(())
    }

    /// How a job ended that has no search to run.
    fn early(&self, place: usize) -> Option<Finished> {
        let job = &self.jobs[place];
        let outcome = job.search.as_ref().err()?.clone();
        Some(Finished { job: Arc::clone(job), outcome, elapsed: job.elapsed })
    }

    /// Positions in `places` that may run side by side, one group after another: a search that writes is a group of its own.
    fn waves(&self, places: &[usize]) -> Vec<std::ops::Range<usize>> {
        let mut waves = Vec::new();
        let mut start = 0;
        for (position, place) in places.iter().enumerate() {
            if self.jobs[*place].search().is_some_and(|search| writes(&search.pipeline)) {
                waves.push(start..position);
                waves.push(position..position + 1);
                start = position + 1;
            }
        }
        waves.push(start..places.len());
        waves.retain(|wave| !wave.is_empty());
        waves
    }

    /// Runs one search on a thread of its own, so that a panic ends only it.
    fn task<T: Send + 'static>(
        &self,
        place: usize,
        options: &RunOptions,
        digest: &Digest<T>,
    ) -> impl Future<Output = T> + use<T> {
        let engine = Arc::clone(&self.engine);
        let job = Arc::clone(&self.jobs[place]);
        let (clock, progress, digest) = (Arc::clone(&options.clock), options.progress.clone(), Arc::clone(digest));
        async move {
            if let Some(progress) = &progress {
                progress.started(place, &job.query);
            }
            let (running, digesting) = (Arc::clone(&job), Arc::clone(&digest));
            let task = tokio::spawn(async move { digesting(running.run(&engine, clock.as_ref()).await) });
            let ended = task.await.unwrap_or_else(|_| {
                let elapsed = job.elapsed;
                digest(Finished { job, outcome: Outcome::Broken, elapsed })
            });
            if let Some(progress) = &progress {
                progress.ended(place);
            }
            ended
        }
    }
}

#[cfg(test)]
#[path = "batch/tests.rs"]
mod tests;
