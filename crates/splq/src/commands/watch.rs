//! `splq watch`: searches run again whenever they or what they run on change.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use clap::Parser;
use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use spl_detections::batch::{Batch, Job, Summary};
use spl_detections::times::Times;

use crate::arguments::{Arguments, Command, OutputOptions, WatchArguments};
use crate::batch::{Finished, Monotonic, Rows, Runner, times};
use crate::commands::query::duration;
use crate::commands::run::summary_rows;
use crate::configuration::Configuration;
use crate::output::{Sink, time_text};
use crate::queries::{Query, find, select};
use crate::session;
use crate::settings::clock;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Changes that come this soon after each other are one: editors write a file in several steps.
pub const QUIET: Duration = Duration::from_millis(150);

/// The rows of no more searches than this are shown; of more there is a summary.
const SHOWN: usize = 3;

/// Runs the searches, then again whenever something changes, until it is ended from outside.
///
/// # Errors
/// Wrong usage, and files that can't be watched; what is wrong with a search or the data is shown, and a change awaited.
pub async fn watch(arguments: &WatchArguments, terminal: &Terminal) -> Result<(), Stop> {
    if arguments.engine.data.data.iter().any(|path| path == "-") || arguments.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Stop::Usage("stdin can't be watched; name files".to_owned()));
    }
    let mut arguments = arguments.clone();
    let mut watched = Watched::new(&arguments)?;
    let mut batch = start(&arguments, terminal)?;
    run(&mut batch, &arguments, terminal, None).await?;
    loop {
        terminal.note("waiting for changes; Ctrl-C ends");
        let Some(change) = watched.wait() else { return Ok(()) };
        let next = match change {
            Change::Searches => again(&mut batch, &arguments, terminal).await,
            Change::Everything => {
                if let Some(anew) = configured_anew(terminal) {
                    arguments = anew;
                    watched = Watched::new(&arguments)?;
                }
                match start(&arguments, terminal) {
                    Ok(anew) => {
                        batch = anew;
                        run(&mut batch, &arguments, terminal, None).await
                    }
                    Err(stop) => Err(stop),
                }
            }
        };
        match next {
            Err(Stop::OutputClosed) => return Err(Stop::OutputClosed),
            // What is wrong now may be right after the next change.
            Err(stop) => drop(stop.report()),
            Ok(()) => {}
        }
    }
}

/// The command line with splq.toml as it is now; none when either can't be read.
fn configured_anew(terminal: &Terminal) -> Option<WatchArguments> {
    let arguments = Arguments::try_parse().ok()?;
    let mut command = arguments.command?;
    if !arguments.terminal.no_config
        && let Some(configuration) = Configuration::find(terminal).ok()?
    {
        configuration.apply(&mut command);
    }
    match command {
        Command::Watch(arguments) => Some(arguments),
        _ => None,
    }
}

/// Reads the searches and all of the data.
fn start(arguments: &WatchArguments, terminal: &Terminal) -> Result<Batch, Stop> {
    let queries = queries(arguments, terminal)?;
    let mut engine = session::engine_of(&arguments.engine, terminal)?;
    session::load_all(&mut engine, &arguments.engine.data, terminal)?;
    let (clock, times) = (Monotonic::start(), times(&arguments.engine.settings));
    let jobs = queries.into_iter().map(|query| Arc::new(Job::new(&engine, query, &times, &clock))).collect();
    Ok(Batch { engine: Arc::new(engine), jobs })
}

fn queries(arguments: &WatchArguments, terminal: &Terminal) -> Result<Vec<Query>, Stop> {
    select(find(&arguments.paths)?.queries, &arguments.selection, terminal)
}

/// Reads the searches anew and runs those that changed.
async fn again(batch: &mut Batch, arguments: &WatchArguments, terminal: &Terminal) -> Result<(), Stop> {
    let queries = queries(arguments, terminal)?;
    // The engine's clock stands where the data were loaded.
    let settings = &arguments.engine.settings;
    let times = Times { now: settings.now.is_none().then(clock), ..times(settings) };
    let before = std::mem::take(&mut batch.jobs);
    let mut changed = Vec::new();
    for (place, query) in queries.into_iter().enumerate() {
        let same = before.iter().find(|job| {
            job.query.name == query.name && job.query.search == query.search && job.query.source.text == query.source.text
        });
        batch.jobs.push(match same {
            Some(job) => Arc::clone(job),
            None => {
                changed.push(place);
                Arc::new(Job::new(&batch.engine, query, &times, &Monotonic::start()))
            }
        });
    }
    if changed.is_empty() { Ok(()) } else { run(batch, arguments, terminal, Some(changed)).await }
}

/// Runs the searches at these places, or all, and prints their rows or, when they are many, a summary.
async fn run(batch: &mut Batch, arguments: &WatchArguments, terminal: &Terminal, places: Option<Vec<usize>>) -> Result<(), Stop> {
    let places = places.unwrap_or_else(|| (0..batch.jobs.len()).collect());
    let mut sink = Sink::open(&OutputOptions::default(), terminal, batch.engine.clock().time_zone)?;
    let show_rows = places.len() <= SHOWN;
    let most = if arguments.rows == 0 { usize::MAX } else { arguments.rows };
    let rows = Rows { risk: None, files: None, show: show_rows.then_some((sink.layout, most)), report: false };
    let now = time_text(clock().floor(), batch.engine.clock().time_zone).unwrap_or_default();
    let started = Instant::now();
    let mut summaries: Vec<Summary> = Vec::new();
    let finished = |one: Finished| {
        terminal.error_text(&one.messages);
        std::io::stdout().write_all(&one.shown)?;
        summaries.push(one.summary);
        Ok(())
    };
    let runner = Runner { at_once: None, rows, bar: None };
    runner.run(batch, &places, terminal, finished).await?;
    if !show_rows {
        sink.write_rows(&summary_rows(&summaries)?)?;
    }
    std::io::stdout().flush()?;
    let failed = summaries.iter().filter(|summary| summary.error.is_some()).count();
    let found: usize = summaries.iter().filter_map(|summary| summary.rows).sum();
    terminal.note(format_args!(
        "{now}  {} of {} searches run, {failed} failed, {found} rows, {}",
        places.len(),
        batch.jobs.len(),
        duration(started.elapsed())
    ));
    Ok(())
}

/// Tells of files that change; that somebody read them is no change.
///
/// # Errors
/// A system that can't watch files.
pub fn watcher(sender: Sender<PathBuf>) -> Result<RecommendedWatcher, Stop> {
    let told = move |event: notify::Result<Event>| {
        if let Ok(event) = event
            && !matches!(event.kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)))
        {
            for path in event.paths {
                // Nobody listens any more when the command ends.
                let _ = sender.send(path);
            }
        }
    };
    notify::recommended_watcher(told).map_err(|error| Stop::Failed(format!("can't watch files: {error}")))
}

/// What a change asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Searches are read again; the data stay.
    Searches,
    /// Everything is read again.
    Everything,
}

/// Files and folders that are watched.
struct Watched {
    changes: Receiver<PathBuf>,
    /// Where a change concerns more than searches.
    others: Vec<PathBuf>,
    /// Where a change concerns searches.
    searches: Vec<PathBuf>,
    /// Watches as long as it lives.
    _watcher: RecommendedWatcher,
}

impl Watched {
    fn new(arguments: &WatchArguments) -> Result<Self, Stop> {
        let (sender, changes) = channel();
        let mut watcher = watcher(sender)?;
        let searches: Vec<PathBuf> = arguments.paths.iter().map(|path| absolute(path)).collect();
        let knowledge = &arguments.engine.knowledge;
        let data = arguments.engine.data.data.iter().map(Path::new);
        let folders = knowledge.app.iter().chain(&knowledge.content).map(PathBuf::as_path);
        let files = knowledge.lookup.iter().map(|(_, file)| file.as_path()).chain(arguments.configuration.as_deref());
        let others: Vec<PathBuf> = data.chain(folders).chain(files).map(absolute).collect();
        let mut roots: Vec<(PathBuf, RecursiveMode)> = Vec::new();
        for path in searches.iter().chain(&others) {
            // A file is watched through its folder: editors put another file in its place.
            let (root, mode) = match path.is_dir() {
                true => (path.clone(), RecursiveMode::Recursive),
                false if path.is_file() => (folder_of(path), RecursiveMode::NonRecursive),
                false => (without_pattern(path), RecursiveMode::Recursive),
            };
            match roots.iter_mut().find(|(known, _)| *known == root) {
                Some((_, known)) if mode == RecursiveMode::Recursive => *known = mode,
                Some(_) => {}
                None => roots.push((root, mode)),
            }
        }
        for (root, mode) in roots {
            watcher.watch(&root, mode).map_err(|error| Stop::Failed(format!("can't watch {}: {error}", root.display())))?;
        }
        Ok(Self { changes, others, searches, _watcher: watcher })
    }

    /// Waits for a change that matters and for the end of those that follow it; none when nothing is watched any more.
    fn wait(&self) -> Option<Change> {
        let mut change = None;
        loop {
            let path = match change {
                None => self.changes.recv().ok()?,
                Some(change) => match self.changes.recv_timeout(QUIET) {
                    Ok(path) => path,
                    Err(RecvTimeoutError::Timeout) => return Some(change),
                    Err(RecvTimeoutError::Disconnected) => return None,
                },
            };
            change = change.max(self.kind(&path));
        }
    }

    fn kind(&self, path: &Path) -> Option<Change> {
        let below = |roots: &[PathBuf]| {
            roots.iter().any(|root| path.starts_with(root) || is_pattern(root) && path.starts_with(without_pattern(root)))
        };
        let is_search = path.extension().is_some_and(|extension| ["spl", "yml", "yaml"].iter().any(|known| extension == *known));
        if is_search && below(&self.searches) {
            return Some(Change::Searches);
        }
        below(&self.others).then_some(Change::Everything)
    }
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf())
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_path_buf()
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

/// The folder that a glob begins with.
fn without_pattern(path: &Path) -> PathBuf {
    path.components().take_while(|part| !is_pattern(Path::new(part.as_os_str()))).collect()
}
