//! Many searches over data that is loaded once: compiled, run side by side, finished in the order they were found.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use spl_exec::{Engine, Failure, Results, Search};
use spl_macros::Expansion;
use spl_parser::{Diagnostic, Severity};

use crate::arguments::{OutputOptions, SettingOptions};
use crate::diagnostics::{draw, first_error};
use crate::output::{self, Format, Layout, Sink};
use crate::queries::Query;
use crate::session;
use crate::stop::Stop;
use crate::terminal::Terminal;

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

/// A search with what is to be done with it.
pub struct Job {
    /// Where it comes from.
    pub query: Query,
    /// It, ready to run; else how it ended before.
    search: Result<Search, Finished>,
    elapsed: Duration,
}

impl Job {
    /// Expands and parses a search.
    pub fn new(engine: &Engine, query: Query, terminal: &Terminal) -> Self {
        let started = Instant::now();
        let compiled = match &query.search {
            Ok(text) => engine.compile(text).map_err(|failure| {
                (message(&failure), drawn(terminal, &query, failure.expansion.as_ref(), &failure.diagnostics))
            }),
            Err(message) => Err((message.clone(), format!("error: {message}\n"))),
        };
        let elapsed = started.elapsed();
        let search = compiled.map_err(|(error, messages)| {
            let summary = Summary { error: Some(error), ..summary(&query, elapsed) };
            Finished { summary, messages, shown: Vec::new() }
        });
        Self { query, search, elapsed }
    }

    /// The search, when it is one.
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref().ok()
    }
}

/// A search that ended, and what is to be printed of it.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub summary: Summary,
    /// Diagnostics, for stderr.
    pub messages: String,
    /// Its rows, for stdout, when they are to be shown.
    pub shown: Vec<u8>,
}

/// What is done with the rows of a search.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The folder and format of one file per search.
    pub files: Option<(PathBuf, Format)>,
    /// How they are shown; no more than so many.
    pub show: Option<(Layout, usize)>,
}

/// Jobs over an engine.
pub struct Batch {
    /// With the data.
    pub engine: Arc<Engine>,
    /// In the order of their files.
    pub jobs: Vec<Arc<Job>>,
    /// How many run at a time; none = one per thread.
    pub at_once: Option<usize>,
}

impl Batch {
    /// Runs the jobs with these places; `finished` gets them in that order, each as soon as those before it are done.
    ///
    /// # Errors
    /// What `finished` returns; an engine that can't take the times of a search.
    pub async fn run(
        &mut self,
        places: &[usize],
        rows: &Rows,
        settings: &SettingOptions,
        terminal: &Terminal,
        bar: Option<&Bar>,
        mut finished: impl FnMut(&Finished) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut ended: Vec<Option<Finished>> = vec![None; places.len()];
        let mut next = 0;
        // Searches with times of their own run together: the engine is set up once for each pair of times.
        let mut groups: IndexMap<(Option<String>, Option<String>), Vec<usize>> = IndexMap::new();
        for (position, place) in places.iter().enumerate() {
            let job = &self.jobs[*place];
            match &job.search {
                Ok(_) => groups.entry(times(&job.query, settings)).or_default().push(position),
                Err(early) => ended[position] = Some(early.clone()),
            }
        }
        let writes = places.iter().any(|place| self.jobs[*place].search().is_some_and(writes));
        // Searches that read the data in parts hold a part each.
        let one = writes || self.engine.reads_in_parts();
        let at_once = if one { 1 } else { self.at_once.unwrap_or_else(|| threads(&self.engine)) };
        for (times, positions) in groups {
            self.set_times(times, terminal)?;
            let tasks = positions.into_iter().map(|position| {
                let engine = Arc::clone(&self.engine);
                let job = Arc::clone(&self.jobs[places[position]]);
                let (rows, terminal) = (rows.clone(), *terminal);
                let started = bar.map(|bar| bar.start(&job.query.name));
                async move {
                    if let Some(started) = &started {
                        started.shown();
                    }
                    let broken = job.clone();
                    let task = tokio::spawn(async move { run_one(&engine, &job, &rows, &terminal).await });
                    let ended = task.await.unwrap_or_else(|_| {
                        let error = Some("splq failed inside; please report this".to_owned());
                        let summary = Summary { error, ..summary(&broken.query, broken.elapsed) };
                        Finished { summary, messages: String::new(), shown: Vec::new() }
                    });
                    drop(started);
                    (position, ended)
                }
            });
            let mut tasks = futures::stream::iter(tasks).buffer_unordered(at_once);
            while let Some((position, one)) = tasks.next().await {
                ended[position] = Some(one);
                while let Some(one) = ended.get_mut(next).and_then(Option::take) {
                    finished(&one)?;
                    next += 1;
                }
            }
        }
        while let Some(one) = ended.get_mut(next).and_then(Option::take) {
            finished(&one)?;
            next += 1;
        }
        Ok(())
    }

    /// Gives the engine the times of searches, where it has others.
    fn set_times(&mut self, times: (Option<String>, Option<String>), terminal: &Terminal) -> Result<(), Stop> {
        let current = self.engine.settings();
        if (&current.earliest, &current.latest) == (&times.0, &times.1) {
            return Ok(());
        }
        let mut settings = current.clone();
        (settings.earliest, settings.latest) = times;
        let Some(engine) = Arc::get_mut(&mut self.engine) else {
            return Err(Stop::Failed("a search still runs where none should".to_owned()));
        };
        engine.reconfigure(engine.knowledge().clone(), settings).map_err(|problem| session::stop(terminal, &problem))
    }
}

/// Times of the command line, then those that the file of the search names, then those of splq.toml.
fn times(query: &Query, settings: &SettingOptions) -> (Option<String>, Option<String>) {
    let first = |given: &Option<String>, own: &Option<String>, configured: &Option<String>| {
        given.clone().or_else(|| own.clone()).or_else(|| configured.clone())
    };
    (
        first(&settings.earliest, &query.metadata.earliest, &settings.configured_times.0),
        first(&settings.latest, &query.metadata.latest, &settings.configured_times.1),
    )
}

fn threads(engine: &Engine) -> usize {
    match engine.settings().threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    }
}

/// Whether a search writes what another may read: then they run one after another.
fn writes(search: &Search) -> bool {
    ["outputlookup", "outputcsv", "collect", "mcollect", "sichart", "sirare", "sistats", "sitimechart", "sitop", "tscollect"]
        .iter()
        .any(|command| search.expansion.text.contains(command))
}

fn summary(query: &Query, elapsed: Duration) -> Summary {
    Summary {
        query: query.name.clone(),
        file: query.file.display().to_string(),
        rows: None,
        elapsed,
        error: None,
        unexpected: false,
        has_expectation: query.metadata.expect.is_some(),
    }
}

async fn run_one(engine: &Engine, job: &Job, rows: &Rows, terminal: &Terminal) -> Finished {
    let query = &job.query;
    let mut finished = match &job.search {
        Ok(_) => Finished { summary: summary(query, job.elapsed), messages: String::new(), shown: Vec::new() },
        Err(early) => return early.clone(),
    };
    let Some(search) = job.search() else { return finished };
    let started = Instant::now();
    let ran = engine.run(search).await;
    finished.summary.elapsed += started.elapsed();
    let results = match ran {
        Ok(results) => results,
        Err(failure) => {
            finished.messages = drawn(terminal, query, failure.expansion.as_ref(), &failure.diagnostics);
            finished.summary.error = Some(message(&failure));
            return finished;
        }
    };
    finished.messages = drawn(terminal, query, Some(&search.expansion), &results.warnings);
    finished.summary.rows = Some(results.rows());
    if let Some(expectation) = query.metadata.expect
        && let Some(mismatch) = expectation.mismatch(results.rows())
    {
        finished.messages.push_str(&format!("error: {}: {mismatch}\n", query.name));
        finished.summary.error = Some(mismatch);
        finished.summary.unexpected = true;
    }
    let kept = keep(engine, query, &results, rows, terminal, &mut finished.shown);
    if let Err(Stop::Failed(problem)) = kept {
        finished.messages.push_str(&format!("error: {}: {problem}\n", query.name));
        finished.summary.error = Some(problem);
    }
    finished
}

/// Writes the rows to their file and shows them.
fn keep(
    engine: &Engine,
    query: &Query,
    results: &Results,
    rows: &Rows,
    terminal: &Terminal,
    shown: &mut Vec<u8>,
) -> Result<(), Stop> {
    if let Some((folder, format)) = &rows.files {
        let path = folder.join(format!("{}.{}", query.name, extension(*format)));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Stop::Failed(format!("can't make {}: {error}", parent.display())))?;
        }
        let options = OutputOptions { format: Some(*format), output: Some(path) };
        Sink::open(&options, terminal, engine.settings().time_zone)?.write_rows(results)?;
    }
    if let Some((layout, most)) = rows.show {
        show(&query.name, results, layout, most, shown)?;
    }
    Ok(())
}

/// The rows of one search below its name, as a table.
fn show(name: &str, results: &Results, layout: Layout, most: usize, output: &mut Vec<u8>) -> Result<(), Stop> {
    let (bold, plain) = if layout.color { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    writeln!(output, "{bold}{name}{plain}")?;
    let total = results.rows();
    if total == 0 {
        writeln!(output, "no rows")?;
    }
    let mut left = most;
    let mut batches = Vec::new();
    for batch in &results.batches {
        let taken = batch.num_rows().min(left);
        batches.push(batch.slice(0, taken));
        left -= taken;
    }
    let first = Results { fields: results.fields.clone(), batches, warnings: Vec::new() };
    output::table::write(output, &first, layout)?;
    if total > most {
        writeln!(output, "… {most} of {total} rows")?;
    }
    Ok(writeln!(output)?)
}

/// The extension of files in a format, as `-o` reads it.
fn extension(format: Format) -> &'static str {
    match format {
        Format::Ndjson => "ndjson",
        Format::Json => "json",
        Format::Csv => "csv",
        Format::Markdown => "md",
        Format::Raw => "log",
        Format::Parquet => "parquet",
        Format::Svg => "svg",
        Format::Png => "png",
        _ => "txt",
    }
}

fn message(failure: &Failure) -> String {
    first_error(&failure.diagnostics).map_or_else(|| "failed".to_owned(), |diagnostic| diagnostic.message.clone())
}

/// Diagnostics as they go to stderr; warnings and notes are left out with `-q`.
fn drawn(terminal: &Terminal, query: &Query, expansion: Option<&Expansion>, diagnostics: &[Diagnostic]) -> String {
    let told = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error || !terminal.quiet);
    told.map(|diagnostic| draw(diagnostic, &query.source, expansion, terminal.color_error, terminal.message_width)).collect()
}

/// A bar that counts searches and names the one that has run longest.
#[derive(Clone)]
pub struct Bar {
    bar: ProgressBar,
    running: Arc<Mutex<Vec<(u64, String)>>>,
    counter: Arc<std::sync::atomic::AtomicU64>,
}

impl Bar {
    /// For so many searches.
    pub fn new(count: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("running {bar:30} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, running: Arc::default(), counter: Arc::default() }
    }

    fn start(&self, name: &str) -> Started {
        Started {
            bar: self.clone(),
            number: self.counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            name: name.to_owned(),
        }
    }

    /// Prints while the bar is out of the way.
    pub fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn change(&self, change: impl FnOnce(&mut Vec<(u64, String)>)) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        self.bar.set_message(running.first().map(|(_, name)| name.clone()).unwrap_or_default());
    }
}

/// A search that the bar names while it runs.
struct Started {
    bar: Bar,
    number: u64,
    name: String,
}

impl Started {
    fn shown(&self) {
        self.bar.change(|running| running.push((self.number, self.name.clone())));
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.bar.change(|running| running.retain(|(number, _)| *number != self.number));
        self.bar.bar.inc(1);
    }
}
