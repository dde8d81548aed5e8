//! Rows of `splq coverage`: detections, techniques, fields.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, ListBuilder, StringArray, StringViewBuilder};
use spl_detections::attack::Attack;
use spl_detections::log_coverage::{CoveredDetection, CoveredTechnique, FieldFill, LogCoverage};
use spl_exec::Results;

use crate::output;
use crate::stop::Stop;

/// One row per detection.
///
/// # Errors
/// None in practice: the columns are of one length.
pub fn detections(coverage: &LogCoverage) -> Result<Results, Stop> {
    let all = &coverage.detections;
    let texts = |value: fn(&CoveredDetection) -> Option<&str>| texts(all.iter().map(value));
    let lists = |value: fn(&CoveredDetection) -> Vec<&str>| lists(all.iter().map(value));
    let events = all.iter().map(|one| one.logs.runs.filter(|runs| runs.can()).map(|_| one.logs.events as i64));
    output::rows(vec![
        ("detection", texts(|one| Some(&one.name))),
        ("runs", texts(|one| one.logs.runs.map(|runs| runs.name()))),
        ("tests", texts(|one| one.tests.map(|status| status.name()))),
        ("techniques", lists(|one| one.techniques.iter().map(String::as_str).collect())),
        ("events", Arc::new(events.collect::<Int64Array>())),
        ("sourcetypes", lists(|one| one.logs.sourcetypes.iter().map(String::as_str).collect())),
        ("never_filled", lists(|one| one.logs.never_filled())),
        ("reason", texts(|one| Some(one.logs.reason.as_str()).filter(|reason| !reason.is_empty()))),
    ])
}

/// One row per technique that a detection names.
///
/// # Errors
/// None in practice: the columns are of one length.
pub fn techniques(coverage: &LogCoverage, attack: &Attack) -> Result<Results, Stop> {
    let all = &coverage.techniques;
    let known = |one: &CoveredTechnique| attack.technique(&one.id);
    let counts = |value: fn(&CoveredTechnique) -> usize| -> ArrayRef {
        Arc::new(all.iter().map(|one| Some(value(one) as i64)).collect::<Int64Array>())
    };
    let names = all.iter().map(|one| known(one).map(|technique| technique.name.as_str()));
    let tactics = all
        .iter()
        .map(|one| known(one).into_iter().flat_map(|technique| &technique.tactics).map(|tactic| tactic.name.as_str()).collect());
    let can_run = all.iter().map(|one| coverage.has_logs.then_some(one.can_run as i64));
    output::rows(vec![
        ("technique", texts(all.iter().map(|one| Some(one.id.as_str())))),
        ("name", texts(names)),
        ("tactics", lists(tactics)),
        ("coverage", texts(all.iter().map(|one| Some(one.level.name())))),
        ("detections", counts(|one| one.detections.len())),
        ("can_run", Arc::new(can_run.collect::<Int64Array>())),
        ("tests_pass", counts(|one| one.passing)),
    ])
}

/// One row per field that a detection reads from events of one source.
///
/// # Errors
/// None in practice: the columns are of one length.
pub fn fields(coverage: &LogCoverage) -> Result<Results, Stop> {
    let all: Vec<(&CoveredDetection, &FieldFill)> =
        coverage.detections.iter().flat_map(|one| one.logs.fields.iter().map(move |field| (one, field))).collect();
    let sources: Vec<String> = all.iter().map(|(_, field)| field.source.name()).collect();
    let counts = |value: fn(&FieldFill) -> u64| -> ArrayRef {
        Arc::new(all.iter().map(|(_, field)| Some(value(field) as i64)).collect::<Int64Array>())
    };
    let fill = all.iter().map(|(_, field)| Some((field.filled as f64 / field.events.max(1) as f64 * 1e4).round() / 1e4));
    output::rows(vec![
        ("detection", texts(all.iter().map(|(one, _)| Some(one.name.as_str())))),
        ("source", texts(sources.iter().map(|source| Some(source.as_str())))),
        ("field", texts(all.iter().map(|(_, field)| Some(field.field.as_str())))),
        ("required", Arc::new(all.iter().map(|(_, field)| Some(field.required)).collect::<BooleanArray>())),
        ("events", counts(|field| field.events)),
        ("filled", counts(|field| field.filled)),
        ("fill", Arc::new(fill.collect::<Float64Array>())),
    ])
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// Lists of texts; an empty one is absent.
fn lists<'a>(values: impl Iterator<Item = Vec<&'a str>>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for list in values {
        list.iter().for_each(|text| lists.values().append_value(text));
        lists.append(!list.is_empty());
    }
    Arc::new(lists.finish())
}
