//! The rows of `splq backtest`, and what it has to say of searches that ran.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use chrono_tz::Tz;
use spl_detections::backtest::{BacktestReport, ObjectRisk, SearchReport, TimelineEntry};
use spl_detections::report::backtest_page::Verdict;
use spl_detections::scheduled_search::{Located, ScheduledSearch};
use spl_exec::Results;
use spl_parser::Diagnostic;

use super::plan;
use crate::diagnostics::{report, report_failure};
use crate::output::{self, time_text};
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// One row per risk event, finding and alert.
///
/// # Errors
/// Rows that Arrow refuses.
pub fn timeline(report: &BacktestReport, zone: Tz) -> Result<Results, Stop> {
    let all = &report.timeline;
    let text = |value: &dyn Fn(&TimelineEntry) -> Option<String>| -> ArrayRef {
        Arc::new(all.iter().map(value).collect::<StringArray>())
    };
    let number =
        |value: fn(&TimelineEntry) -> Option<i64>| -> ArrayRef { Arc::new(all.iter().map(value).collect::<Int64Array>()) };
    let delay = |entry: &TimelineEntry| entry.delay().map(|delay| (delay * 1_000.0).round() / 1_000.0);
    output::rows(vec![
        ("_time", Arc::new(Float64Array::from_iter_values(all.iter().map(|entry| entry.time)))),
        ("search", text(&|entry| Some(report.searches[entry.search].name.clone()))),
        ("what", text(&|entry| Some(entry.what.name().to_owned()))),
        ("object", text(&|entry| entry.object.clone())),
        ("object_type", text(&|entry| entry.object_type.clone())),
        ("score", number(|entry| entry.score)),
        ("risk", number(|entry| entry.risk)),
        ("first_seen", text(&|entry| time_text(entry.first_seen?, zone))),
        ("delay_s", Arc::new(all.iter().map(delay).collect::<Float64Array>())),
        ("message", text(&|entry| Some(entry.message.clone()))),
    ])
}

/// One row per query.
///
/// # Errors
/// As [`timeline`].
pub fn searches(verdicts: &[Verdict], report: &BacktestReport, zone: Tz) -> Result<Results, Stop> {
    let found = |verdict: &Verdict| verdict.search.map(|place| &report.searches[place]);
    let text = |value: &dyn Fn(&Verdict) -> Option<String>| -> ArrayRef {
        Arc::new(verdicts.iter().map(value).collect::<StringArray>())
    };
    let number = |value: fn(&SearchReport) -> usize| -> ArrayRef {
        Arc::new(verdicts.iter().map(|verdict| Some(value(found(verdict)?) as i64)).collect::<Int64Array>())
    };
    output::rows(vec![
        ("search", text(&|verdict| Some(verdict.name.clone()))),
        ("kind", text(&|verdict| Some(verdict.kind.to_owned()))),
        ("status", text(&|verdict| Some(verdict.status.name().to_owned()))),
        ("runs", number(|search| search.runs)),
        ("searched", number(|search| search.searched)),
        ("alerts", number(|search| search.alerts)),
        ("suppressed", number(|search| search.suppressed)),
        ("risk_events", number(|search| search.risk_events)),
        ("findings", number(|search| search.findings)),
        ("first_alert", text(&|verdict| time_text(found(verdict)?.first_alert?, zone))),
        ("least_delay_s", {
            let delays =
                verdicts.iter().map(|verdict| found(verdict)?.least_delay.map(|delay| (delay * 1_000.0).round() / 1_000.0));
            Arc::new(delays.collect::<Float64Array>())
        }),
        ("message", text(&|verdict| Some(verdict.message.clone()))),
    ])
}

/// One row per object, by risk.
///
/// # Errors
/// As [`timeline`].
pub fn objects(report: &BacktestReport, zone: Tz) -> Result<Results, Stop> {
    let all = &report.objects;
    let text =
        |value: &dyn Fn(&ObjectRisk) -> Option<String>| -> ArrayRef { Arc::new(all.iter().map(value).collect::<StringArray>()) };
    let number = |value: fn(&ObjectRisk) -> i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values(all.iter().map(value))) };
    output::rows(vec![
        ("object", text(&|one| Some(one.object.clone()))),
        ("object_type", text(&|one| Some(one.object_type.clone()))),
        ("risk", number(|one| one.risk)),
        ("risk_events", number(|one| one.events as i64)),
        ("findings", number(|one| one.findings as i64)),
        ("first", text(&|one| time_text(one.first, zone))),
        ("last", text(&|one| time_text(one.last, zone))),
        ("searches", text(&|one| Some(one.searches.join(", ")))),
    ])
}

/// Draws why searches failed, what their runs had to say, and windows that are longer than the data.
pub fn tell(of: &BacktestReport, searches: &[ScheduledSearch], sources: &[Source], terminal: &Terminal) {
    let mut problems: Vec<Located> = Vec::new();
    for ((found, search), source) in of.searches.iter().zip(searches).zip(sources) {
        if let Some(failure) = &found.failure {
            report_failure(terminal, source, failure);
        }
        report(terminal, source, None, &unplaced(&found.warnings));
        for (field, count) in &found.unfilled {
            let all = found.risk_events;
            let message = format!("{}: `${field}$` stays unfilled in {count} of {all} risk messages", found.name);
            let place = &search.message_place;
            problems.push(match &place.source {
                Some(_) => place.located(Diagnostic::warning("backtest/message", message, Some(place.span))),
                None => Located { source: None, diagnostic: Diagnostic::warning("backtest/message", message, None) },
            });
        }
        if let Some(seconds) = found.longer_window {
            let message = format!("a window of {} is longer than the data: searches see what is there", length(seconds));
            let place = &search.window_place;
            problems.push(match &place.source {
                Some(_) => place.located(Diagnostic::warning("backtest/window", message, Some(place.span))),
                None => {
                    let message = format!("{}: {message}", found.name);
                    Located { source: None, diagnostic: Diagnostic::warning("backtest/window", message, None) }
                }
            });
        }
    }
    plan::tell(&problems, terminal);
}

/// Warnings without their places, which refer to a text with macros expanded.
fn unplaced(warnings: &[Diagnostic]) -> Vec<Diagnostic> {
    warnings.iter().map(|warning| Diagnostic { labels: Vec::new(), ..warning.clone() }).collect()
}

/// `1 d 6 h`, `70 s`: no zeros, whole seconds.
fn length(seconds: f64) -> String {
    let mut rest = seconds.round() as u64;
    let mut parts = Vec::new();
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")] {
        if rest >= unit {
            parts.push(format!("{} {name}", rest / unit));
            rest %= unit;
        }
    }
    parts.join(" ")
}
