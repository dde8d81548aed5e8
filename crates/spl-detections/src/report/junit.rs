//! JUnit XML of a batch run: one test case per search, for the reports of CI systems.

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use crate::batch::Summary;

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
pub fn report(summaries: &[Summary], elapsed: Duration, failures: Failures) -> Result<String, SerializeError> {
    let mut suite = TestSuite::new("splq run");
    suite.set_time(elapsed);
    suite.add_test_cases(summaries.iter().map(|summary| case(summary, failures)));
    let mut report = Report::new("splq run");
    report.set_time(elapsed);
    report.add_test_suite(suite);
    report.to_string()
}

fn case(summary: &Summary, failures: Failures) -> TestCase {
    let mut case = TestCase::new(plain(&summary.query), status(summary, failures));
    let folder = Path::new(&summary.file).parent().unwrap_or(Path::new("")).display().to_string();
    case.set_classname(if folder.is_empty() { "searches".to_owned() } else { plain(&folder) });
    case.set_time(summary.elapsed);
    case.extra.insert("file".into(), plain(&summary.file).into());
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
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(plain(&text));
    status.set_description(plain(&text));
    status
}

/// Text in one line.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
}
