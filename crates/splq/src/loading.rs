//! Events from the files that the options name, with progress on the terminal and warnings in a few lines.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use spl_exec::Settings;
use spl_sources::{FieldSelection, LoadOptions, LoadReport, Loaded, Progress, WarningKind};

use crate::arguments::DataOptions;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Loads what the options name; none when they name nothing.
///
/// # Errors
/// Paths that name nothing or can't be read.
pub fn load(
    data: &DataOptions,
    settings: &Settings,
    fields: FieldSelection,
    terminal: &Terminal,
) -> Result<Option<Loaded>, Stop> {
    if data.data.is_empty() {
        if let Some(option) = option_without_data(data) {
            return Err(Stop::Usage(format!("{option} needs --data")));
        }
        return Ok(None);
    }
    let bar = Bar::new(terminal);
    let options = LoadOptions {
        paths: data.data.clone(),
        standard_input: standard_input(data)?,
        format: data.format_in,
        sourcetype: data.sourcetype.clone(),
        source: data.source.clone(),
        host: data.host.clone(),
        index: data.index.clone(),
        fields,
        now: settings.now,
        time_zone: settings.time_zone,
        index_time: None,
        strict: data.strict,
        threads: settings.threads,
        progress: bar.clone().map(|bar| bar as Arc<dyn Progress>),
    };
    let loaded = spl_sources::load(&options);
    if let Some(bar) = bar {
        bar.bar.finish_and_clear();
    }
    let loaded = loaded.map_err(|error| Stop::Failed(error.to_string()))?;
    warn(&loaded.report, terminal);
    Ok(Some(loaded))
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
fn warn(report: &LoadReport, terminal: &Terminal) {
    if terminal.quiet {
        return;
    }
    let mut kinds: BTreeMap<WarningKind, (u64, usize, String)> = BTreeMap::new();
    for (path, warning) in report.warnings() {
        let entry = kinds.entry(warning.kind).or_insert_with(|| {
            let line = if warning.line > 0 { format!("{path}:{}", warning.line) } else { path.to_owned() };
            (0, 0, format!("first in {line}: {}", shortened(&warning.first_example)))
        });
        entry.0 += warning.count;
        entry.1 += 1;
    }
    for (kind, (count, files, first)) in kinds {
        let files = if files > 1 { format!(" in {files} files") } else { String::new() };
        terminal.warn(format_args!("{} ({}×{files}); {first}", kind.message(), HumanCount(count)));
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
    fn new(terminal: &Terminal) -> Option<Arc<Self>> {
        if !terminal.stderr || terminal.quiet {
            return None;
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("loading {bar:30} {bytes}/{total_bytes} {msg} {eta}") {
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
