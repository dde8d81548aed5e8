//! What a batch of searches prints and writes: diagnostics, rows, files, the bar that counts.

use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use spl_detections::batch::{self, Batch, Clock, Digest, Outcome, Progress, RunOptions, Summary};
use spl_detections::risk_run::RiskRun;
use spl_detections::run_report::Ended;
use spl_detections::times::{TimeRange, Times};
use spl_exec::{Engine, Results};
use spl_macros::Expansion;
use spl_parser::{Diagnostic, Severity};

use crate::arguments::{OutputOptions, SettingOptions};
use crate::diagnostics::draw;
use crate::output::{self, Format, Layout, Sink};
use crate::queries::Query;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// A search that ended, and what is to be printed of it.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub summary: Summary,
    /// Diagnostics, for stderr.
    pub messages: String,
    /// Its rows, for stdout, when they are to be shown.
    pub shown: Vec<u8>,
    /// The risk events and findings that its rows become, one JSON object a line.
    pub created: String,
    /// What a report of the run tells of it, when there is to be one.
    pub ended: Option<Ended>,
}

/// What is done with the rows of a search.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Makes risk events and findings of them.
    pub risk: Option<Arc<RiskRun>>,
    /// The folder and format of one file per search.
    pub files: Option<(PathBuf, Format)>,
    /// How they are shown; no more than so many.
    pub show: Option<(Layout, usize)>,
    /// They are told of in a report.
    pub report: bool,
}

/// The clock of this process.
pub struct Monotonic(Instant);

impl Monotonic {
    /// Begins now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The times that the options name for searches, beside those of their own files.
pub fn times(settings: &SettingOptions) -> Times {
    let (earliest, latest) = settings.configured_times.clone();
    Times {
        asked: TimeRange { earliest: settings.earliest.clone(), latest: settings.latest.clone() },
        fallback: TimeRange { earliest, latest },
        now: None,
    }
}

/// How a batch is run.
pub struct Runner {
    /// How many searches run at a time; none = one per thread.
    pub at_once: Option<NonZero<usize>>,
    /// What is done with their rows.
    pub rows: Rows,
    /// Counts them.
    pub bar: Option<Bar>,
}

impl Runner {
    /// Runs the jobs with these places; `finished` gets them in that order, each as soon as those before it are done.
    ///
    /// # Errors
    /// What `finished` returns.
    pub async fn run(
        self,
        batch: &Batch,
        places: &[usize],
        terminal: &Terminal,
        finished: impl FnMut(Finished) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let options = RunOptions {
            at_once: self.at_once.map_or_else(|| threads(&batch.engine), NonZero::get),
            clock: Arc::new(Monotonic::start()),
            progress: self.bar.map(|bar| Arc::new(bar) as Arc<dyn Progress>),
        };
        let (rows, terminal, zone) = (self.rows, *terminal, batch.engine.clock().time_zone);
        let digest: Digest<Finished> = Arc::new(move |one| digested(&one, &rows, &terminal, zone));
        batch.run(places, &options, &digest, finished).await
    }
}

/// How many searches run at a time when nobody says it.
pub fn threads(engine: &Engine) -> usize {
    match engine.settings().threads {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    }
}

/// Draws what is to be said of a search and keeps its rows.
fn digested(one: &batch::Finished, rows: &Rows, terminal: &Terminal, zone: Tz) -> Finished {
    let query = &one.job.query;
    let mut finished =
        Finished { summary: one.summary(), messages: String::new(), shown: Vec::new(), created: String::new(), ended: None };
    finished.ended = rows.report.then(|| Ended::of(one));
    match &one.outcome {
        Outcome::Unreadable(message) => finished.messages = format!("error: {message}\n"),
        Outcome::Failed(failure) => {
            finished.messages = drawn(terminal, query, failure.expansion.as_ref(), &failure.diagnostics);
        }
        // The panic has printed its message.
        Outcome::Broken => {}
        Outcome::Ran(results) => {
            let expansion = one.job.search().map(|search| &search.expansion);
            finished.messages = drawn(terminal, query, expansion, &results.warnings);
            if let Some(mismatch) = &finished.summary.error {
                finished.messages.push_str(&format!("error: {}: {mismatch}\n", query.name));
            }
            if let Some(risk) = &rows.risk {
                let created = risk.created(query, results);
                for unfilled in created.unfilled().iter().filter(|_| !terminal.quiet) {
                    finished.messages.push_str(&format!("warning: {}: {unfilled}\n", query.name));
                }
                finished.created = created.events().map(|event| format!("{}\n", event.json())).collect();
            }
            if let Err(Stop::Failed(problem)) = keep(query, results, rows, terminal, zone, &mut finished.shown) {
                finished.messages.push_str(&format!("error: {}: {problem}\n", query.name));
                finished.summary.error = Some(problem);
            }
        }
    }
    finished
}

/// Writes the rows to their file and shows them.
fn keep(query: &Query, results: &Results, rows: &Rows, terminal: &Terminal, zone: Tz, shown: &mut Vec<u8>) -> Result<(), Stop> {
    if let Some((folder, format)) = &rows.files {
        let path = folder.join(format!("{}.{}", query.name, extension(*format)));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Stop::Failed(format!("can't make {}: {error}", parent.display())))?;
        }
        let options = OutputOptions { format: Some(*format), output: Some(path) };
        Sink::open(&options, terminal, zone)?.write_rows(results)?;
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

/// Diagnostics as they go to stderr; warnings and notes are left out with `-q`.
fn drawn(terminal: &Terminal, query: &Query, expansion: Option<&Expansion>, diagnostics: &[Diagnostic]) -> String {
    let told = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error || !terminal.quiet);
    told.map(|diagnostic| draw(diagnostic, &query.source, expansion, terminal.color_error, terminal.message_width)).collect()
}

/// A bar that counts searches and names the one that has run longest.
#[derive(Clone)]
pub struct Bar {
    bar: ProgressBar,
    /// Places and names in the order that they began.
    running: Arc<Mutex<Vec<(usize, String)>>>,
}

impl Bar {
    /// For so many searches.
    pub fn new(count: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("running {bar:30} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, running: Arc::default() }
    }

    /// Prints while the bar is out of the way.
    pub fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn change(&self, change: impl FnOnce(&mut Vec<(usize, String)>)) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        self.bar.set_message(running.first().map(|(_, name)| name.clone()).unwrap_or_default());
    }
}

impl Progress for Bar {
    fn started(&self, place: usize, query: &Query) {
        self.change(|running| running.push((place, query.name.clone())));
    }

    fn ended(&self, place: usize) {
        self.change(|running| running.retain(|(other, _)| *other != place));
        self.bar.inc(1);
    }
}
