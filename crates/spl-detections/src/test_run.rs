//! Unit tests of a detection: their data are loaded, its search is run over them, its rows are judged.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use spl_exec::{Engine, Failure, Search};
use spl_macros::Expansion;
use spl_parser::{Diagnostic, Severity};
use spl_sources::{LoadOptions, LoadReport, load};

use crate::batch::Clock;
use crate::detection::Detection;
use crate::detection_test::{AttackData, DetectionTest, PlannedTest, TestKind, TestOptions, TestStatus, plan};
use crate::effects::writes;
use crate::repository::Repository;
use crate::verdict::{Verdict, decide_results};

/// A test as it ended.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// Its name; empty when the file gives none.
    pub name: String,
    /// What it looked at.
    pub kind: TestKind,
    /// How it ended.
    pub status: TestStatus,
    /// Why, in one sentence.
    pub message: String,
    /// The verdict over the rows, when there were rows to judge.
    pub verdict: Option<Verdict>,
    /// Why the search could not be run.
    pub failure: Option<Failure>,
    /// What the search that ran has to say beside its rows.
    pub warnings: Vec<Diagnostic>,
    /// What the spans of the warnings refer to.
    pub expansion: Option<Expansion>,
    /// What was loaded, and what was wrong with it.
    pub loaded: Option<LoadReport>,
    /// Rows found; none when the search was not run.
    pub rows: Option<usize>,
    /// Loading and running.
    pub elapsed: Duration,
}

/// A detection whose tests ended.
#[derive(Clone, Debug)]
pub struct TestedDetection {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Why its file can't be read.
    pub problem: Option<String>,
    /// Its tests, in the order of its file.
    pub results: Vec<TestResult>,
}

impl TestedDetection {
    /// How it ended: one that can't be read failed, else what its tests say together.
    pub fn status(&self) -> TestStatus {
        match self.problem {
            Some(_) => TestStatus::Fail,
            None => TestStatus::of_detection(self.results.iter().map(|result| result.status)),
        }
    }

    /// What is to be said of it as a whole.
    pub fn message(&self) -> String {
        match &self.problem {
            Some(problem) => problem.clone(),
            None if self.results.is_empty() => "the detection has no tests".to_owned(),
            None => String::new(),
        }
    }
}

/// What tests run on.
pub struct TestRunner<'r> {
    /// With the repository's knowledge and without times of its own: tests search all time.
    pub engine: &'r Engine,
    /// Finds the data.
    pub repository: &'r Repository,
    /// How data are loaded; paths, fields, and what the events are taken in as come from the tests.
    pub load: LoadOptions,
    /// Measures how long tests take.
    pub clock: &'r dyn Clock,
}

impl TestRunner<'_> {
    /// Runs the tests of a detection that are to be run, one after another. Tests of kinds that are not built are skipped
    /// with that reason.
    pub async fn run(&self, detection: &Detection, options: TestOptions) -> Vec<TestResult> {
        let mut results = Vec::new();
        for planned in plan(detection, options) {
            let started = self.clock.now();
            let test = &detection.tests[planned.entry];
            let mut result = match (&planned.decided, planned.kind) {
                (Some((status, message)), _) => ended(test, &planned, *status, message.clone()),
                (None, TestKind::Unit) => self.unit(detection, test, &planned).await,
                (None, _) => ended(test, &planned, TestStatus::Skip, "tests of this kind are not run".to_owned()),
            };
            result.elapsed = self.clock.now().saturating_sub(started);
            results.push(result);
        }
        results
    }

    async fn unit(&self, detection: &Detection, test: &DetectionTest, planned: &PlannedTest) -> TestResult {
        let error = |message: String| ended(test, planned, TestStatus::Error, message);
        if let Some(problem) = detection.test_problems.first() {
            return error(problem.message.clone());
        }
        let Some(text) = &detection.search else { return error("the detection has no `search`".to_owned()) };
        let search = match self.engine.compile(text) {
            Ok(search) => search,
            Err(failure) => return failed(test, planned, failure),
        };
        let options = match self.load_options(test) {
            Ok(options) => LoadOptions { fields: self.engine.required_fields(&search), ..options },
            Err(message) => return error(message),
        };
        let loaded = match tokio::task::spawn_blocking(move || load(&options)).await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(problem)) => return error(format!("the data can't be loaded: {problem}")),
            Err(_) => return error("internal error in splq while data were loaded: please report it".to_owned()),
        };
        let (events, report) = (loaded.table.rows(), loaded.report);
        let engine = match self.engine_for(&search).and_then(|engine| engine.with_data(loaded.table)) {
            Ok(engine) => engine,
            Err(problem) => return error(problem.message),
        };
        match engine.run(&search).await {
            Ok(results) => {
                let verdict = decide_results(detection, &results);
                let mut message = verdict.reason.message();
                if results.rows() == 0 {
                    message.push_str(&format!(" in {events} {}", if events == 1 { "event" } else { "events" }));
                }
                let rows = Some(results.rows());
                let ended = ended(test, planned, verdict.status, message);
                let (warnings, expansion) = (results.warnings, Some(search.expansion));
                TestResult { rows, verdict: Some(verdict), warnings, expansion, loaded: Some(report), ..ended }
            }
            Err(failure) => TestResult { loaded: Some(report), ..failed(test, planned, failure) },
        }
    }

    /// The engine that a search runs on. Copies of an engine share what searches write, so a search that writes gets one of
    /// its own: no test sees what another wrote.
    fn engine_for(&self, search: &Search) -> Result<Engine, Diagnostic> {
        match writes(&search.pipeline) {
            true => Engine::new(self.engine.knowledge().clone(), self.engine.settings().clone()),
            false => Ok(self.engine.clone()),
        }
    }

    /// What a test loads.
    fn load_options(&self, test: &DetectionTest) -> Result<LoadOptions, String> {
        let Some(first) = test.attack_data.first() else { return Err("the test names no data that can be read".to_owned()) };
        let as_what = |data: &AttackData| {
            let text = |text: &Option<spl_parser::span::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
            (text(&data.source), text(&data.sourcetype), data.index().to_owned(), data.host_name().to_owned())
        };
        if test.attack_data.iter().any(|data| as_what(data) != as_what(first)) {
            return Err("data files of one test with different `source`, `sourcetype`, `custom_index` or `host` can't be loaded together yet"
                .to_owned());
        }
        let mut paths = Vec::with_capacity(test.attack_data.len());
        for data in &test.attack_data {
            let missing = || format!("the data {} are neither a file nor in a cache that contentctl.yml names", data.data.value);
            let file = self.repository.data_file(&data.data).ok_or_else(missing)?;
            check_data(&file)?;
            paths.push(file.display().to_string());
        }
        let (source, sourcetype, index, host) = as_what(first);
        Ok(LoadOptions { paths, source, sourcetype, index: Some(index), host: Some(host), ..self.load.clone() })
    }
}

/// How the pointer begins that git keeps in place of a large file.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Refuses what is no data: an empty file, a pointer of git-LFS.
fn check_data(file: &Path) -> Result<(), String> {
    let beginning = beginning(file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    if beginning.is_empty() {
        return Err(format!("{} is empty", file.display()));
    }
    if beginning.starts_with(POINTER) {
        return Err(format!("{} is a pointer of git-LFS in place of the data; `git lfs pull` fetches them", file.display()));
    }
    Ok(())
}

fn beginning(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(POINTER.len());
    std::fs::File::open(file)?.take(POINTER.len() as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn ended(test: &DetectionTest, planned: &PlannedTest, status: TestStatus, message: String) -> TestResult {
    TestResult {
        name: test.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        kind: planned.kind,
        status,
        message,
        verdict: None,
        failure: None,
        warnings: Vec::new(),
        expansion: None,
        loaded: None,
        rows: None,
        elapsed: Duration::ZERO,
    }
}

fn failed(test: &DetectionTest, planned: &PlannedTest, failure: Failure) -> TestResult {
    let mut errors = failure.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let message = errors.next().map_or_else(|| "the search failed".to_owned(), |error| error.message.clone());
    TestResult { failure: Some(failure), ..ended(test, planned, TestStatus::Error, message) }
}

#[cfg(test)]
#[path = "test_run/tests.rs"]
mod tests;
