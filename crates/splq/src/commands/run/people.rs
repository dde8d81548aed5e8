//! The outcome of a run for people: hits first, then errors by their cause, then one line of counts.

use indicatif::HumanCount;
use spl_detections::report::run_page::{hosts_text, time_text};
use spl_detections::run_report::{Hit, RunReport};
use unicode_width::UnicodeWidthStr;

use crate::commands::query::duration;
use crate::output::Layout;
use crate::output::table::{clean, cut};

/// Hosts that are named of a hit.
const HOSTS: usize = 4;
/// Searches that are named for one cause.
const NAMED: usize = 4;
/// Messages that are shown of one cause.
const MESSAGES: usize = 3;

/// The text, a line for each thing.
pub fn text(report: &RunReport, layout: Layout) -> String {
    let mut lines: Vec<String> = Vec::new();
    let width = layout.width.unwrap_or(120);
    if !report.hits.is_empty() {
        lines.push(bold(&counted(report.hits.len(), "hit", "hits"), layout));
        let severity = report.hits.iter().map(|hit| hit.severity.unwrap_or_default().len()).max().unwrap_or_default();
        for hit in &report.hits {
            hit_lines(&mut lines, hit, severity, width, layout);
        }
    }
    if !report.unexpected.is_empty() {
        let what = " with other rows than its file expects";
        let whats = " with other rows than their files expect";
        let title = counted(report.unexpected.len(), &format!("search{what}"), &format!("searches{whats}"));
        lines.push(bold(&title, layout));
        for (query, message) in &report.unexpected {
            lines.push(cut(&format!("  {}: {}", clean(query), clean(message)), width).into_owned());
        }
    }
    if !report.errors.is_empty() {
        lines.push(bold(&format!("{} failed", counted(report.failed(), "search", "searches")), layout));
    }
    for group in &report.errors {
        let count = HumanCount(group.searches() as u64).to_string();
        lines.push(format!("  {}", colored(&format!("{count}  {}", group.code), "31", layout)));
        let mut messages: Vec<(&String, &Vec<String>)> = group.messages.iter().collect();
        messages.sort_by_key(|(_, searches)| std::cmp::Reverse(searches.len()));
        for (message, searches) in messages.iter().take(MESSAGES) {
            let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
            lines.push(cut(&format!("     {}", clean(&line)), width).into_owned());
            let named: Vec<&str> = searches.iter().take(NAMED).map(String::as_str).collect();
            let more = searches.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            lines.push(colored(&cut(&format!("     {}{more}", clean(&named.join(", "))), width), "2", layout));
        }
        let more = messages.len().saturating_sub(MESSAGES);
        if more > 0 {
            lines.push(colored(&format!("     and {}", counted(more, "more message", "more messages")), "2", layout));
        }
    }
    lines.push(format!(
        "{}: {}, {} found nothing or what they should, {} failed, {}",
        counted(report.searches(), "search", "searches"),
        counted(report.hits.len(), "hit", "hits"),
        HumanCount(report.quiet as u64),
        HumanCount((report.failed() + report.unexpected.len()) as u64),
        duration(report.elapsed)
    ));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Two lines of a hit: what it is, then where and when.
fn hit_lines(lines: &mut Vec<String>, hit: &Hit, severity_width: usize, width: usize, layout: Layout) {
    let severity = hit.severity.unwrap_or_default();
    let blanks = " ".repeat(severity_width.saturating_sub(severity.len()));
    let indent = if severity_width > 0 { severity_width + 4 } else { 2 };
    let rows = counted(hit.rows, "row", "rows");
    let techniques = hit.techniques.join(" ");
    let right = [techniques.as_str(), rows.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
    let room = width.saturating_sub(indent + right.width() + 2).max(20);
    let title = cut(&clean(&hit.title), room).into_owned();
    let space = " ".repeat(room.saturating_sub(title.width()) + 2);
    let severity =
        if severity_width > 0 { format!("{}{blanks}  ", colored(severity, color(severity), layout)) } else { String::new() };
    lines.push(format!("  {severity}{}{space}{right}", bold(&title, layout)));
    let zone = layout.time_zone;
    let times = match (hit.first, hit.last) {
        (Some(first), Some(last)) if last.floor() > first.floor() => {
            let (first, last) = (time_text(first, zone), time_text(last, zone));
            // The day is said once.
            let end = match (first.split_once(' '), last.split_once(' ')) {
                (Some((day, _)), Some((same, time))) if day == same => time.to_owned(),
                _ => last,
            };
            format!("{first} to {end}")
        }
        (Some(first), _) => time_text(first, zone),
        _ => String::new(),
    };
    let hosts = clean(&hosts_text(&hit.hosts, HOSTS)).into_owned();
    let parts: Vec<&str> = [times.as_str(), hosts.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    if !parts.is_empty() {
        lines.push(colored(&cut(&format!("{:indent$}{}", "", parts.join("  ")), width), "2", layout));
    }
}

/// The colour of a severity.
fn color(severity: &str) -> &'static str {
    match severity {
        "critical" | "high" => "1;31",
        "medium" => "33",
        _ => "36",
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", HumanCount(number as u64), if number == 1 { one } else { many })
}

fn colored(text: &str, code: &str, layout: Layout) -> String {
    if layout.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn bold(text: &str, layout: Layout) -> String {
    colored(text, "1", layout)
}
