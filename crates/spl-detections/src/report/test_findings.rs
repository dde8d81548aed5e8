//! What failed tests say, with the place in the detection's file: for SARIF, Markdown and HTML.

use spl_parser::{Diagnostic, Severity};

use super::sarif::Finding;
use crate::detection_test::{TestKind, TestStatus};
use crate::source::line_and_column;
use crate::test_run::{TestResult, TestedDetection};

/// Line and column of the beginning and of the end, from 1, in characters.
pub type Region = ((usize, usize), (usize, usize));

/// What is said of a test that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// One sentence.
    pub message: String,
    /// Where in the detection's file, when it has a place.
    pub region: Option<Region>,
}

/// Why a test did not pass: its message, and where the last event or the field was lost.
pub fn told(one: &TestedDetection, result: &TestResult) -> Told {
    if let Some(problem) = &result.problem {
        // A test beside the detection has its places in that file.
        let whole = one.source.as_ref().filter(|source| result.kind != TestKind::Own && source.is_file());
        let region = whole
            .zip(problem.span())
            .map(|(source, span)| (line_and_column(&source.text, span.start), line_and_column(&source.text, span.end)));
        return Told { message: result.message.clone(), region };
    }
    let errors = result.failure.iter().flat_map(|failure| {
        let errors = failure.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.map(move |error| (error, failure.expansion.as_ref()))
    });
    let reasons = result.warnings.iter().filter(|warning| warning.code.starts_with("test/"));
    let mut all = errors.chain(reasons.map(|reason| (reason, result.expansion.as_ref())));
    let Some((diagnostic, expansion)) = all.next() else {
        return Told { message: result.message.clone(), region: None };
    };
    let mut message = result.message.clone();
    if diagnostic.message != message {
        message.push_str(&format!(": {}", diagnostic.message));
    }
    if let Some(help) = &diagnostic.help {
        message.push_str(&format!("; {help}"));
    }
    Told { message, region: region(one, diagnostic, expansion) }
}

fn region(one: &TestedDetection, diagnostic: &Diagnostic, expansion: Option<&spl_macros::Expansion>) -> Option<Region> {
    let (source, span) = (one.source.as_ref()?, diagnostic.span()?);
    let span = expansion.map_or(span, |expansion| expansion.map.locate(span).call);
    let place = source.place(span);
    Some((line_and_column(&source.text, place.start), line_and_column(&source.text, place.end)))
}

/// The codes of tests that did not pass, with what they mean.
pub const CODES: [(&str, &str); 3] = [
    ("test/fail", "a test of a detection did not find what it must"),
    ("test/error", "a test of a detection could not be run"),
    ("test/unreadable", "the file of a detection can't be read"),
];

/// A finding that owns its texts.
pub struct OwnedFinding {
    code: &'static str,
    message: String,
    file: String,
    region: Option<Region>,
}

impl OwnedFinding {
    /// As a SARIF log takes it.
    pub fn finding(&self) -> Finding<'_> {
        let region = self.region;
        Finding { code: self.code, severity: Severity::Error, message: &self.message, help: None, file: &self.file, region }
    }
}

/// A finding for each test that did not pass and each detection that can't be read.
pub fn findings(tested: &[TestedDetection]) -> Vec<OwnedFinding> {
    let mut findings = Vec::new();
    for one in tested {
        let finding = |code, message, region| OwnedFinding { code, message, file: one.file.clone(), region };
        findings.extend(one.problem.iter().map(|problem| finding("test/unreadable", problem.clone(), None)));
        for result in one.results.iter().filter(|result| !result.status.is_success()) {
            let Told { message, region } = told(one, result);
            let code = if result.status == TestStatus::Error { "test/error" } else { "test/fail" };
            findings.push(finding(code, format!("{} ({}): {message}", result.name, result.kind.name()), region));
        }
    }
    findings
}
