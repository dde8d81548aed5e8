//! What the tests of a detection don't test: each condition of its search is changed, and the tests are run again. A condition
//! whose change no test notices could be wrong without anybody seeing it.

use spl_exec::Search;
use spl_parser::Span;

use crate::detection::Detection;
use crate::detection_test::{DetectionTest, TestKind, TestStatus};
use crate::mutation::{Change, Mutant, mutants};
use crate::rows::rows;
use crate::test_plan::{TestOptions, plan};
use crate::test_run::{Obstacle, Prepared, TestRunner};
use crate::tests_file::{TestsFile, all_tests};
use crate::verdict::decide_results;

/// A condition that was changed, and whether a test noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionTested {
    /// The condition as it is written.
    pub text: String,
    /// Where it stands in the search as it is written, macros not expanded.
    pub span: Span,
    /// How it was changed.
    pub change: Change,
    /// The first test that noticed; none = no test did.
    pub noticed_by: Option<String>,
}

/// The conditions of a detection, or why they can't be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// In the order of the search.
    pub conditions: Vec<ConditionTested>,
    /// Why there are none.
    pub obstacle: Option<String>,
}

impl Coverage {
    /// How many of the conditions a test noticed.
    pub fn noticed(&self) -> usize {
        self.conditions.iter().filter(|condition| condition.noticed_by.is_some()).count()
    }

    fn none(obstacle: impl Into<String>) -> Self {
        Self { conditions: Vec::new(), obstacle: Some(obstacle.into()) }
    }
}

impl TestRunner {
    /// Changes each condition that stands in the search itself and runs the tests that pass without the change. Conditions
    /// inside macros are left as they are. Tests whose data are not there are left out, when others pass.
    pub async fn coverage(&self, detection: &Detection, file: Option<&TestsFile>, options: TestOptions) -> Coverage {
        let tests = match all_tests(detection, file) {
            Ok(tests) => tests,
            Err(message) => return Coverage::none(message),
        };
        let runs = |kind| matches!(kind, TestKind::Unit | TestKind::Own);
        let planned = plan(detection, &tests, options).into_iter();
        let entries: Vec<usize> =
            planned.filter(|test| runs(test.kind) && test.decided.is_none()).map(|test| test.entry).collect();
        let mut passing: Vec<(&DetectionTest, Prepared)> = Vec::new();
        let mut unprepared = None;
        for test in entries.iter().map(|entry| &tests[*entry]) {
            match self.prepare(detection, test).await {
                Ok(prepared) if passes(detection, test, &prepared, &prepared.search).await == Some(true) => {
                    passing.push((test, prepared));
                }
                Ok(_) => return Coverage::none(format!("the test `{}` does not pass", name(test))),
                Err(Obstacle::Test(problem)) => drop(unprepared.get_or_insert(problem.message)),
                Err(Obstacle::Failure(_)) => return Coverage::none("the search can't be run"),
            }
        }
        let Some((_, first)) = passing.first() else {
            return Coverage::none(unprepared.unwrap_or_else(|| "no test of the detection is run".to_owned()));
        };
        let search = &first.search;
        let own = |span: Span| search.expansion.map.locate(span).definitions.is_empty();
        let mut conditions = Vec::new();
        for Mutant { pipeline, span, change } in mutants(&search.pipeline).into_iter().filter(|mutant| own(mutant.span)) {
            let mut noticed_by = None;
            let mut ran = false;
            for (test, prepared) in &passing {
                let changed = Search { pipeline: pipeline.clone(), ..prepared.search.clone() };
                let Some(passes) = passes(detection, test, prepared, &changed).await else { continue };
                ran = true;
                if !passes {
                    noticed_by = Some(name(test));
                    break;
                }
            }
            // No test notices a change of which nothing can be said.
            if !ran {
                continue;
            }
            let text = search.expansion.text.get(span.start..span.end).unwrap_or_default();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            conditions.push(ConditionTested { text, span: search.expansion.map.locate(span).call, change, noticed_by });
        }
        Coverage { conditions, obstacle: None }
    }
}

fn name(test: &DetectionTest) -> String {
    test.name.as_ref().map(|name| name.value.clone()).unwrap_or_default()
}

/// Whether a test passes with a search; none when the search can't be run.
async fn passes(detection: &Detection, test: &DetectionTest, prepared: &Prepared, search: &Search) -> Option<bool> {
    let results = prepared.engine.run(search).await.ok()?;
    let rows = rows(&results);
    if test.expected.mismatch(&rows).is_some() {
        return Some(false);
    }
    Some(rows.is_empty() && test.expected.allows_none() || decide_results(detection, &results).status == TestStatus::Pass)
}
