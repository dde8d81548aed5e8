//! Order, times and who runs beside whom.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono_tz::Tz;
use spl_exec::{SearchClock, Settings};
use spl_knowledge::Knowledge;

use super::*;
use crate::expectation::Expectation;
use crate::metadata::Metadata;
use crate::source::Source;

/// A clock that goes on by a millisecond each time that it is asked.
#[derive(Default)]
struct Counting(AtomicU64);

impl Clock for Counting {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// What began (`+`) and ended (`-`), in order.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Progress for Log {
    fn started(&self, place: usize, _: &Query) {
        self.0.lock().unwrap().push(format!("+{place}"));
    }

    fn ended(&self, place: usize) {
        self.0.lock().unwrap().push(format!("-{place}"));
    }
}

fn query(name: &str, text: &str) -> Query {
    let metadata = crate::metadata::of_comments(text).unwrap();
    Query::new(name, PathBuf::from(format!("{name}.spl")), Ok(text.to_owned()), Source::new(name, text), metadata)
}

fn batch(queries: Vec<Query>) -> Batch {
    batch_over(queries, &Times::default())
}

fn batch_over(queries: Vec<Query>, times: &Times) -> Batch {
    let settings = Settings { threads: 1, ..Settings::at(SearchClock::at(1_700_000_000.0, Tz::UTC)) };
    let engine = Engine::new(Knowledge::built_in(), settings).unwrap();
    let jobs = queries.into_iter().map(|query| Arc::new(Job::new(&engine, query, times, &Counting::default()))).collect();
    Batch { engine: Arc::new(engine), jobs }
}

/// Runs all jobs, two at a time: what each gave, and the log.
fn run(batch: &Batch) -> (Vec<Finished>, Vec<String>) {
    let log = Arc::new(Log::default());
    let progress: Arc<dyn Progress> = log.clone();
    let options = RunOptions { at_once: 2, clock: Arc::new(Counting::default()), progress: Some(progress) };
    let places: Vec<usize> = (0..batch.jobs.len()).collect();
    let mut received = Vec::new();
    let digest: Digest<Finished> = Arc::new(|finished| finished);
    let receive = |finished| {
        received.push(finished);
        Ok::<(), ()>(())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(batch.run(&places, &options, &digest, receive)).unwrap();
    let log = log.0.lock().unwrap().clone();
    (received, log)
}

fn names(finished: &[Finished]) -> Vec<&str> {
    finished.iter().map(|one| one.job.query.name.as_str()).collect()
}

fn fields(finished: &Finished) -> Vec<String> {
    match &finished.outcome {
        Outcome::Ran(results) => results.fields.clone(),
        _ => Vec::new(),
    }
}

#[test]
fn results_come_in_order_whatever_became_of_them() {
    let mut unreadable = query("unreadable", "");
    unreadable.search = Err("x.spl is not UTF-8".to_owned());
    let mut odd = query("odd", "| makeresults count=2");
    odd.metadata = Metadata { expect: Expectation::parse("3"), ..Metadata::default() };
    let batch = batch(vec![
        query("rows", "| makeresults count=2"),
        query("unknown", "| statz count"),
        unreadable,
        odd,
        query("missing", "| inputlookup strict=true no_such_lookup"),
    ]);
    let (finished, _) = run(&batch);
    assert_eq!(names(&finished), ["rows", "unknown", "unreadable", "odd", "missing"]);
    let summaries: Vec<Summary> = finished.iter().map(Finished::summary).collect();
    assert_eq!(summaries.iter().map(|summary| summary.rows).collect::<Vec<_>>(), [Some(2), None, None, Some(2), None]);
    assert!(summaries[0].is_hit() && summaries[0].error.is_none() && summaries[0].elapsed > Duration::ZERO);
    assert!(summaries[1].error.as_ref().unwrap().contains("statz"));
    assert_eq!(summaries[2].error.as_deref(), Some("x.spl is not UTF-8"));
    assert_eq!((summaries[3].error.as_deref(), summaries[3].unexpected), (Some("2 rows, expected 3"), true));
    assert!(!summaries[3].is_hit());
    assert!(summaries[4].error.as_ref().unwrap().contains("no_such_lookup"));
}

#[test]
fn a_search_that_writes_runs_alone_and_the_next_reads_what_it_wrote() {
    let batch = batch(vec![
        query("first", "| makeresults | eval collect=\"outputlookup\""),
        query("second", "| makeresults"),
        query("writes", "| makeresults | eval written=1 | outputlookup written.csv"),
        query("reads", "| inputlookup written.csv"),
        query("last", "| makeresults"),
    ]);
    let (finished, log) = run(&batch);
    assert_eq!(names(&finished), ["first", "second", "writes", "reads", "last"]);
    assert!(fields(&finished[3]).contains(&"written".to_owned()));
    let mut first = log[..4].to_vec();
    first[2..].sort();
    assert_eq!(first, ["+0", "+1", "-0", "-1"]);
    assert_eq!(log[4..6], ["+2", "-2"]);
    assert_eq!(log[6..8], ["+3", "+4"]);
}

#[test]
fn each_search_has_its_times() {
    let header = |times: &str| format!("```{times}``` | makeresults | addinfo | table info_min_time info_max_time");
    let queries = || {
        vec![
            query("own", &header("earliest: 100\nlatest: 200\n")),
            query("none", &header("name: none\n")),
            query("half", &header("latest: 300\n")),
        ]
    };
    let range = |earliest: Option<&str>, latest: Option<&str>| TimeRange {
        earliest: earliest.map(str::to_owned),
        latest: latest.map(str::to_owned),
    };
    let shown = |times: &Times| -> Vec<String> {
        let (finished, _) = run(&batch_over(queries(), times));
        let text = |one: &Finished| match &one.outcome {
            Outcome::Ran(results) => {
                let columns = results.batches[0].columns().iter();
                let value = |column: &arrow::array::ArrayRef| arrow::util::display::array_value_to_string(column, 0).unwrap();
                columns.map(value).collect::<Vec<_>>().join(" ")
            }
            _ => "failed".to_owned(),
        };
        finished.iter().map(text).collect()
    };
    let fallback = Times { asked: TimeRange::default(), fallback: range(Some("50"), Some("60")), now: None };
    assert_eq!(shown(&fallback), ["100.000 200.000", "50.000 60.000", "50.000 300.000"]);
    let asked = Times { asked: range(Some("10"), None), fallback: range(None, Some("60")), now: None };
    assert_eq!(shown(&asked), ["10.000 200.000", "10.000 60.000", "10.000 300.000"]);
}
