//! `splq test`: the unit tests of detections over their attack data.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use futures::StreamExt;
use indexmap::IndexMap;
use indicatif::HumanCount;
use spl_detections::detection::Detection;
use spl_detections::detection_test::{TestKind, TestOptions, TestStatus};
use spl_detections::report::junit;
use spl_detections::repository::{self, Repository};
use spl_detections::test_run::{TestResult, TestRunner, TestedDetection};
use spl_exec::{Engine, Results};
use spl_sources::LoadOptions;

use crate::arguments::{SettingOptions, TestArguments};
use crate::batch::{Monotonic, threads};
use crate::commands::query::duration;
use crate::commands::run::write_report;
use crate::diagnostics::{report, report_failure, report_general};
use crate::index_time::index_time_rules;
use crate::loading::warn;
use crate::output::{self, Format, Sink};
use crate::queries::{Queries, Query, find, select};
use crate::session;
use crate::settings::settings;
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Runs the tests, one row each; one that fails does not stop the others.
///
/// # Errors
/// What [`Stop`] lists; [`Stop::Reported`] when a test failed or could not be run.
pub async fn test(arguments: &TestArguments, terminal: &Terminal) -> Result<(), Stop> {
    Sink::check(&arguments.output, terminal)?;
    if arguments.settings.earliest.is_some() || arguments.settings.latest.is_some() {
        return Err(Stop::Usage("tests search all time: --earliest and --latest have no meaning here".to_owned()));
    }
    let Queries { queries, skipped } = find(&arguments.paths)?;
    let queries = select(queries, &arguments.selection, terminal)?;
    let (detections, others): (Vec<Query>, Vec<Query>) =
        queries.into_iter().partition(|query| query.detection.is_some() || query.search.is_err());
    if skipped + others.len() > 0 {
        terminal.note(format_args!("{} files that are no detections skipped", HumanCount((skipped + others.len()) as u64)));
    }
    if detections.is_empty() {
        return Err(Stop::Failed("no detections found: none of the files is a detection with a `search`".to_owned()));
    }
    let started = Instant::now();
    let mut sink = Sink::open(&arguments.output, terminal, chrono_tz::Tz::UTC)?;
    let mut tested: Vec<TestedDetection> = Vec::new();
    for (root, queries) in by_repository(detections)? {
        let bench = Bench::new(&root, arguments, terminal)?;
        let at_once = arguments.jobs.map_or_else(|| threads(&bench.engine), usize::from);
        let tests = queries.iter().map(|query| bench.test(query, terminal));
        let mut tests = futures::stream::iter(tests).buffered(at_once);
        while let Some(one) = tests.next().await {
            // Whoever reads lines gets them as they come.
            if sink.format == Format::Ndjson {
                sink.write_rows(&rows(std::slice::from_ref(&one))?)?;
            }
            tested.push(one);
        }
    }
    if sink.format != Format::Ndjson {
        sink.write_rows(&rows(&tested)?)?;
    }
    if let Some(file) = &arguments.junit {
        write_report(file, junit::test_report(&tested, started.elapsed()))?;
    }
    finish(&tested, started, terminal)
}

/// Detections by the repository that they belong to, in the order that they were found.
fn by_repository(queries: Vec<Query>) -> Result<IndexMap<PathBuf, Vec<Query>>, Stop> {
    let mut repositories: IndexMap<PathBuf, Vec<Query>> = IndexMap::new();
    for query in queries {
        let absolute = std::path::absolute(&query.file).unwrap_or_else(|_| query.file.clone());
        let Some(root) = repository::find(&absolute) else {
            return Err(Stop::Failed(format!(
                "{} is in no content repository: no folder above it holds contentctl.yml, or macros, lookups and detections",
                query.file.display()
            )));
        };
        repositories.entry(root).or_default().push(query);
    }
    Ok(repositories)
}

/// What the tests of a repository run on.
struct Bench {
    repository: Repository,
    engine: Engine,
    load: LoadOptions,
    /// Names of the detections that baselines name.
    with_baselines: HashSet<String>,
    clock: Monotonic,
}

impl Bench {
    fn new(root: &Path, arguments: &TestArguments, terminal: &Terminal) -> Result<Self, Stop> {
        let repository = Repository::open(root);
        report_general(terminal, &repository.problems);
        let settings_file = repository.settings.iter().map(|read| (&read.file, &read.text, &read.problems));
        let baselines = repository.baselines.iter().map(|read| (&read.file, &read.text, &read.problems));
        for (file, text, problems) in settings_file.chain(baselines) {
            report(terminal, &Source::new(file.display().to_string(), text.clone()), None, problems);
        }
        let mut knowledge = session::base(&arguments.knowledge);
        session::warn(terminal, repository.add_to(&mut knowledge));
        let knowledge = session::add_knowledge(knowledge, &arguments.knowledge, terminal)?;
        // Times of splq.toml are for searches over logs.
        let settings = settings(&SettingOptions { configured_times: (None, None), ..arguments.settings.clone() })?;
        let (now, time_zone, threads) = (settings.clock.now, settings.clock.time_zone, settings.threads);
        let engine = Engine::new(knowledge, settings).map_err(|problem| session::stop(terminal, &problem))?;
        let index_time = index_time_rules(&engine);
        let load = LoadOptions { now, time_zone, threads, index_time, ..LoadOptions::default() };
        let with_baselines = repository.detections_with_baselines().into_iter().map(str::to_owned).collect();
        Ok(Self { repository, engine, load, with_baselines, clock: Monotonic::start() })
    }

    /// Runs the tests of one detection and draws what is wrong with its search.
    async fn test(&self, query: &Query, terminal: &Terminal) -> TestedDetection {
        let mut tested = TestedDetection {
            name: query.metadata.title.clone().unwrap_or_else(|| query.name.clone()),
            file: query.file.display().to_string(),
            problem: None,
            results: Vec::new(),
        };
        match (&query.search, &query.detection) {
            (Err(message), _) => tested.problem = Some(message.clone()),
            (Ok(_), Some(detection)) => tested.results = self.run(detection, query, terminal).await,
            (Ok(_), None) => {}
        }
        tested
    }

    async fn run(&self, detection: &Detection, query: &Query, terminal: &Terminal) -> Vec<TestResult> {
        let name = detection.name.as_ref().map(|name| name.value.as_str());
        let has_baseline = name.is_some_and(|name| self.with_baselines.contains(name));
        let runner =
            TestRunner { engine: &self.engine, repository: &self.repository, load: self.load.clone(), clock: &self.clock };
        let results = runner.run(detection, TestOptions { integration: false, has_baseline }).await;
        for result in &results {
            if let Some(loaded) = &result.loaded {
                warn(loaded, terminal);
            }
            report(terminal, &query.source, result.expansion.as_ref(), &result.warnings);
            if let Some(failure) = &result.failure {
                report_failure(terminal, &query.source, failure);
            }
        }
        results
    }
}

/// A row of the output.
type Row<'t> = (&'t TestedDetection, Option<&'t TestResult>);

/// One row per test. Integration tests are never run yet, so they have no rows.
fn rows(tested: &[TestedDetection]) -> Result<Results, Stop> {
    let mut all: Vec<Row<'_>> = Vec::new();
    for one in tested {
        let before = all.len();
        all.extend(one.results.iter().filter(|result| result.kind != TestKind::Integration).map(|result| (one, Some(result))));
        if all.len() == before {
            all.push((one, None));
        }
    }
    let texts = |value: fn(&Row<'_>) -> Option<String>| -> ArrayRef { Arc::new(all.iter().map(value).collect::<StringArray>()) };
    let counts = all.iter().map(|(_, result)| result.and_then(|result| result.rows).map(|rows| rows as i64));
    let milliseconds = all.iter().map(|(_, result)| {
        let elapsed = result.filter(|result| !result.elapsed.is_zero())?.elapsed;
        Some((elapsed.as_secs_f64() * 10_000.0).round() / 10.0)
    });
    output::rows(vec![
        ("detection", texts(|(one, _)| Some(one.name.clone()))),
        ("test", texts(|(_, result)| result.map(|result| result.name.clone()))),
        ("kind", texts(|(_, result)| result.map(|result| result.kind.name().to_owned()))),
        ("status", texts(|(one, result)| Some(result.map_or(one.status(), |result| result.status).name().to_owned()))),
        ("rows", Arc::new(counts.collect::<Int64Array>())),
        ("elapsed_ms", Arc::new(milliseconds.collect::<Float64Array>())),
        ("message", texts(|(one, result)| Some(result.map_or_else(|| one.message(), |result| result.message.clone())))),
    ])
}

/// The last line, and whether all went well.
fn finish(tested: &[TestedDetection], started: Instant, terminal: &Terminal) -> Result<(), Stop> {
    let of = |status: TestStatus| tested.iter().filter(|one| one.status() == status).count();
    let count = |number: usize| HumanCount(number as u64);
    let (passed, failed, skipped) = (of(TestStatus::Pass), of(TestStatus::Fail), of(TestStatus::Skip));
    terminal.note(format_args!(
        "{} {}: {} passed, {} failed, {} skipped, {}; integration tests are not run",
        count(tested.len()),
        if tested.len() == 1 { "detection" } else { "detections" },
        count(passed),
        count(failed),
        count(skipped),
        duration(started.elapsed())
    ));
    if failed > 0 { Err(Stop::Reported) } else { Ok(()) }
}
