//! Markdown for the page of a pull request: how many detections passed, and what is wrong with the others.

use std::fmt::Write;
use std::time::Duration;

use super::test_findings::{Told, told};
use crate::detection_test::TestStatus;
use crate::test_run::TestedDetection;

/// The report: a line with the counts, then a table of what did not pass, then the names of what was skipped.
pub fn report(tested: &[TestedDetection], elapsed: Duration) -> String {
    let of = |status: TestStatus| tested.iter().filter(move |one| one.status() == status);
    let (passed, failed, skipped) = (of(TestStatus::Pass).count(), of(TestStatus::Fail).count(), of(TestStatus::Skip).count());
    let mark = if failed == 0 { "✅" } else { "❌" };
    let mut text = format!(
        "### {mark} {} detections: {passed} passed, {failed} failed, {skipped} skipped ({:.1} s)\n",
        tested.len(),
        elapsed.as_secs_f64()
    );
    if failed > 0 {
        text.push_str("\n| Detection | Test | Status | Why | Place |\n|---|---|---|---|---|\n");
    }
    for one in of(TestStatus::Fail) {
        if let Some(problem) = &one.problem {
            row(&mut text, &[&one.name, "", "error", problem, &one.file]);
        }
        for result in one.results.iter().filter(|result| !result.status.is_success()) {
            let Told { message, region } = told(one, result);
            let place = match region {
                Some(((line, _), _)) => format!("{}:{line}", one.file),
                None => one.file.clone(),
            };
            let test = format!("{} ({})", result.name, result.kind.name());
            row(&mut text, &[&one.name, &test, result.status.name(), &message, &place]);
        }
    }
    if skipped > 0 {
        text.push_str("\n<details><summary>Skipped</summary>\n\n");
        for one in of(TestStatus::Skip) {
            let why = one.results.first().map_or_else(|| one.message(), |result| result.message.clone());
            // A text that is written does not fail.
            let _ = writeln!(text, "* {}: {}", cell(&one.name), cell(&why));
        }
        text.push_str("\n</details>\n");
    }
    text
}

fn row(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|one| cell(one)).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// Text in one line that ends no cell and begins no tag.
fn cell(text: &str) -> String {
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    line.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}
