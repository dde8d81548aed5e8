//! Times, order and groups of a report, and its pages.
#![allow(clippy::unwrap_used)]

use chrono_tz::Tz;

use super::*;
use crate::attack::Attack;
use crate::report::{run_markdown, run_page};

fn hit(query: &str, severity: Option<&'static str>, rows: usize) -> Ended {
    let row: ResultRow = [("host".to_owned(), vec!["<web1>".to_owned()])].into_iter().collect();
    Ended::Hit(Box::new(Hit {
        query: query.to_owned(),
        title: query.to_owned(),
        file: format!("{query}.yml"),
        severity,
        kind: Some("TTP"),
        techniques: vec!["T1059.001".to_owned()],
        rows,
        hosts: vec![("<web1>".to_owned(), rows)],
        first: Some(1_700_000_000.0),
        last: Some(1_700_000_600.0),
        times: vec![1_700_000_000.0, 1_700_000_600.0],
        fields: vec!["host".to_owned()],
        shown: vec![row],
    }))
}

fn failed(query: &str, message: &str) -> Ended {
    Ended::Failed { query: query.to_owned(), code: "plan/unknown", message: message.to_owned() }
}

fn report() -> RunReport {
    let unexpected = Ended::Unexpected { query: "counted".to_owned(), message: "3 rows, expected none".to_owned() };
    let ended = [
        hit("plain", None, 1),
        failed("a", "unknown macro `m`"),
        hit("many", Some("high"), 9),
        Ended::Quiet,
        unexpected,
        failed("b", "unknown macro `m`"),
        hit("few", Some("high"), 2),
    ];
    RunReport::new(ended, Duration::from_millis(1500))
}

#[test]
fn the_worst_come_first() {
    let report = report();
    assert_eq!(report.hits.iter().map(|hit| hit.query.as_str()).collect::<Vec<_>>(), ["few", "many", "plain"]);
    assert_eq!((report.errors.len(), report.failed(), report.quiet, report.searches()), (1, 2, 1, 7));
    assert_eq!(report.errors[0].messages["unknown macro `m`"], ["a", "b"]);
}

#[test]
fn times_of_rows() {
    assert_eq!(epoch_seconds("1700000000.5"), Some(1_700_000_000.5));
    assert_eq!(epoch_seconds("2023-11-14T22:13:20"), Some(1_700_000_000.0));
    assert_eq!(epoch_seconds("11/14/2023 22:13:20"), Some(1_700_000_000.0));
    assert_eq!((epoch_seconds("7"), epoch_seconds("never")), (None, None));
    assert_eq!((last_part("Processes.dest"), last_part("min(_time)")), ("dest", "min(_time)"));
}

#[test]
fn pages_need_no_other_file() {
    let page = run_page::page(&report(), &Attack::default(), Tz::UTC);
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{page}");
    assert!(page.contains("&lt;web1&gt;") && !page.contains("<web1>"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "{page}");
    assert!(page.contains("2023-11-14 22:13:20") && page.contains("unknown macro `m`"), "{page}");
    let text = run_markdown::report(&report(), Tz::UTC);
    assert!(text.starts_with("### ❌ 7 searches: 3 hits, 1 with other rows than expected, 2 failed (1.5 s)\n"), "{text}");
    assert!(text.contains("| high | few | T1059.001 | 2 | `<web1>` | 2023-11-14 22:13:20 | 2023-11-14 22:23:20 |"), "{text}");
}
