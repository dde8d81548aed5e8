//! Tests of a detection: their data are loaded, its search is run over them, its rows and what they become are judged.

use std::sync::Arc;
use std::time::Duration;

use spl_exec::{Engine, Failure, Results, Search};
use spl_macros::Expansion;
use spl_parser::{Diagnostic, Severity};
use spl_sources::{FieldSelection, LoadOptions, LoadReport};

use crate::attack::Attack;
use crate::batch::Clock;
use crate::coverage_run::Coverage;
use crate::detection::Detection;
use crate::detection_test::{DetectionTest, TestKind, TestStatus};
use crate::effects::writes;
use crate::integration::{self, Created};
use crate::repository::Repository;
use crate::risk_definition::RiskDefinition;
use crate::risk_event::{Actions, RunFacts, notables, risk_events, search_name};
use crate::rows::{ResultRow, rows};
use crate::source::Source;
use crate::test_data::{TestData, loaded, sets, unreadable};
use crate::test_plan::{PlannedTest, TestOptions, plan};
use crate::tests_file::{TestsFile, all_tests};
use crate::verdict::{Reason, Verdict, decide_results};
use crate::why;

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
    /// What is wrong with the test or its data, at its place in the file that the test stands in.
    pub problem: Option<Diagnostic>,
    /// What the search that ran has to say beside its rows, and why the test failed.
    pub warnings: Vec<Diagnostic>,
    /// What the spans of the warnings refer to.
    pub expansion: Option<Expansion>,
    /// What was loaded, and what was wrong with it.
    pub loaded: Option<LoadReport>,
    /// Rows found; none when the search was not run.
    pub rows: Option<usize>,
    /// The risk events and findings that the rows become; none of a test that looks at rows only.
    pub created: Created,
    /// Loading and running.
    pub elapsed: Duration,
}

/// A detection whose tests ended.
#[derive(Clone, Debug, Default)]
pub struct TestedDetection {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Why its file can't be read.
    pub problem: Option<String>,
    /// The detection; none when its file can't be read.
    pub detection: Option<Arc<Detection>>,
    /// Its file, which spans of the search refer to.
    pub source: Option<Source>,
    /// Its tests, in the order of its file.
    pub results: Vec<TestResult>,
    /// Which conditions its tests notice; none when nobody asked.
    pub coverage: Option<Coverage>,
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
#[derive(Clone)]
pub struct TestRunner {
    /// With the repository's knowledge and without times of its own: tests search all time.
    pub engine: Engine,
    /// Finds the data.
    pub repository: Arc<Repository>,
    /// How data are loaded; paths, fields, and what the events are taken in as come from the tests.
    pub load: LoadOptions,
    /// Measures how long tests take.
    pub clock: Arc<dyn Clock>,
    /// The techniques that risk events name.
    pub attack: Arc<Attack>,
}

/// The search of a test with its data.
pub struct Prepared {
    /// With the data.
    pub engine: Engine,
    /// The search.
    pub search: Search,
    /// Events loaded.
    pub events: usize,
    /// What was loaded, and what was wrong with it.
    pub report: LoadReport,
}

/// What stands in the way of running a test.
pub enum Obstacle {
    /// The test or its data are wrong; a span is one of the file that the test stands in.
    Test(Diagnostic),
    /// The search is wrong.
    Failure(Box<Failure>),
}

impl TestRunner {
    /// Runs the tests of a detection that are to be run, one after another; those of the file beside it too.
    pub async fn run(&self, detection: &Detection, file: Option<&TestsFile>, options: TestOptions) -> Vec<TestResult> {
        let tests = match all_tests(detection, file) {
            Ok(tests) => tests,
            Err(message) => return vec![broken(message)],
        };
        let mut results: Vec<TestResult> = Vec::new();
        // What the unit test of an entry found, for the integration test behind it.
        let mut found: Option<Vec<ResultRow>> = None;
        for planned in plan(detection, &tests, options) {
            let started = self.clock.now();
            let test = &tests[planned.entry];
            let mut result = match (&planned.decided, planned.kind) {
                (Some((status, message)), _) => ended(test, &planned, *status, message.clone()),
                (None, TestKind::Unit | TestKind::Own) => {
                    let (result, rows) = self.unit(detection, test, &planned).await;
                    found = rows;
                    result
                }
                (None, TestKind::Integration) => {
                    self.integration(detection, test, &planned, results.last(), found.take().unwrap_or_default()).await
                }
                (None, _) => ended(test, &planned, TestStatus::Skip, "tests of this kind are not run".to_owned()),
            };
            result.elapsed = self.clock.now().saturating_sub(started);
            results.push(result);
        }
        results
    }

    /// Compiles the search of a detection and loads the data of a test, as far as the search needs them.
    ///
    /// # Errors
    /// What stands in the way of running the test.
    pub async fn prepare(&self, detection: &Detection, test: &DetectionTest) -> Result<Prepared, Obstacle> {
        self.prepare_with(detection, test, None).await
    }

    async fn prepare_with(
        &self,
        detection: &Detection,
        test: &DetectionTest,
        fields: Option<FieldSelection>,
    ) -> Result<Prepared, Obstacle> {
        if let Some(problem) = detection.test_problems.first() {
            return Err(Obstacle::Test(problem.clone()));
        }
        let Some(text) = &detection.search else { return Err(general("the detection has no `search`")) };
        let search = self.engine.compile(text).map_err(|failure| Obstacle::Failure(Box::new(failure)))?;
        let fields = fields.unwrap_or_else(|| self.engine.required_fields(&search));
        let sets = sets(&self.repository, test, &self.load, &fields).map_err(Obstacle::Test)?;
        let newest = test.shift_to_now.then_some(search.clock.now);
        let loading = tokio::task::spawn_blocking(move || loaded(&sets, newest)).await;
        let data = match loading {
            Ok(loaded) => loaded.map_err(general)?,
            Err(_) => return Err(general("internal error in splq while data were loaded: please report it")),
        };
        if let Some(problem) = unreadable(test, &data) {
            return Err(Obstacle::Test(problem));
        }
        let TestData { table, report } = data;
        let events = table.rows();
        let engine = self.engine_for(&search).and_then(|engine| engine.with_data(table));
        let engine = engine.map_err(|problem| general(problem.message))?;
        Ok(Prepared { engine, search, events, report })
    }

    async fn unit(
        &self,
        detection: &Detection,
        test: &DetectionTest,
        planned: &PlannedTest,
    ) -> (TestResult, Option<Vec<ResultRow>>) {
        let prepared = match self.prepare(detection, test).await {
            Ok(prepared) => prepared,
            Err(Obstacle::Test(problem)) => {
                let ended = ended(test, planned, TestStatus::Error, problem.message.clone());
                return (TestResult { problem: Some(problem).filter(|problem| problem.span().is_some()), ..ended }, None);
            }
            Err(Obstacle::Failure(failure)) => return (failed(test, planned, *failure), None),
        };
        match prepared.engine.run(&prepared.search).await {
            Ok(results) => {
                let rows = rows(&results);
                let result = self.judged(detection, test, planned, results, &rows, prepared).await;
                (result, Some(rows))
            }
            Err(failure) => (TestResult { loaded: Some(prepared.report), ..failed(test, planned, failure) }, None),
        }
    }

    /// Makes the risk events and findings of rows and judges them; the unit test before it must not have failed.
    async fn integration(
        &self,
        detection: &Detection,
        test: &DetectionTest,
        planned: &PlannedTest,
        unit: Option<&TestResult>,
        rows: Vec<ResultRow>,
    ) -> TestResult {
        let actions = Actions::of(detection, self.repository.deployment_of(detection));
        if let Some(reason) = integration::skipped(detection, &actions) {
            return ended(test, planned, TestStatus::Skip, reason);
        }
        if let Some(unit) = unit.filter(|unit| matches!(unit.status, TestStatus::Fail | TestStatus::Error)) {
            return ended(test, planned, unit.status, "the unit test of the same data did not pass".to_owned());
        }
        let created = self.created(detection, &actions, &rows).await;
        let (status, message) = integration::decide(detection, &actions, &created);
        TestResult { created, ..ended(test, planned, status, message) }
    }

    /// What a detection makes of rows.
    pub async fn created(&self, detection: &Detection, actions: &Actions, rows: &[ResultRow]) -> Created {
        let settings = self.repository.settings.as_ref().and_then(|file| file.value.as_ref());
        let label = settings.and_then(|settings| settings.label.as_deref());
        let name = detection.name.as_ref().map_or("", |name| name.as_str());
        let clock = self.engine.clock();
        let facts = facts(&self.engine, search_name(label, name), clock.now, clock, &self.attack).await;
        let definition = RiskDefinition::of(detection, &self.attack);
        Created {
            risk: if actions.makes_risk { risk_events(&definition, &facts, rows) } else { Vec::new() },
            notables: actions.notable.iter().flat_map(|notable| notables(&definition, notable, &facts, rows)).collect(),
        }
    }

    /// The result of a test from the rows of its search: first what the test itself expects, then the rule of `contentctl`.
    async fn judged(
        &self,
        detection: &Detection,
        test: &DetectionTest,
        planned: &PlannedTest,
        results: Results,
        rows: &[ResultRow],
        prepared: Prepared,
    ) -> TestResult {
        let verdict = decide_results(detection, &results);
        let events = prepared.events;
        let mut message = verdict.reason.message();
        if rows.is_empty() {
            message.push_str(&format!(" in {events} {}", if events == 1 { "event" } else { "events" }));
        }
        let mismatch = test.expected.mismatch(rows);
        let mut status = verdict.status;
        match &mismatch {
            Some(mismatch) => {
                status = TestStatus::Fail;
                if !rows.is_empty() || verdict.status == TestStatus::Pass {
                    message.clone_from(&mismatch.message);
                }
            }
            None if rows.is_empty() && test.expected.allows_none() => {
                status = TestStatus::Pass;
                message.push_str(", as expected");
            }
            None => {}
        }
        let mut warnings = results.warnings;
        if status == TestStatus::Fail {
            let why = self.explained(detection, test, &verdict.reason, mismatch.is_some()).await;
            warnings.extend(why);
        }
        let ended = ended(test, planned, status, message);
        TestResult {
            rows: Some(rows.len()),
            verdict: Some(verdict),
            warnings,
            expansion: Some(prepared.search.expansion),
            loaded: Some(prepared.report),
            ..ended
        }
    }

    /// Where rows or fields were lost.
    async fn explained(
        &self,
        detection: &Detection,
        test: &DetectionTest,
        reason: &Reason,
        is_mismatch: bool,
    ) -> Vec<Diagnostic> {
        // A field that the search does not read was not loaded; here it may be what is looked for.
        let Ok(prepared) = self.prepare_with(detection, test, Some(FieldSelection::All)).await else { return Vec::new() };
        let Prepared { engine, search, events, .. } = &prepared;
        let fields = match reason {
            Reason::NoRows => return why::no_rows(engine, search, *events).await.into_iter().collect(),
            Reason::RiskFieldMissing { fields, .. } | Reason::ThreatFieldsNeverFilled { fields } => fields.clone(),
            Reason::RiskFieldNull { field, .. } => vec![field.clone()],
            _ => return Vec::new(),
        };
        let mut found = Vec::new();
        for field in fields.iter().filter(|_| !is_mismatch) {
            found.extend(why::lost_field(engine, search, field).await);
        }
        found
    }

    /// The engine that a search runs on. Copies of an engine share what searches write, so a search that writes gets one of
    /// its own: no test sees what another wrote.
    fn engine_for(&self, search: &Search) -> Result<Engine, Diagnostic> {
        match writes(&search.pipeline) {
            true => Engine::new(self.engine.knowledge().clone(), self.engine.settings().clone()),
            false => Ok(self.engine.clone()),
        }
    }
}

/// What is known of a run by a clock: the times are those that `addinfo` gives.
pub async fn facts<'a>(
    engine: &Engine,
    search_name: String,
    now: f64,
    clock: &spl_exec::SearchClock,
    attack: &'a Attack,
) -> RunFacts<'a> {
    let (mut min, mut max) = ("0.000".to_owned(), "+Infinity".to_owned());
    if let Ok(search) = engine.compile_at("| makeresults | addinfo | fields info_min_time info_max_time", clock.clone())
        && let Ok(results) = engine.run(&search).await
    {
        let rows = rows(&results);
        let value = |field: &str| rows.first().and_then(|row| row.get(field)?.first().cloned());
        min = value("info_min_time").unwrap_or(min);
        max = value("info_max_time").unwrap_or(max);
    }
    RunFacts { search_name, now, info_min_time: min, info_max_time: max, attack }
}

/// What stands in the way and has no place.
fn general(message: impl Into<String>) -> Obstacle {
    Obstacle::Test(Diagnostic::general("test/error", message))
}

fn ended(test: &DetectionTest, planned: &PlannedTest, status: TestStatus, message: String) -> TestResult {
    TestResult {
        name: test.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        kind: planned.kind,
        status,
        ..broken(message)
    }
}

/// A test that is an error before it is known which.
fn broken(message: String) -> TestResult {
    TestResult {
        name: String::new(),
        kind: TestKind::Own,
        status: TestStatus::Error,
        message,
        verdict: None,
        failure: None,
        problem: None,
        warnings: Vec::new(),
        expansion: None,
        loaded: None,
        rows: None,
        created: Created::default(),
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
