//! Events from the files that the options name, with progress on the terminal and warnings in a few lines.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use spl_exec::{Engine, EventParts, Settings};
use spl_sources::{
    EventTable, FieldSelection, KeptTexts, Likely, LoadError, LoadOptions, LoadReport, Loaded, Progress, RequiredTexts,
    WarningKind,
};

use crate::arguments::DataOptions;
use crate::files::at_home;
use crate::index_time::index_time_rules;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// A load in three steps: what is to be read, the reading itself, which may be done on another thread, and what is to
/// be said of it.
pub struct Loading {
    options: LoadOptions,
    bar: Option<Arc<Bar>>,
}

impl Loading {
    /// What the options name; none when they name nothing.
    ///
    /// # Errors
    /// Options about data without data, as wrong usage; a stdin that can't be read.
    pub fn new(
        data: &DataOptions,
        settings: &Settings,
        fields: FieldSelection,
        terminal: &Terminal,
    ) -> Result<Option<Self>, Stop> {
        if data.data.is_empty() {
            if let Some(option) = option_without_data(data) {
                return Err(Stop::Usage(format!("{option} needs --data")));
            }
            return Ok(None);
        }
        let bar = Bar::new(terminal);
        let mut options = LoadOptions {
            paths: data.data.iter().map(|path| at_home(path)).collect(),
            standard_input: standard_input(data)?,
            format: data.format_in,
            sourcetype: data.sourcetype.clone(),
            source: data.source.clone(),
            host: data.host.clone(),
            index: data.index.clone(),
            fields,
            now: settings.clock.now,
            time_zone: settings.clock.time_zone,
            threads: settings.threads,
            progress: bar.clone().map(|bar| bar as Arc<dyn Progress>),
            ..LoadOptions::default()
        };
        options.strict = data.strict;
        Ok(Some(Self { options, bar }))
    }

    /// With what props.conf of the engine's apps says about how files become events.
    pub fn knowing(mut self, engine: &Engine) -> Self {
        self.options.index_time = index_time_rules(engine);
        self
    }

    /// Keeping the texts of these events only, where `_raw` is among the fields.
    pub fn keeping(mut self, texts: Option<KeptTexts>) -> Self {
        self.options.kept_texts = texts;
        self
    }

    /// Passing over events without these texts.
    pub fn requiring(mut self, texts: Option<RequiredTexts>) -> Self {
        self.options.required_texts = texts;
        self
    }

    /// Bytes of the files on disk.
    ///
    /// # Errors
    /// Paths that name nothing.
    pub fn bytes(&self) -> Result<u64, Stop> {
        spl_sources::bytes_of(&self.options.paths).map_err(|error| Stop::Failed(error.to_string()))
    }

    /// The data to be read part by part, of about so many bytes each, whenever a search reads events.
    pub fn in_parts(self, bytes: u64, terminal: &Terminal) -> PartFiles {
        PartFiles { options: Arc::new(self.options), bar: self.bar, bytes, terminal: *terminal, warned: Arc::default() }
    }

    /// Reads the data.
    ///
    /// # Errors
    /// Paths that name nothing or can't be read.
    pub fn read(&self) -> Result<Loaded, LoadError> {
        spl_sources::load(&self.options)
    }

    /// Takes the progress bar away and shows warnings.
    ///
    /// # Errors
    /// What went wrong while reading.
    pub fn finish(&self, read: Result<Loaded, LoadError>, terminal: &Terminal) -> Result<Loaded, Stop> {
        self.hide();
        let loaded = read.map_err(|error| Stop::Failed(error.to_string()))?;
        warn(&loaded.report, terminal);
        Ok(loaded)
    }

    /// Takes the progress bar away.
    pub fn hide(&self) {
        if let Some(bar) = &self.bar {
            bar.hide();
        }
    }
}

/// Files that are read part by part while searches run, as they do not fit into memory at once.
pub struct PartFiles {
    options: Arc<LoadOptions>,
    bar: Option<Arc<Bar>>,
    bytes: u64,
    terminal: Terminal,
    /// Whether the troubles of a first reading were shown.
    warned: Arc<AtomicBool>,
}

impl EventParts for PartFiles {
    fn parts(&self) -> Box<dyn Iterator<Item = Result<EventTable, String>> + Send> {
        let mut tables = match spl_sources::load_in_parts(self.options.clone(), self.bytes) {
            Ok(tables) => tables,
            Err(error) => return Box::new(std::iter::once(Err(error.to_string()))),
        };
        let (bar, terminal, warned) = (self.bar.clone(), self.terminal, self.warned.clone());
        Box::new(std::iter::from_fn(move || {
            let next = tables.next();
            if next.is_none() {
                if let Some(bar) = &bar {
                    bar.hide();
                }
                if !warned.swap(true, Ordering::Relaxed) {
                    warn(&tables.report(), &terminal);
                }
            }
            next.map(|table| table.map_err(|error| error.to_string()))
        }))
    }
}

/// An option that says something about data when there is none.
fn option_without_data(data: &DataOptions) -> Option<&'static str> {
    let given = [
        (data.format_in.is_some(), "--format-in"),
        (data.sourcetype.is_some(), "--sourcetype"),
        (data.source.is_some(), "--source"),
        (data.host.is_some(), "--host"),
        (data.index.is_some(), "--index"),
        (data.strict, "--strict"),
    ];
    given.iter().find(|(given, _)| *given).map(|(_, name)| *name)
}

/// All of stdin, when a path is `-`.
fn standard_input(data: &DataOptions) -> Result<Option<Arc<Vec<u8>>>, Stop> {
    if !data.data.iter().any(|path| path == "-") {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Stop::Failed(format!("can't read stdin: {error}")))?;
    Ok(Some(Arc::new(bytes)))
}

/// One line for each kind of trouble: how often, where first, an example.
pub fn warn(report: &LoadReport, terminal: &Terminal) {
    if terminal.quiet {
        return;
    }
    let mut kinds: BTreeMap<(WarningKind, &str), (u64, usize, String)> = BTreeMap::new();
    for (path, warning) in report.warnings() {
        // Settings are told one by one, in full.
        let example = if warning.kind == WarningKind::BadRule { warning.first_example.as_str() } else { "" };
        let entry = kinds.entry((warning.kind, example)).or_insert_with(|| {
            let line = if warning.line > 0 { format!("{path}:{}", warning.line) } else { path.to_owned() };
            (0, 0, format!("first in {line}: {}", shortened(&warning.first_example)))
        });
        entry.0 += warning.count;
        entry.1 += 1;
    }
    for ((kind, example), (count, files, first)) in kinds {
        if kind == WarningKind::BadRule {
            let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
            terminal.warn(format_args!("{} ({files}); {example}", kind.message()));
            continue;
        }
        let files = if files > 1 { format!(" in {files} files") } else { String::new() };
        terminal.warn(format_args!("{} ({}×{files}); {first}", kind.message(), HumanCount(count)));
    }
    note_times(report, terminal);
    note_products(report, terminal);
}

/// Which events look like those of a known product and have no fields of it, as their sourcetype is another one.
fn note_products(report: &LoadReport, terminal: &Terminal) {
    let mut found: BTreeMap<Likely, (u64, u64)> = BTreeMap::new();
    for file in report.files.iter().filter(|file| file.events > 0) {
        let Some(likely) = file.looks_like else { continue };
        let entry = found.entry(likely).or_default();
        entry.0 += file.events;
        entry.1 += 1;
    }
    for (likely, (events, files)) in found {
        terminal.note(format_args!(
            "{} {} of {} {} like {}: `--sourcetype {}` gives {} its fields",
            HumanCount(events),
            if events == 1 { "event" } else { "events" },
            if files == 1 { "1 file".to_owned() } else { format!("{files} files") },
            if events == 1 { "looks" } else { "look" },
            likely.product,
            likely.sourcetype,
            if events == 1 { "it" } else { "them" },
        ));
    }
}

/// How many events have no time of their own, and how many times name no zone.
fn note_times(report: &LoadReport, terminal: &Terminal) {
    let without_time = report.without_time();
    if without_time > 0 {
        terminal.note(format_args!(
            "no time found in {} of {} events: they have the time of the event before, or of their file",
            HumanCount(without_time),
            HumanCount(report.read())
        ));
    }
    let without_zone = report.without_zone();
    if without_zone > 0 {
        terminal.note(format_args!(
            "{} of {} times name no zone; they are read in the zone of --tz, which is UTC unless given",
            HumanCount(without_zone),
            HumanCount(report.read())
        ));
    }
}

/// The beginning of a text on one line.
fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(100).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}

/// A progress bar that appears when loading takes a while.
struct Bar {
    bar: ProgressBar,
    events: AtomicU64,
    started: Instant,
    shown: AtomicBool,
}

impl Bar {
    fn hide(&self) {
        self.bar.finish_and_clear();
        // Nothing appears any more when the reading goes on.
        self.shown.store(true, Ordering::Relaxed);
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }

    fn new(terminal: &Terminal) -> Option<Arc<Self>> {
        if !terminal.stderr || terminal.quiet {
            return None;
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("loading {bar:24} {bytes}/{total_bytes}, {msg}, {bytes_per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        Some(Arc::new(Self { bar, events: AtomicU64::new(0), started: Instant::now(), shown: AtomicBool::new(false) }))
    }
}

impl Progress for Bar {
    fn add_total(&self, bytes: u64) {
        self.bar.inc_length(bytes);
    }

    fn advance(&self, bytes: u64, events: u64) {
        let events = self.events.fetch_add(events, Ordering::Relaxed) + events;
        self.bar.inc(bytes);
        if self.started.elapsed() > Duration::from_millis(300) {
            if !self.shown.swap(true, Ordering::Relaxed) {
                self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            }
            self.bar.set_message(format!("{} events", HumanCount(events)));
        }
    }
}
