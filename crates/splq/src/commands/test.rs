//! `splq test`: the tests of detections over their attack data.

mod changed;
mod conditions;
mod reports;
mod watch;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use futures::StreamExt;
use indexmap::IndexMap;
use indicatif::HumanCount;
use spl_detections::attack::Attack;
use spl_detections::batch::Progress;
use spl_detections::content_file::ContentFile;
use spl_detections::detection_test::{TestKind, TestStatus};
use spl_detections::repository::{self, Repository, absolute};
use spl_detections::test_plan::{INTEGRATION_OFF as OFF, TestOptions};
use spl_detections::test_run::{TestResult, TestRunner, TestedDetection};
use spl_detections::tests_file::TestsFile;
use spl_exec::{Engine, Results};
use spl_knowledge::Knowledge;
use spl_parser::Diagnostic;
use spl_sources::LoadOptions;

use crate::arguments::{KnowledgeOptions, SelectionOptions, TestArguments};
use crate::batch::{Bar, Monotonic, threads};
use crate::commands::query::duration;
use crate::diagnostics::{report, report_failure};
use crate::download;
use crate::index_time::index_time_rules;
use crate::loading::warn;
use crate::output::{self, Format, Sink};
use crate::queries::{Queries, Query, find, places, select};
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
    if arguments.watch {
        return watch::watch(arguments, terminal).await;
    }
    let mut arguments = arguments.clone();
    let detections = detections_and_alerts(&mut arguments, terminal)?;
    let arguments = &arguments;
    let started = Instant::now();
    let mut sink = Sink::open(&arguments.output, terminal, chrono_tz::Tz::UTC)?;
    let Ran { tested, integration } = run(detections, arguments, None, Some(&mut sink), terminal).await?;
    if tested.is_empty() {
        terminal.note("no detection is concerned by the changes");
    }
    if sink.format != Format::Ndjson {
        sink.write_rows(&rows_of(&tested, arguments.coverage)?)?;
    }
    if arguments.coverage {
        conditions::finish(&tested, terminal);
    }
    reports::write(arguments, &tested, started.elapsed(), integration)?;
    finish(&tested, started, integration, terminal)
}

/// The detections below paths that are selected. What is no detection is skipped.
///
/// # Errors
/// Paths that can't be read, selections without a match, no detections.
pub fn detections(paths: &[PathBuf], selection: &SelectionOptions, terminal: &Terminal) -> Result<Vec<Query>, Stop> {
    only_detections(find(paths)?, selection, terminal)
}

/// The same of the paths of `splq test`, which may name apps: their saved searches are among them, and their knowledge is added
/// to the options.
fn detections_and_alerts(arguments: &mut TestArguments, terminal: &Terminal) -> Result<Vec<Query>, Stop> {
    let named = places(&arguments.paths, &mut arguments.knowledge);
    let mut found = named.find()?;
    if !named.apps.is_empty() {
        let known = session::knowledge(&arguments.knowledge, &Terminal { quiet: true, ..*terminal })?;
        found.queries.extend(named.saved_searches(&known)?);
    }
    only_detections(found, &arguments.selection, terminal)
}

fn only_detections(found: Queries, selection: &SelectionOptions, terminal: &Terminal) -> Result<Vec<Query>, Stop> {
    let Queries { queries, skipped } = found;
    let queries = select(queries, selection, terminal)?;
    let (detections, others): (Vec<Query>, Vec<Query>) =
        queries.into_iter().partition(|query| query.detection.is_some() || query.search.is_err());
    if skipped + others.len() > 0 {
        terminal.note(format_args!("{} files that are no detections skipped", HumanCount((skipped + others.len()) as u64)));
    }
    if detections.is_empty() {
        return Err(Stop::Failed("no detections found: none of the files is a detection with a `search`".to_owned()));
    }
    Ok(detections)
}

/// Detections whose tests ended.
pub struct Ran {
    /// In the order that they were found.
    pub tested: Vec<TestedDetection>,
    /// Whether integration tests ran too.
    integration: bool,
}

/// Runs the tests of detections, repository by repository; with changed files, those that they concern. With a sink for lines
/// its rows are written as they come; without a sink nothing is drawn.
///
/// # Errors
/// Detections outside of a repository, knowledge and settings that can't be used.
pub async fn run(
    detections: Vec<Query>,
    arguments: &TestArguments,
    changed: Option<&BTreeSet<PathBuf>>,
    mut sink: Option<&mut Sink>,
    terminal: &Terminal,
) -> Result<Ran, Stop> {
    let mut ran = Ran { tested: Vec::new(), integration: arguments.integration };
    for (root, queries) in by_repository(detections)? {
        let mut bench = Bench::new(&root, arguments, terminal)?;
        bench.taken = taken(&queries);
        let queries = match &arguments.changed_since {
            Some(reference) => changed::only(queries, reference, &bench.runner, terminal)?,
            None => queries,
        };
        let queries = match changed {
            Some(files) => changed::concerned(queries, files.iter().cloned(), &bench.runner),
            None => queries,
        };
        ran.integration |= bench.integration;
        if arguments.download {
            bench.fetch(&queries, arguments, terminal)?;
        }
        let stopped = bench.run(queries, arguments, sink.as_deref_mut(), &mut ran.tested, terminal).await?;
        if stopped {
            terminal.note("stopped at the first detection that failed (--fail-fast)");
            break;
        }
    }
    Ok(ran)
}

/// Detections whose name another one before them has, each with the file of that.
fn taken(queries: &[Query]) -> HashMap<PathBuf, String> {
    let mut first: HashMap<&str, &Query> = HashMap::new();
    let mut taken = HashMap::new();
    for query in queries.iter().filter(|query| query.saved.is_none()) {
        let Some(name) = query.detection.as_ref().and_then(|detection| detection.name.as_ref()) else { continue };
        match first.get(name.value.as_str()) {
            // The same file named twice is no other one.
            Some(other) if absolute(&other.file) == absolute(&query.file) => {}
            Some(other) => drop(taken.insert(query.file.clone(), other.file.display().to_string())),
            None => drop(first.insert(&name.value, query)),
        }
    }
    taken
}

/// Detections by the repository that they belong to, in the order that they were found.
pub fn by_repository(queries: Vec<Query>) -> Result<IndexMap<PathBuf, Vec<Query>>, Stop> {
    let mut repositories: IndexMap<PathBuf, Vec<Query>> = IndexMap::new();
    for query in queries {
        let Some(root) = root_of(&query) else {
            return Err(Stop::Failed(format!(
                "{} is in no content repository: no folder above it holds contentctl.yml, or macros, lookups and detections",
                query.file.display()
            )));
        };
        repositories.entry(root).or_default().push(query);
    }
    Ok(repositories)
}

/// The repository of a detection; of a saved search its app, below which its data stand.
fn root_of(query: &Query) -> Option<PathBuf> {
    let file = absolute(&query.file);
    match &query.saved {
        Some(_) => Some(file.parent()?.parent()?.to_owned()),
        None => repository::find(&file),
    }
}

/// A repository and its knowledge, over what splq brings and below what the options name. What is wrong with its files is shown.
///
/// # Errors
/// What the options name and can't be had.
pub fn repository_knowledge(
    root: &Path,
    options: &KnowledgeOptions,
    terminal: &Terminal,
) -> Result<(Repository, Knowledge), Stop> {
    let repository = Repository::open(root);
    let knowledge = session::knowledge_of([&repository], options, terminal)?;
    Ok((repository, knowledge))
}

/// What the tests of a repository run on.
struct Bench {
    runner: TestRunner,
    /// Names of the detections that baselines name.
    with_baselines: HashSet<String>,
    /// Files of detections whose name is taken, with the file that has it.
    taken: HashMap<PathBuf, String>,
    /// Integration tests run too.
    integration: bool,
    /// What the tests notice is found out too.
    coverage: bool,
}

impl Bench {
    fn new(root: &Path, arguments: &TestArguments, terminal: &Terminal) -> Result<Self, Stop> {
        let (mut repository, knowledge) = repository_knowledge(root, &arguments.knowledge, terminal)?;
        repository.fetched = download::folder(arguments.cache.as_deref());
        let settings = settings(&arguments.settings)?;
        let (now, time_zone, threads) = (settings.clock.now, settings.clock.time_zone, settings.threads);
        let attack = Arc::new(Attack::of(&knowledge));
        let engine = Engine::new(knowledge, settings).map_err(|problem| session::stop(terminal, &problem))?;
        let index_time = index_time_rules(&engine);
        let load = LoadOptions { now, time_zone, threads, index_time, ..LoadOptions::default() };
        let with_baselines = repository.detections_with_baselines().into_iter().map(str::to_owned).collect();
        let configured = repository.settings.as_ref().and_then(|file| file.value.as_ref());
        let integration = arguments.integration || configured.is_some_and(|settings| settings.integration_tests);
        let runner = TestRunner { engine, repository: Arc::new(repository), load, clock: Arc::new(Monotonic::start()), attack };
        Ok(Self { runner, with_baselines, taken: HashMap::new(), integration, coverage: arguments.coverage })
    }

    /// Fetches the data that the tests need and that are not there.
    fn fetch(&self, queries: &[Query], arguments: &TestArguments, terminal: &Terminal) -> Result<(), Stop> {
        let missing = queries.iter().filter_map(|query| query.detection.as_ref().map(|detection| (query, detection)));
        let missing = missing.flat_map(|(query, detection)| {
            let beside = TestsFile::at(query.tests_file()).and_then(|file| file.value);
            self.runner.repository.downloads(detection, beside.as_ref(), self.options(query))
        });
        download::fetch(missing.collect(), arguments.certificates.as_deref(), terminal)
    }

    /// What decides beside the file of a detection which of its tests run.
    fn options(&self, query: &Query) -> TestOptions {
        let name = query.detection.as_ref().and_then(|detection| detection.name.as_ref()).map(|name| name.value.as_str());
        let has_baseline = name.is_some_and(|name| self.with_baselines.contains(name));
        TestOptions { integration: self.integration, has_baseline }
    }

    /// Runs the tests of detections side by side; true when one failed and no other is to follow.
    async fn run(
        &self,
        queries: Vec<Query>,
        arguments: &TestArguments,
        mut sink: Option<&mut Sink>,
        tested: &mut Vec<TestedDetection>,
        terminal: &Terminal,
    ) -> Result<bool, Stop> {
        let at_once = arguments.jobs.map_or_else(|| threads(&self.runner.engine), usize::from);
        let is_ndjson = sink.as_ref().is_some_and(|sink| sink.format == Format::Ndjson);
        let lines = terminal.stdout && is_ndjson;
        let watched = terminal.stderr && !terminal.quiet && !lines && queries.len() >= 10;
        let bar = watched.then(|| Bar::new(queries.len()));
        let mut failed = false;
        let queries: Vec<Arc<Query>> = queries.into_iter().map(Arc::new).collect();
        let tests = queries.into_iter().enumerate().map(|(place, query)| self.task(place, query, bar.clone()));
        let mut tests = futures::stream::iter(tests).buffered(at_once.max(1));
        while let Some((query, file, one)) = tests.next().await {
            match (&sink, &bar) {
                (None, _) => {}
                (_, Some(bar)) => {
                    bar.suspend(|| draw(&query, file.as_ref(), &one, self.taken.contains_key(&query.file), terminal))
                }
                (_, None) => draw(&query, file.as_ref(), &one, self.taken.contains_key(&query.file), terminal),
            }
            // Whoever reads lines gets them as they come.
            if let Some(sink) = sink.as_mut().filter(|_| is_ndjson) {
                sink.write_rows(&rows_of(std::slice::from_ref(&one), self.coverage)?)?;
            }
            failed |= one.status() == TestStatus::Fail;
            tested.push(one);
            if failed && arguments.fail_fast {
                break;
            }
        }
        if let Some(bar) = &bar {
            bar.finish();
        }
        Ok(failed && arguments.fail_fast)
    }

    /// Runs the tests of one detection on a thread of its own, so that a panic ends only it.
    async fn task(&self, place: usize, query: Arc<Query>, bar: Option<Bar>) -> Tested {
        if let Some(bar) = &bar {
            bar.started(place, &query);
        }
        let options = self.options(&query);
        let (runner, running, coverage) = (self.runner.clone(), Arc::clone(&query), self.coverage);
        let taken = self.taken.get(&query.file).cloned();
        let tested = tokio::spawn(async move { tested(&runner, &running, options, coverage, taken).await }).await;
        if let Some(bar) = &bar {
            bar.ended(place);
        }
        let (file, one) = tested.unwrap_or_else(|_| {
            let problem = Some("internal error in splq: please report it, with the detection".to_owned());
            (None, TestedDetection { problem, ..begun(&query) })
        });
        (query, file, one)
    }
}

/// A detection, the file beside it and what came of its tests.
type Tested = (Arc<Query>, Option<ContentFile<TestsFile>>, TestedDetection);

/// A detection before its tests.
fn begun(query: &Query) -> TestedDetection {
    TestedDetection {
        name: query.metadata.title.clone().unwrap_or_else(|| query.name.clone()),
        file: query.file.display().to_string(),
        detection: query.detection.clone().map(Arc::new),
        source: Some(query.source.clone()),
        ..TestedDetection::default()
    }
}

async fn tested(
    runner: &TestRunner,
    query: &Query,
    options: TestOptions,
    coverage: bool,
    taken: Option<String>,
) -> (Option<ContentFile<TestsFile>>, TestedDetection) {
    let mut one = begun(query);
    if let Some(other) = taken {
        one.problem = Some(format!("the name `{}` is taken: {other} has it too", one.name));
        return (None, one);
    }
    if let Err(message) = &query.search {
        one.problem = Some(message.clone());
        return (None, one);
    }
    let file = TestsFile::at(query.tests_file());
    // No test passes because what it expects could not be read.
    let problem = file.iter().find_map(|file| Some((file, file.problems.first()?)));
    one.problem = problem.map(|(file, problem)| match file.value {
        Some(_) => format!("{}: {}", file.file.display(), problem.message),
        None => problem.message.clone(),
    });
    if let (None, Some(detection)) = (&one.problem, one.detection.clone()) {
        let beside = file.as_ref().and_then(|file| file.value.as_ref());
        one.results = runner.run(&detection, beside, options).await;
        if coverage {
            one.coverage = Some(runner.coverage(&detection, beside, options).await);
        }
    }
    (file, one)
}

/// Draws what is wrong with a detection's search, its data and the file beside it.
fn draw(query: &Query, file: Option<&ContentFile<TestsFile>>, one: &TestedDetection, is_taken: bool, terminal: &Terminal) {
    if let Some(file) = file {
        report(terminal, &Source::new(file.file.display().to_string(), file.text.clone()), None, &file.problems);
    }
    let name = query.detection.as_ref().and_then(|detection| detection.name.as_ref());
    let taken = one.problem.as_ref().filter(|_| is_taken).zip(name);
    let taken = taken.map(|(problem, name)| Diagnostic::error("test/name", problem.clone(), name.span));
    if let Some(problem) = query.problem().filter(|problem| problem.span().is_some()).or(taken) {
        report(terminal, &Source::new(query.source.name.clone(), query.source.text.clone()), None, &[problem]);
    }
    let of_detection =
        |problem: &Diagnostic| query.detection.as_ref().is_some_and(|detection| detection.test_problems.contains(problem));
    let mut told: Option<&Diagnostic> = None;
    for result in &one.results {
        if let Some(loaded) = &result.loaded {
            warn(loaded, terminal);
        }
        report(terminal, &query.source, result.expansion.as_ref(), &result.warnings);
        if let Some(failure) = &result.failure {
            report_failure(terminal, &query.source, failure);
        }
        if let Some(problem) = &result.problem {
            // The same trouble of several tests is shown once.
            if told.replace(problem).is_none_or(|other| other != problem) {
                let beside = file.filter(|_| result.kind == TestKind::Own && !of_detection(problem));
                let source = match beside {
                    Some(file) => Source::new(file.file.display().to_string(), file.text.clone()),
                    None => Source::new(query.source.name.clone(), query.source.text.clone()),
                };
                report(terminal, &source, None, std::slice::from_ref(problem));
            }
        }
    }
}

/// A row of the output.
type Row<'t> = (&'t TestedDetection, Option<&'t TestResult>);

/// How a test ended; without one its detection, which is an error when it can't be read.
fn status(one: &TestedDetection, result: Option<&TestResult>) -> TestStatus {
    match (result, &one.problem) {
        (Some(result), _) => result.status,
        (None, Some(_)) => TestStatus::Error,
        (None, None) => one.status(),
    }
}

/// The rows that are asked for: tests, or conditions.
fn rows_of(tested: &[TestedDetection], coverage: bool) -> Result<Results, Stop> {
    if coverage { conditions::rows(tested) } else { rows(tested) }
}

/// One row per test. Integration tests that are switched off have no rows.
fn rows(tested: &[TestedDetection]) -> Result<Results, Stop> {
    let mut all: Vec<Row<'_>> = Vec::new();
    for one in tested {
        let before = all.len();
        for (place, result) in one.results.iter().enumerate() {
            // What is skipped as a whole says so once.
            let again = place > 0 && one.results[place - 1].message == result.message;
            let silent = result.kind == TestKind::Integration && result.status == TestStatus::Skip;
            if !silent || !(again || result.message == OFF) {
                all.push((one, Some(result)));
            }
        }
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
        ("status", texts(|(one, result)| Some(status(one, *result).name().to_owned()))),
        ("rows", Arc::new(counts.collect::<Int64Array>())),
        ("elapsed_ms", Arc::new(milliseconds.collect::<Float64Array>())),
        ("message", texts(|(one, result)| Some(result.map_or_else(|| one.message(), |result| result.message.clone())))),
    ])
}

/// The last line, and whether all went well.
fn finish(tested: &[TestedDetection], started: Instant, integration: bool, terminal: &Terminal) -> Result<(), Stop> {
    let of = |status: TestStatus| tested.iter().filter(|one| one.status() == status).count();
    let count = |number: usize| HumanCount(number as u64);
    let (passed, failed, skipped) = (of(TestStatus::Pass), of(TestStatus::Fail), of(TestStatus::Skip));
    terminal.note(format_args!(
        "{} {}: {} passed, {} failed, {} skipped, {}{}",
        count(tested.len()),
        if tested.len() == 1 { "detection" } else { "detections" },
        count(passed),
        count(failed),
        count(skipped),
        duration(started.elapsed()),
        if integration { "" } else { "; --integration runs integration tests too" }
    ));
    if failed > 0 { Err(Stop::Reported) } else { Ok(()) }
}
