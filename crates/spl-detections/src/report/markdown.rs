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

/// Text in one line that ends no cell and is no markup. What stands between backticks stays code: there only `|` needs a backslash,
/// which a table takes away again.
fn cell(text: &str) -> String {
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let mut left = line.matches('`').count();
    let mut cell = String::with_capacity(line.len() + 8);
    let mut in_code = false;
    for part in line.split('`') {
        for character in part.chars() {
            match character {
                '|' => cell.push_str("\\|"),
                '<' if !in_code => cell.push_str("&lt;"),
                '&' if !in_code => cell.push_str("&amp;"),
                '\\' | '[' | ']' | '*' | '~' if !in_code => {
                    cell.push('\\');
                    cell.push(character);
                }
                _ => cell.push(character),
            }
        }
        // A backtick without another behind it begins nothing.
        match left {
            0 => {}
            1 if !in_code => cell.push_str("\\`"),
            _ => {
                cell.push('`');
                in_code = !in_code;
            }
        }
        left = left.saturating_sub(1);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text() {
        assert_eq!(cell("a|b\nc"), "a\\|b c");
        assert_eq!(cell("<b> & [x](y) *z*"), "&lt;b> &amp; \\[x\\](y) \\*z\\*");
        assert_eq!(cell("at `C:\\a_b <x>|` here_"), "at `C:\\a_b <x>\\|` here_");
        assert_eq!(cell("`a` `b"), "`a` \\`b");
        assert_eq!(cell("lone ` tick"), "lone \\` tick");
    }
}
