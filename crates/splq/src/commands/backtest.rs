//! `splq backtest`: detections and saved searches run as their schedules say, over logs.

pub mod plan;
mod views;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use spl_detections::attack::Attack;
use spl_detections::backtest::{Backtest, BacktestProgress, BacktestRange, BacktestReport, VerdictStatus, asked_range};
use spl_detections::report::backtest_page;
use spl_exec::Engine;

use crate::arguments::{BacktestArguments, BacktestView};
use crate::batch::threads;
use crate::commands::query::duration;
use crate::files::write_whole;
use crate::output::{Format, Sink};
use crate::session;
use crate::settings;
use crate::stop::Stop;
use crate::terminal::Terminal;

use plan::{Plan, Row};

/// Replays the schedules; a search that fails does not stop the others.
///
/// # Errors
/// What [`Stop`] lists; [`Stop::Reported`] when the verdict over a search is `error`.
pub async fn backtest(arguments: &BacktestArguments, terminal: &Terminal) -> Result<(), Stop> {
    Sink::check(&arguments.output, terminal)?;
    let options = &arguments.engine;
    if options.settings.earliest.is_some() || options.settings.latest.is_some() {
        return Err(Stop::Usage(
            "each search has a window of its own: use --from and --to instead of --earliest and --latest".to_owned(),
        ));
    }
    if options.data.data.is_empty() {
        return Err(Stop::Usage("backtest needs --data".to_owned()));
    }
    let started = Instant::now();
    let Plan { mut engine, rows, searches, sources, problems } = plan::plan(arguments, terminal)?;
    let range = range(arguments, &engine)?;
    plan::tell(&problems, terminal);
    let texts: Vec<_> = searches.iter().map(|search| search.text.as_str()).collect();
    session::load_whole(&mut engine, &options.data, &texts, terminal)?;
    let engine = engine.with_summaries(None);
    let bar = progress(terminal);
    let zone = engine.clock().time_zone;
    let backtest = Backtest {
        at_once: arguments.jobs.map_or_else(|| threads(&engine), usize::from),
        attack: Arc::new(Attack::of(engine.knowledge())),
        engine,
        searches: searches.clone(),
        range,
        late: arguments.late,
        progress: bar.clone().map(|bar| Arc::new(Bar(bar, zone)) as Arc<dyn BacktestProgress>),
    };
    let report = backtest.run().await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    views::tell(&report, &searches, &sources, terminal);
    let verdicts = plan::verdicts(&rows, &report);
    let mut sink = Sink::open(&arguments.output, terminal, zone)?;
    let shown = match arguments.view {
        BacktestView::Timeline => views::timeline(&report, zone)?,
        BacktestView::Searches => views::searches(&verdicts, &report, zone)?,
        BacktestView::Objects => views::objects(&report, zone)?,
    };
    sink.write_rows(&shown)?;
    if sink.format == Format::Table && arguments.view == BacktestView::Timeline && report.timeline.is_empty() {
        terminal.note("no alert");
    }
    if let Some(file) = &arguments.risk {
        let lines: String = report.created.iter().map(|event| format!("{}\n", event.json())).collect();
        write_whole(file, &lines)?;
    }
    if let Some(file) = &arguments.html {
        write_whole(file, &backtest_page::page(&report, &verdicts, zone))?;
    }
    finish(&rows, &verdicts, &report, started.elapsed(), terminal)
}

/// From when until when the options ask to replay.
fn range(arguments: &BacktestArguments, engine: &Engine) -> Result<BacktestRange, Stop> {
    let zone = engine.clock().time_zone;
    let time = |option: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => settings::time(text, zone).map(Some).ok_or_else(|| {
            Stop::Usage(format!("{option}: `{text}` is not a time; expected epoch seconds, RFC 3339 or YYYY-MM-DD"))
        }),
    };
    let (from, to) = (time("--from", &arguments.from)?, time("--to", &arguments.to)?);
    asked_range(from, to).map_err(|message| Stop::Usage(format!("--to: {message}")))
}

/// A bar over the time that is replayed, when somebody watches.
fn progress(terminal: &Terminal) -> Option<ProgressBar> {
    if !terminal.stderr || terminal.quiet {
        return None;
    }
    let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template("replaying {bar:30} {percent} % {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    Some(bar)
}

/// A bar, and the zone that its times are told in.
struct Bar(ProgressBar, Tz);

impl BacktestProgress for Bar {
    fn at(&self, time: f64, share: f64) {
        self.0.set_position((share * 1_000.0) as u64);
        self.0.set_message(crate::output::time_text(time, self.1).unwrap_or_default());
    }
}

/// The last line, and whether all went well.
fn finish(
    rows: &[Row],
    verdicts: &[backtest_page::Verdict],
    report: &BacktestReport,
    elapsed: Duration,
    terminal: &Terminal,
) -> Result<(), Stop> {
    let count = |number: usize| HumanCount(number as u64);
    let of = |status: VerdictStatus| verdicts.iter().filter(|verdict| verdict.status == status).count();
    let sum = |number: fn(&spl_detections::backtest::SearchReport) -> usize| report.searches.iter().map(number).sum::<usize>();
    terminal.note(format_args!(
        "{} {}: {} skipped, {} failed; {} runs, {} of them searched, {} alerts, {} risk events, {} findings, {}",
        count(rows.len()),
        if rows.len() == 1 { "search" } else { "searches" },
        count(of(VerdictStatus::Skip)),
        count(of(VerdictStatus::Error)),
        count(sum(|search| search.runs)),
        count(sum(|search| search.searched)),
        count(sum(|search| search.alerts)),
        count(sum(|search| search.risk_events)),
        count(sum(|search| search.findings)),
        duration(elapsed)
    ));
    if of(VerdictStatus::Error) > 0 { Err(Stop::Reported) } else { Ok(()) }
}
