//! One HTML page of a test run that needs no other file: counts, then each detection with its tests.

use std::fmt::Write;
use std::time::Duration;

use super::test_findings::{Told, told};
use crate::detection_test::TestStatus;
use crate::test_run::TestedDetection;

const STYLE: &str = "\
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2733;background:#fff}\
h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dde3ea;\
vertical-align:top}code,pre{font:13px/1.4 ui-monospace,monospace}pre{background:#f4f6f9;padding:.7rem;overflow:auto;white-space:pre-wrap}\
.pass{color:#176f3a}.fail,.error{color:#b3261e}.skip{color:#6a7683}summary{cursor:pointer;padding:.3rem 0}.n{text-align:right}\
@media(prefers-color-scheme:dark){body{background:#14181d;color:#d9e0e8}td,th{border-color:#2c343e}pre{background:#1d232b}\
.pass{color:#6fd395}.fail,.error{color:#ff8a80}.skip{color:#93a0ad}}";

/// Begins a page: everything up to its heading.
pub(crate) fn head(title: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    )
}

/// The page.
pub fn report(tested: &[TestedDetection], elapsed: Duration) -> String {
    let of = |status: TestStatus| tested.iter().filter(|one| one.status() == status).count();
    let mut page = head("splq test");
    // A text that is written does not fail.
    let _ = writeln!(
        page,
        "<p>{} detections: <span class=\"pass\">{} passed</span>, <span class=\"fail\">{} failed</span>, <span class=\"skip\">{} skipped</span>; {:.1} s</p>",
        tested.len(),
        of(TestStatus::Pass),
        of(TestStatus::Fail),
        of(TestStatus::Skip),
        elapsed.as_secs_f64()
    );
    let mut ordered: Vec<&TestedDetection> = tested.iter().collect();
    ordered.sort_by_key(|one| match one.status() {
        TestStatus::Fail | TestStatus::Error => 0,
        TestStatus::Pass => 1,
        TestStatus::Skip => 2,
    });
    for one in ordered {
        detection(&mut page, one);
    }
    page.push_str("</body></html>\n");
    page
}

fn detection(page: &mut String, one: &TestedDetection) {
    let status = one.status();
    let open = if status == TestStatus::Fail { " open" } else { "" };
    let name = status.name();
    let _ = writeln!(page, "<details{open}><summary><b class=\"{name}\">{name}</b> {}</summary>", escaped(&one.name));
    let _ = writeln!(page, "<p><code>{}</code></p>", escaped(&one.file));
    if !one.message().is_empty() {
        let _ = writeln!(page, "<p>{}</p>", escaped(&one.message()));
    }
    if !one.results.is_empty() {
        page.push_str("<table><tr><th>Test<th>Kind<th>Status<th class=\"n\">Rows<th class=\"n\">ms<th>Why</tr>\n");
        for result in &one.results {
            let why = match result.status.is_success() {
                true => escaped(&result.message),
                false => {
                    let Told { message, region } = told(one, result);
                    let line = region.map(|((line, _), _)| format!(" (line {line})")).unwrap_or_default();
                    format!("{}{line}", escaped(&message))
                }
            };
            let rows = result.rows.map(|rows| rows.to_string()).unwrap_or_default();
            let status = result.status.name();
            let _ = writeln!(
                page,
                "<tr><td>{}<td>{}<td class=\"{status}\">{status}<td class=\"n\">{rows}<td class=\"n\">{:.1}<td>{why}</tr>",
                escaped(&result.name),
                result.kind.name(),
                result.elapsed.as_secs_f64() * 1000.0
            );
        }
        page.push_str("</table>\n");
    }
    if let Some(coverage) = one.coverage.as_ref().filter(|coverage| !coverage.conditions.is_empty()) {
        let _ = writeln!(page, "<p>Tests notice {} of {} changed conditions.</p>", coverage.noticed(), coverage.conditions.len());
        for condition in coverage.conditions.iter().filter(|condition| condition.noticed_by.is_none()) {
            let _ = writeln!(
                page,
                "<p class=\"fail\">unnoticed: <code>{}</code> {}</p>",
                escaped(&condition.text),
                condition.change.name()
            );
        }
    }
    if let Some(search) = one.detection.as_ref().and_then(|detection| detection.search.as_ref()) {
        let _ = writeln!(page, "<pre>{}</pre>", escaped(search));
    }
    page.push_str("</details>\n");
}

/// Text that is neither tag nor attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
