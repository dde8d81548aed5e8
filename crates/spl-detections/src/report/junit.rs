//! JUnit XML for the reports of CI systems: one test case per search of a batch, or per test of a detection.

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::batch::Summary;
use crate::detection_test::TestStatus;
use crate::test_run::{TestResult, TestedDetection};

pub use quick_junit::SerializeError as ReportError;

/// Which searches count as failed tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failures {
    /// Those that could not be run or found another number of rows than expected.
    Problems,
    /// Those, and those that found rows that nobody expected.
    Hits,
}

/// The report.
///
/// # Errors
/// XML that can't be written.
pub fn report(summaries: &[Summary], elapsed: Duration, failures: Failures) -> Result<String, ReportError> {
    written("splq run", elapsed, summaries.iter().map(|summary| case(summary, failures)))
}

/// The report of tests of detections; a detection that could not be read is a broken test of its own.
///
/// # Errors
/// XML that can't be written.
pub fn test_report(tested: &[TestedDetection], elapsed: Duration) -> Result<String, ReportError> {
    let cases = tested.iter().flat_map(|one| {
        let unreadable = one.problem.iter().map(|problem| {
            with_file(TestCase::new(plain(&one.name), ended(NonSuccessKind::Error, problem)), &one.name, &one.file)
        });
        unreadable.chain(one.results.iter().map(|result| test_case(one, result)))
    });
    written("splq test", elapsed, cases)
}

fn written(name: &str, elapsed: Duration, cases: impl Iterator<Item = TestCase>) -> Result<String, ReportError> {
    let mut suite = TestSuite::new(name);
    suite.set_time(elapsed);
    suite.add_test_cases(cases);
    let mut report = Report::new(name);
    report.set_time(elapsed);
    report.add_test_suite(suite);
    report.to_string()
}

fn test_case(one: &TestedDetection, result: &TestResult) -> TestCase {
    let status = match result.status {
        TestStatus::Pass => TestCaseStatus::success(),
        TestStatus::Fail => ended(NonSuccessKind::Failure, &result.message),
        TestStatus::Error => ended(NonSuccessKind::Error, &result.message),
        TestStatus::Skip => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(plain(&result.message));
            status
        }
    };
    let name = format!("{} ({})", result.name, result.kind.name());
    let mut case = with_file(TestCase::new(plain(&name), status), &one.name, &one.file);
    case.set_time(result.elapsed);
    case
}

fn with_file(mut case: TestCase, class: &str, file: &str) -> TestCase {
    case.set_classname(plain(class));
    case.extra.insert("file".into(), plain(file).into());
    case
}

fn ended(kind: NonSuccessKind, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(plain(text));
    status.set_description(plain(text));
    status
}

fn case(summary: &Summary, failures: Failures) -> TestCase {
    let case = TestCase::new(plain(&summary.query), status(summary, failures));
    let folder = Path::new(&summary.file).parent().unwrap_or(Path::new("")).display().to_string();
    let class = if folder.is_empty() { "searches" } else { &folder };
    let mut case = with_file(case, class, &summary.file);
    case.set_time(summary.elapsed);
    case
}

fn status(summary: &Summary, failures: Failures) -> TestCaseStatus {
    let (kind, text) = match &summary.error {
        // The search ran, but found what it should not have.
        Some(error) if summary.unexpected => (NonSuccessKind::Failure, error.clone()),
        // The search could not be run.
        Some(error) => (NonSuccessKind::Error, error.clone()),
        None if failures == Failures::Hits && summary.is_hit() => {
            let rows = summary.rows.unwrap_or_default();
            (NonSuccessKind::Failure, format!("{rows} {} found", if rows == 1 { "row" } else { "rows" }))
        }
        None => return TestCaseStatus::success(),
    };
    ended(kind, &text)
}

/// Text in one line.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::detection_test::TestKind;

    #[test]
    fn each_outcome() {
        let summary = |query: &str, rows: Option<usize>, error: Option<&str>| Summary {
            query: query.to_owned(),
            file: format!("queries/{query}.spl"),
            rows,
            elapsed: Duration::from_millis(12),
            error: error.map(str::to_owned),
            unexpected: rows.is_some() && error.is_some(),
            has_expectation: false,
        };
        let summaries = [
            summary("quiet", Some(0), None),
            summary("hit", Some(2), None),
            summary("broken", None, Some("unknown command `statz` & \"more\"\u{1}")),
            summary("odd", Some(1), Some("1 row, expected 2")),
        ];
        insta::assert_snapshot!(report(&summaries, Duration::from_millis(50), Failures::Hits).unwrap());
    }

    #[test]
    fn tests_of_detections() {
        let result = |name: &str, status, message: &str| TestResult {
            name: name.to_owned(),
            kind: TestKind::Unit,
            status,
            message: message.to_owned(),
            verdict: None,
            failure: None,
            problem: None,
            warnings: Vec::new(),
            expansion: None,
            loaded: None,
            rows: None,
            created: Default::default(),
            elapsed: Duration::from_millis(3),
        };
        let tested = |name: &str, problem: Option<&str>, results| TestedDetection {
            name: name.to_owned(),
            file: format!("detections/{name}.yml"),
            problem: problem.map(str::to_owned),
            results,
            ..TestedDetection::default()
        };
        let all = [
            tested("good", None, vec![result("one", TestStatus::Pass, "fine"), result("two", TestStatus::Skip, "a manual test")]),
            tested("bad", None, vec![result("one", TestStatus::Fail, "no rows"), result("two", TestStatus::Error, "no <data>")]),
            tested("broken", Some("broken.yml: not YAML"), Vec::new()),
        ];
        insta::assert_snapshot!(test_report(&all, Duration::from_millis(20)).unwrap());
    }
}
