//! Markdown of a run for the page of a pull request: the hits, then what is wrong with searches.

use std::fmt::Write;

use chrono_tz::Tz;

use super::run_page::{hosts_text, time_text};
use crate::run_report::RunReport;

/// Searches that are named for one cause.
const NAMED: usize = 10;
/// Hosts that are named of a hit.
const HOSTS: usize = 3;

/// The report: a line with the counts, a table of the hits, then the errors by cause.
pub fn report(report: &RunReport, zone: Tz) -> String {
    let mark = if report.failed() + report.unexpected.len() > 0 { "❌" } else { "✅" };
    let mut text = format!("### {mark} {} searches: {} hits", report.searches(), report.hits.len());
    if !report.unexpected.is_empty() {
        // A text that is written does not fail.
        let _ = write!(text, ", {} with other rows than expected", report.unexpected.len());
    }
    let _ = writeln!(text, ", {} failed ({:.1} s)", report.failed(), report.elapsed.as_secs_f64());
    if !report.hits.is_empty() {
        text.push_str("\n| Severity | Search | Technique | Rows | Hosts | First | Last |\n|---|---|---|---:|---|---|---|\n");
    }
    for hit in &report.hits {
        let time = |seconds: Option<f64>| seconds.map(|seconds| time_text(seconds, zone)).unwrap_or_default();
        let hosts = hosts_text(&hit.hosts, HOSTS);
        let hosts = if hosts.is_empty() { hosts } else { format!("`{}`", hosts.replace('`', "'")) };
        let cells = [
            hit.severity.unwrap_or_default().to_owned(),
            escaped(&hit.title),
            hit.techniques.join(" "),
            hit.rows.to_string(),
            hosts.replace('|', "\\|"),
            time(hit.first),
            time(hit.last),
        ];
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    if !report.unexpected.is_empty() {
        text.push_str("\n**Other rows than expected**\n\n");
        for (query, message) in &report.unexpected {
            let _ = writeln!(text, "* {}: {}", escaped(query), escaped(message));
        }
    }
    if !report.errors.is_empty() {
        text.push_str("\n**Errors by cause**\n\n");
    }
    for group in &report.errors {
        for (message, searches) in &group.messages {
            let named: Vec<String> = searches.iter().take(NAMED).map(|name| escaped(name)).collect();
            let more = searches.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = writeln!(text, "* `{}`: {} ({}{more})", group.code, escaped(message), named.join(", "));
        }
    }
    text
}

/// Text on one line that is no markup.
fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            control if control.is_control() => line.push(' '),
            '|' | '<' | '>' | '*' | '_' | '[' | ']' | '\\' => {
                line.push('\\');
                line.push(character);
            }
            other => line.push(other),
        }
    }
    line
}
