//! `splq run`: many searches over data that is loaded once.

mod baselines;
mod people;

use std::collections::BTreeSet;
use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use indicatif::HumanCount;
use spl_detections::attack::Attack;
use spl_detections::batch::{Batch, Job, Summary};
use spl_detections::report::{junit, run_markdown, run_page};
use spl_detections::repository;
use spl_detections::risk_run::RiskRun;
use spl_detections::run_report::RunReport;
use spl_exec::{Engine, Results};
use spl_parser::effects::pipeline::Written;
use spl_parser::effects::pipeline_effects;
use spl_parser::spec::{Object, Writes};

use crate::arguments::{DataOptions, FailOn, RunArguments};
use crate::batch::{Bar, Finished, Monotonic, Rows, Runner, times};
use crate::commands::query::duration;
use crate::empty;
use crate::files::write_whole;
use crate::output::{self, Format, Sink};
use crate::queries::{Queries, Query, check_standard_input, places, select};
use crate::session;
use crate::settings::settings;
use crate::stop::Stop;
use crate::terminal::Terminal;

use baselines::Before;

/// A run of this length is worth knowing the slowest searches of.
const SLOW: Duration = Duration::from_secs(10);

/// So many searches are told of one by one.
const FEW: usize = 3;

/// Runs the searches side by side; one that fails does not stop the others.
///
/// # Errors
/// What [`Stop`] lists; [`Stop::Reported`] when `--fail-on` says so.
pub async fn run(arguments: &RunArguments, terminal: &Terminal) -> Result<(), Stop> {
    Sink::check(&arguments.output, terminal)?;
    for file in &arguments.report {
        report_format(file)?;
    }
    check_standard_input(&arguments.paths, &arguments.engine.data.data)?;
    let mut knowledge = arguments.engine.knowledge.clone();
    let named = places(&arguments.paths, &mut knowledge);
    let Queries { mut queries, skipped } = named.find()?;
    if skipped > 0 {
        terminal.note(format_args!("{skipped} YAML files without a `search` skipped"));
    }
    let repositories = repository::around(&queries);
    let known = session::knowledge_of(repositories.values(), &knowledge, terminal)?;
    let mut engine =
        Engine::new(known, settings(&arguments.engine.settings)?).map_err(|problem| session::stop(terminal, &problem))?;
    queries.extend(enabled(named.saved_searches(engine.knowledge())?, terminal));
    let queries = select(queries, &arguments.selection, terminal)?;
    let (clock, times) = (Monotonic::start(), times(&arguments.engine.settings));
    let before = match arguments.no_baselines {
        true => Vec::new(),
        false => baselines::before(&engine, repositories.values(), &queries, &clock, terminal),
    };
    let mut jobs: Vec<Arc<Job>> = queries.into_iter().map(|query| Arc::new(Job::new(&engine, query, &times, &clock))).collect();
    let searches: Vec<_> = jobs.iter().filter_map(|job| job.search()).chain(before.iter().flat_map(Before::searches)).collect();
    // Whether a baseline has events in its window is asked of all events, not of those that some search finds.
    match before.is_empty() {
        true => session::load_found(&mut engine, &arguments.engine.data, searches, terminal)?,
        false => session::load(&mut engine, &arguments.engine.data, searches, terminal)?,
    };
    jobs.splice(0..0, baselines::with_events(before, &engine, terminal).await);
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder).map_err(|error| Stop::Failed(format!("can't make {}: {error}", folder.display())))?;
    }
    let mut sink = Sink::open(&arguments.output, terminal, engine.clock().time_zone)?;
    let bar = if arguments.show { None } else { progress(jobs.len(), terminal, sink.format) };
    let risk = match &arguments.risk {
        Some(_) => Some(Arc::new(RiskRun::new(&engine, &times, jobs.iter().map(|job| &job.query)).await)),
        None => None,
    };
    // Somebody reads the outcome, unless rows of it were asked for.
    let for_people = terminal.stdout && arguments.output.format.is_none() && arguments.output.output.is_none();
    let rows = Rows {
        report: for_people || !arguments.report.is_empty(),
        risk,
        files: arguments.out.clone().map(|folder| (folder, arguments.out_format.unwrap_or(Format::Ndjson))),
        show: arguments.show.then_some((sink.layout, usize::MAX)),
    };
    let jobs = writers_first(jobs);
    let places: Vec<usize> = (0..jobs.len()).collect();
    let batch = Batch { engine: Arc::new(engine), jobs };
    let mut summaries = Vec::with_capacity(places.len());
    let mut created = String::new();
    let mut ended = Vec::with_capacity(places.len());
    // Few searches are told of one by one, of many the causes.
    let (one_by_one, mut untold) = (!for_people || places.len() <= FEW, 0);
    let started = Instant::now();
    let finished = |one: Finished| {
        if !one.messages.is_empty() && !one_by_one {
            untold += usize::from(one.summary.error.is_none());
        } else if !one.messages.is_empty() {
            match &bar {
                Some(bar) => bar.suspend(|| terminal.error_text(&one.messages)),
                None => terminal.error_text(&one.messages),
            }
        }
        if !one.shown.is_empty() {
            std::io::stdout().write_all(&one.shown)?;
        }
        // Whoever reads lines gets them as they come.
        if sink.format == Format::Ndjson {
            sink.write_rows(&summary_rows(std::slice::from_ref(&one.summary))?)?;
        }
        ended.extend(one.ended);
        summaries.push(one.summary);
        created.push_str(&one.created);
        Ok(())
    };
    let at_once = arguments.jobs.map(usize::from).and_then(NonZero::new);
    let runner = Runner { at_once, rows, bar: bar.clone() };
    let ran = runner.run(&batch, &places, terminal, finished).await;
    if let Some(bar) = &bar {
        bar.finish();
    }
    ran?;
    let elapsed = started.elapsed();
    let report = RunReport::new(ended, elapsed);
    for file in &arguments.report {
        let zone = batch.engine.clock().time_zone;
        let text = match report_format(file)? {
            ReportFormat::Page => run_page::page(&report, &Attack::of(batch.engine.knowledge()), zone),
            ReportFormat::Markdown => run_markdown::report(&report, zone),
        };
        write_whole(file, &text)?;
        terminal.note(format_args!("report written to {}", file.display()));
    }
    if for_people {
        sink.write_all(people::text(&report, sink.layout).as_bytes())?;
        sink.flush()?;
        if untold > 0 {
            terminal.note(format_args!("{untold} of them have warnings; --format table shows them"));
        }
        say_why(&batch, &summaries, &arguments.engine.data, terminal).await;
    } else if sink.format != Format::Ndjson {
        sink.write_rows(&summary_rows(&summaries)?)?;
    }
    if let Some(file) = &arguments.junit {
        write_junit(file, &summaries, elapsed, arguments.fail_on)?;
    }
    if let Some(file) = &arguments.risk {
        write_whole(file, &created)?;
        terminal.note(format_args!("{} risk events and findings in {}", created.lines().count(), file.display()));
    }
    if !for_people || elapsed >= SLOW {
        slowest(&summaries, arguments.slowest, terminal);
    }
    finish(&summaries, elapsed, arguments.fail_on, for_people, terminal)
}

/// The kinds of reports.
enum ReportFormat {
    Page,
    Markdown,
}

/// The kind of report that the ending of a file stands for.
fn report_format(file: &Path) -> Result<ReportFormat, Stop> {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "html" | "htm" => Ok(ReportFormat::Page),
        "md" => Ok(ReportFormat::Markdown),
        _ => Err(Stop::Usage(format!("--report: the ending of {} is neither .html nor .md", file.display()))),
    }
}

/// Why searches found nothing, when they are few.
async fn say_why(batch: &Batch, summaries: &[Summary], data: &DataOptions, terminal: &Terminal) {
    if batch.jobs.len() > FEW {
        if summaries.iter().all(|one| one.rows.unwrap_or_default() == 0) {
            terminal.note("`splq coverage` with the same options shows which of them can find something in these logs");
        }
        return;
    }
    for (job, _) in batch.jobs.iter().zip(summaries).filter(|(_, one)| one.rows == Some(0) && one.error.is_none()) {
        if let Some(search) = job.search() {
            empty::explain(&batch.engine, search, data, &format!("{}: ", job.query.name), terminal).await;
        }
    }
}

/// The jobs, those first that write a lookup which another reads: a baseline before its detections.
fn writers_first(jobs: Vec<Arc<Job>>) -> Vec<Arc<Job>> {
    let plain = |name: &str| name.trim_end_matches(".gz").trim_end_matches(".csv").to_owned();
    let lookups = |job: &Job| {
        let effects = job.search().map(|search| pipeline_effects(&search.pipeline));
        let (mut written, mut read) = (BTreeSet::new(), BTreeSet::new());
        if let Some(effects) = effects {
            let lookup = |one: &&Written| one.what == Writes::Lookup;
            written.extend(effects.writes.iter().filter(lookup).filter_map(|one| Some(plain(one.target.as_ref()?))));
            read.extend(effects.objects.iter().filter(|(object, _)| *object == Object::Lookup).map(|(_, name)| plain(name)));
        }
        read.retain(|name| !written.contains(name));
        (written, read)
    };
    let all: Vec<_> = jobs.iter().map(|job| lookups(job)).collect();
    let wanted: BTreeSet<&String> = all.iter().flat_map(|(_, read)| read).collect();
    let (first, then): (Vec<_>, Vec<_>) =
        jobs.into_iter().zip(&all).partition(|(_, (written, _))| written.iter().any(|name| wanted.contains(name)));
    first.into_iter().chain(then).map(|(job, _)| job).collect()
}

/// The saved searches that are not disabled; Splunk runs no others.
pub fn enabled(saved: Vec<Query>, terminal: &Terminal) -> Vec<Query> {
    let count = saved.len();
    let enabled: Vec<Query> =
        saved.into_iter().filter(|query| query.saved.as_ref().is_none_or(|saved| !saved.disabled)).collect();
    if enabled.len() < count {
        let disabled = count - enabled.len();
        let are = if disabled == 1 { "saved search is" } else { "saved searches are" };
        terminal.note(format_args!("{disabled} {are} disabled"));
    }
    enabled
}

/// Writes the JUnit report.
fn write_junit(file: &Path, summaries: &[Summary], elapsed: Duration, fail_on: FailOn) -> Result<(), Stop> {
    let failures = if fail_on == FailOn::Hit { junit::Failures::Hits } else { junit::Failures::Problems };
    let report = junit::report(summaries, elapsed, failures);
    write_whole(file, &report.map_err(|error| Stop::Failed(format!("can't make the JUnit report: {error}")))?)
}

/// The summaries as rows.
pub fn summary_rows(summaries: &[Summary]) -> Result<Results, Stop> {
    let text =
        |value: fn(&Summary) -> Option<&str>| -> ArrayRef { Arc::new(summaries.iter().map(value).collect::<StringArray>()) };
    let number =
        |value: fn(&Summary) -> Option<i64>| -> ArrayRef { Arc::new(summaries.iter().map(value).collect::<Int64Array>()) };
    // To a tenth of a millisecond.
    let tenths = |summary: &Summary| (summary.elapsed.as_secs_f64() * 10_000.0).round() / 10.0;
    let milliseconds: ArrayRef = Arc::new(Float64Array::from_iter_values(summaries.iter().map(tenths)));
    output::rows(vec![
        ("query", text(|summary| Some(&summary.query))),
        ("status", text(|summary| Some(if summary.error.is_none() { "ok" } else { "error" }))),
        ("rows", number(|summary| summary.rows.map(|rows| rows as i64))),
        ("elapsed_ms", milliseconds),
        ("error", text(|summary| summary.error.as_deref())),
    ])
}

/// A bar that counts searches, when somebody watches and nothing else is printed meanwhile.
fn progress(count: usize, terminal: &Terminal, format: Format) -> Option<Bar> {
    let lines = terminal.stdout && format == Format::Ndjson;
    if !terminal.stderr || terminal.quiet || lines || count < 10 {
        return None;
    }
    Some(Bar::new(count))
}

/// The searches that took longest, when there are more than those.
fn slowest(summaries: &[Summary], most: usize, terminal: &Terminal) {
    if most == 0 || summaries.len() <= most {
        return;
    }
    let mut ordered: Vec<&Summary> = summaries.iter().collect();
    ordered.sort_by_key(|summary| std::cmp::Reverse(summary.elapsed));
    terminal.note("slowest:");
    for summary in &ordered[..most] {
        let rows = summary.rows.map_or("failed".to_owned(), |rows| format!("{} rows", HumanCount(rows as u64)));
        terminal.note(format_args!("{:>10}  {} ({rows})", duration(summary.elapsed), summary.query));
    }
}

/// The last line, unless it was told of already, and whether all went well.
fn finish(summaries: &[Summary], elapsed: Duration, fail_on: FailOn, told: bool, terminal: &Terminal) -> Result<(), Stop> {
    let failed = summaries.iter().filter(|summary| summary.error.is_some()).count();
    let found = summaries.iter().filter(|summary| summary.rows.is_some_and(|rows| rows > 0)).count();
    let count = |number: usize| HumanCount(number as u64);
    if !told {
        terminal.note(format_args!(
            "{} {}, {} failed, {} with rows, {}",
            count(summaries.len()),
            if summaries.len() == 1 { "search" } else { "searches" },
            count(failed),
            count(found),
            duration(elapsed)
        ));
    }
    let fails = match fail_on {
        FailOn::Error => failed > 0,
        FailOn::Hit => failed > 0 || summaries.iter().any(Summary::is_hit),
        FailOn::None => false,
    };
    if fails { Err(Stop::Reported) } else { Ok(()) }
}
