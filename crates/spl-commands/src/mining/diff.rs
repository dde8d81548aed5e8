//! Planning of `diff`: the difference between the texts of two rows, line by line.
//!
//! The result is one row whose `_raw` is the difference in unified format, or in context format with `context=true`, as
//! the tool of that name writes it (Splunk search reference, diff). Equal texts give `Results are the same`.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{count_within, option_text};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::sort_keys;
use spl_plan::rows::table::Table;

/// Lines around a change that are shown.
const AROUND: usize = 3;
/// Lines times lines that are compared; what is larger is shown as replaced.
const MOST_COMPARISONS: usize = 25_000_000;

/// Plans the command.
pub fn plan<'a>(plan_context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let first = count_within(call, "position1", 1, 1, u64::MAX)?;
        let second = count_within(call, "position2", 2, 1, u64::MAX)?;
        if second <= first {
            let span =
                call.option("position2").or_else(|| call.option("position1")).map_or(call.span, |option| option.value.span);
            return Err(Diagnostic::error("plan/number", "`position2` of `diff` must be greater than `position1`", span));
        }
        let field = option_text(call, "attribute", "_raw");
        let longest = match call.count("maxlen")? {
            0 => usize::MAX,
            longest => usize::try_from(longest).unwrap_or(usize::MAX),
        };
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`diff` needs rows", call.span))?;
        let rows = Rows::of(plan_context, sort_keys::first_rows(frame, second)?).await?;
        if (rows.len() as u64) < second {
            // A check without data has no rows either.
            if plan_context.is_running() {
                let message = format!("`diff` is to compare row {second}, but there are {} rows", rows.len());
                plan_context.warn(Diagnostic::warning("plan/position", message, Some(call.span)));
            }
            let mut empty = Table::new(0);
            empty.add_column("_raw");
            return empty.frame(plan_context);
        }
        let text = |position: u64| {
            let row = usize::try_from(position - 1).unwrap_or(usize::MAX);
            cut(rows.value(field, row).text().unwrap_or_default().into_owned(), longest)
        };
        let (old, new) = (text(first), text(second));
        let shape = Shape { context: call.flag("context"), header: call.flag("diffheader"), first, second };
        let mut table = Table::new(1);
        table.set(0, "_raw", Cell::Text(difference(&old, &new, &shape)));
        table.frame(plan_context)
    })
}

/// At most so many bytes of a text, whole characters.
fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

struct Shape {
    context: bool,
    header: bool,
    first: u64,
    second: u64,
}

/// A line of both texts, of the old or of the new one.
#[derive(Clone, Copy, PartialEq)]
enum Line<'t> {
    Both(&'t str),
    Old(&'t str),
    New(&'t str),
}

fn difference(old: &str, new: &str, shape: &Shape) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let lines = script(&old, &new);
    let hunks = hunks(&lines);
    if hunks.is_empty() {
        return "Results are the same".to_owned();
    }
    let mut written = Vec::new();
    if shape.header {
        let (old, new) = if shape.context { ("***", "---") } else { ("---", "+++") };
        written.push(format!("{old} result {}", shape.first));
        written.push(format!("{new} result {}", shape.second));
    }
    for (start, end) in hunks {
        let before = |is_old: bool| {
            lines[..start].iter().filter(|line| !matches!((line, is_old), (Line::New(_), true) | (Line::Old(_), false))).count()
        };
        let hunk = &lines[start..end];
        if shape.context {
            context(&mut written, hunk, before(true), before(false))
        } else {
            unified(&mut written, hunk, before(true), before(false))
        }
    }
    written.join("\n")
}

/// What changes the old lines into the new ones, by their longest common subsequence.
fn script<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    let same_start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[same_start..], &new[same_start..]);
    let same_end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old_rest[..old_rest.len() - same_end], &new_rest[..new_rest.len() - same_end]);
    let mut lines: Vec<Line<'t>> = old[..same_start].iter().map(|line| Line::Both(line)).collect();
    if a.len().saturating_mul(b.len()) > MOST_COMPARISONS {
        lines.extend(a.iter().map(|line| Line::Old(line)));
        lines.extend(b.iter().map(|line| Line::New(line)));
    } else {
        let width = b.len() + 1;
        let mut longest = vec![0_u32; (a.len() + 1) * width];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i * width + j] = if a[i] == b[j] {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            if i < a.len() && j < b.len() && a[i] == b[j] {
                lines.push(Line::Both(a[i]));
                (i, j) = (i + 1, j + 1);
            } else if i < a.len() && (j == b.len() || longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
                lines.push(Line::Old(a[i]));
                i += 1;
            } else {
                lines.push(Line::New(b[j]));
                j += 1;
            }
        }
    }
    lines.extend(old[old.len() - same_end..].iter().map(|line| Line::Both(line)));
    lines
}

/// Ranges of lines with changes and what stands around them.
fn hunks(lines: &[Line<'_>]) -> Vec<(usize, usize)> {
    let mut hunks: Vec<(usize, usize)> = Vec::new();
    for (place, _) in lines.iter().enumerate().filter(|(_, line)| !matches!(line, Line::Both(_))) {
        let (start, end) = (place.saturating_sub(AROUND), (place + AROUND + 1).min(lines.len()));
        match hunks.last_mut() {
            Some(last) if start <= last.1 => last.1 = end,
            _ => hunks.push((start, end)),
        }
    }
    hunks
}

fn unified(written: &mut Vec<String>, hunk: &[Line<'_>], old_before: usize, new_before: usize) {
    let range = |before: usize, count: usize| match count {
        0 => format!("{before},0"),
        1 => (before + 1).to_string(),
        count => format!("{},{count}", before + 1),
    };
    let old = hunk.iter().filter(|line| !matches!(line, Line::New(_))).count();
    let new = hunk.iter().filter(|line| !matches!(line, Line::Old(_))).count();
    written.push(format!("@@ -{} +{} @@", range(old_before, old), range(new_before, new)));
    written.extend(hunk.iter().map(|line| match line {
        Line::Both(text) => format!(" {text}"),
        Line::Old(text) => format!("-{text}"),
        Line::New(text) => format!("+{text}"),
    }));
}

fn context(written: &mut Vec<String>, hunk: &[Line<'_>], old_before: usize, new_before: usize) {
    let range = |before: usize, count: usize| match count {
        0 => before.to_string(),
        1 => (before + 1).to_string(),
        count => format!("{},{}", before + 1, before + count),
    };
    let (mut old, mut new): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut place = 0;
    while place < hunk.len() {
        if let Line::Both(text) = hunk[place] {
            old.push(format!("  {text}"));
            new.push(format!("  {text}"));
            place += 1;
            continue;
        }
        let end = hunk[place..].iter().position(|line| matches!(line, Line::Both(_))).map_or(hunk.len(), |length| place + length);
        let run = &hunk[place..end];
        let both = run.iter().any(|line| matches!(line, Line::Old(_))) && run.iter().any(|line| matches!(line, Line::New(_)));
        for line in run {
            match line {
                Line::Old(text) => old.push(format!("{} {text}", if both { '!' } else { '-' })),
                Line::New(text) => new.push(format!("{} {text}", if both { '!' } else { '+' })),
                Line::Both(_) => {}
            }
        }
        place = end;
    }
    let changes = |lines: &[String]| lines.iter().any(|line| !line.starts_with("  "));
    written.push("***************".to_owned());
    written.push(format!("*** {} ****", range(old_before, old.len())));
    if changes(&old) {
        written.extend(old);
    }
    written.push(format!("--- {} ----", range(new_before, new.len())));
    if changes(&new) {
        written.extend(new);
    }
}
