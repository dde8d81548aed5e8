//! `--coverage`: the conditions of detections whose change no test notices.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use spl_detections::coverage_run::ConditionTested;
use spl_detections::test_run::TestedDetection;
use spl_exec::Results;

use crate::output;
use crate::stop::Stop;
use crate::terminal::Terminal;

type Row<'t> = (&'t TestedDetection, Option<&'t ConditionTested>);

/// One row per condition, and one for a detection whose conditions can't be told.
pub fn rows(tested: &[TestedDetection]) -> Result<Results, Stop> {
    let mut all: Vec<Row<'_>> = Vec::new();
    for one in tested {
        let conditions = one.coverage.iter().flat_map(|coverage| &coverage.conditions);
        let before = all.len();
        all.extend(conditions.map(|condition| (one, Some(condition))));
        if all.len() == before {
            all.push((one, None));
        }
    }
    let texts = |value: fn(&Row<'_>) -> Option<String>| -> ArrayRef { Arc::new(all.iter().map(value).collect::<StringArray>()) };
    let places = |value: fn((usize, usize)) -> usize| -> ArrayRef {
        let place = |(one, condition): &Row<'_>| {
            let source = one.source.as_ref()?;
            Some(value(source.line_and_column((*condition)?.span.start)) as i64)
        };
        Arc::new(all.iter().map(place).collect::<Int64Array>())
    };
    output::rows(vec![
        ("detection", texts(|(one, _)| Some(one.name.clone()))),
        ("status", texts(|(_, condition)| Some(status(*condition).to_owned()))),
        ("condition", texts(|(_, condition)| condition.map(|condition| condition.text.clone()))),
        ("change", texts(|(_, condition)| condition.map(|condition| condition.change.name().to_owned()))),
        (
            "message",
            texts(|(one, condition)| match condition {
                Some(condition) => condition.noticed_by.as_ref().map(|test| format!("noticed by `{test}`")),
                None => one.coverage.as_ref().and_then(|coverage| coverage.obstacle.clone()).or_else(|| one.problem.clone()),
            }),
        ),
        ("line", places(|(line, _)| line)),
        ("column", places(|(_, column)| column)),
    ])
}

fn status(condition: Option<&ConditionTested>) -> &'static str {
    match condition {
        Some(condition) if condition.noticed_by.is_some() => "noticed",
        Some(_) => "unnoticed",
        None => "skip",
    }
}

/// The figure of all detections together.
pub fn finish(tested: &[TestedDetection], terminal: &Terminal) {
    let coverages = || tested.iter().filter_map(|one| one.coverage.as_ref());
    let all: usize = coverages().map(|coverage| coverage.conditions.len()).sum();
    let noticed: usize = coverages().map(spl_detections::coverage_run::Coverage::noticed).sum();
    let percent = if all == 0 { 0.0 } else { noticed as f64 * 100.0 / all as f64 };
    terminal.note(format_args!("tests notice {noticed} of {all} changed conditions ({percent:.0} %)"));
}
