//! The `summary.yml` of `contentctl test`: the same keys in the same order, so that what reads it goes on to do so.

use std::fmt::Write;

use serde_json::{Value, json};
use spl_parser::span::Spanned;

use crate::detection_test::{TestKind, TestStatus};
use crate::detection_type::Status;
use crate::test_run::{TestResult, TestedDetection};

/// The report. `mode` is `all`, `selected` or `changes`.
pub fn report(tested: &[TestedDetection], mode: &str, integration: bool) -> String {
    let of = |status: TestStatus| tested.iter().filter(|one| one.status() == status).count();
    let (passed, failed, skipped) = (of(TestStatus::Pass), of(TestStatus::Fail), of(TestStatus::Skip));
    let with = |status: Status| {
        let is = |one: &&TestedDetection| one.detection.as_ref().is_some_and(|detection| detection.status() == Some(status));
        tested.iter().filter(is).count()
    };
    let manual = |one: &&TestedDetection| one.results.iter().any(|result| result.kind == TestKind::Manual);
    let rate = match passed + failed {
        0 => "UNKNOWN".to_owned(),
        all => format!("{:.1}%", passed as f64 * 100.0 / all as f64),
    };
    let (mut ran, mut not_run): (Vec<&TestedDetection>, Vec<&TestedDetection>) =
        tested.iter().partition(|one| one.status() != TestStatus::Skip);
    // Failures come first.
    ran.sort_by_key(|one| (one.status() != TestStatus::Fail, one.name.clone()));
    not_run.sort_by_key(|one| one.name.clone());
    let document = json!({
        "summary": {
            "mode": mode,
            "enable_integration_testing": integration,
            "success": failed == 0,
            "total_detections": tested.len(),
            "total_tested_detections": passed + failed,
            "total_pass": passed,
            "total_fail": failed,
            "total_skipped": skipped,
            "total_untested": 0,
            "total_production": with(Status::Production),
            "total_experimental": with(Status::Experimental),
            "total_deprecated": with(Status::Deprecated),
            "total_manual": tested.iter().filter(manual).count(),
            "success_rate": rate,
        },
        "tested_detections": ran.into_iter().map(detection).collect::<Vec<_>>(),
        "skipped_detections": not_run.into_iter().map(detection).collect::<Vec<_>>(),
        "untested_detections": [],
        "percent_complete": "100.0%",
    });
    let mut text = String::new();
    write_value(&mut text, &document, 0);
    text
}

fn detection(one: &TestedDetection) -> Value {
    let detection = one.detection.as_deref();
    let text = |value: fn(&crate::detection::Detection) -> &Option<Spanned<String>>| {
        detection.and_then(|detection| value(detection).as_ref()).map(|text| text.value.clone())
    };
    let parent = std::path::Path::new(&one.file).parent().and_then(|folder| folder.file_name());
    let status = one.status();
    json!({
        "name": one.name,
        "type": text(|detection| &detection.kind_text),
        "production_status": text(|detection| &detection.status_text),
        "status": status.name(),
        "source_category": parent.map(|name| name.to_string_lossy().into_owned()),
        "data_source": detection.map(|detection| detection.data_source_names().map(str::to_owned).collect::<Vec<_>>()),
        "search": text(|detection| &detection.search),
        "file_path": one.file,
        "manual_test": detection.and_then(|detection| detection.tags.manual_test.as_ref()).map(|text| text.value.clone()),
        "success": status.is_success(),
        "tests": one.results.iter().map(test).collect::<Vec<_>>(),
    })
}

fn test(result: &TestResult) -> Value {
    let seconds = (result.elapsed.as_secs_f64() * 1000.0).round() / 1000.0;
    json!({
        "name": result.name,
        "test_type": result.kind.name(),
        "success": result.status.is_success(),
        "message": result.message,
        "exception": (result.status == TestStatus::Error).then_some(&result.message),
        "status": result.status.name(),
        "duration": seconds,
        "wait_duration": 0,
        "resultCount": result.rows.map(|rows| rows.to_string()),
        "runDuration": format!("{seconds}"),
    })
}

/// Writes a value as YAML in block style. Scalars are written as JSON writes them, which YAML reads alike.
fn write_value(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let is_block = |value: &Value| match value {
        Value::Object(entries) => !entries.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    // A text that is written does not fail.
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                if is_block(value) {
                    let _ = writeln!(text, "{indent}{key}:");
                    write_value(text, value, depth + usize::from(value.is_object()));
                } else {
                    let _ = writeln!(text, "{indent}{key}: {value}");
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                if is_block(item) {
                    let mut inner = String::new();
                    write_value(&mut inner, item, depth + 1);
                    let _ = write!(text, "{indent}- {}", inner.trim_start());
                } else {
                    let _ = writeln!(text, "{indent}- {item}");
                }
            }
        }
        scalar => {
            let _ = writeln!(text, "{indent}{scalar}");
        }
    }
}
