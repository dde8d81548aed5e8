//! What a run of many searches found, for people: the hits with their hosts and times, the errors by their cause, the counts.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};
use indexmap::IndexMap;
use spl_exec::Results;
use spl_parser::Severity;

use crate::batch::{Finished, Outcome};
use crate::queries::Query;
use crate::risk_definition::severity;
use crate::rows::{ResultRow, first_rows};

/// Rows of a hit that a report shows.
pub const SHOWN_ROWS: usize = 100;
/// Rows that are looked at for hosts and times.
const LOOKED_AT: usize = 20_000;
/// Fields that name a host, the one that an event is about first; the part behind the last dot counts.
const HOSTS: [&str; 9] =
    ["dest", "host", "dvc", "Computer", "ComputerName", "dest_host", "orig_host", "dest_nt_host", "src_host"];
/// Fields with the time of a row's first event.
const FIRST_TIMES: [&str; 5] = ["firstTime", "_time", "first_time", "earliest", "min(_time)"];
/// Fields with the time of its last event.
const LAST_TIMES: [&str; 5] = ["lastTime", "_time", "last_time", "latest", "max(_time)"];

/// A search that found rows, when its file does not say how many it must find.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The name of the search.
    pub query: String,
    /// Its title; the name when it has none.
    pub title: String,
    /// Its file.
    pub file: String,
    /// How bad it is, when the file is a detection: `high`.
    pub severity: Option<&'static str>,
    /// The type of the detection: `TTP`.
    pub kind: Option<&'static str>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Rows found.
    pub rows: usize,
    /// The hosts that the rows name, with the number of rows, the most frequent first.
    pub hosts: Vec<(String, usize)>,
    /// The time of the first event, in epoch seconds.
    pub first: Option<f64>,
    /// The time of the last event.
    pub last: Option<f64>,
    /// The times of the rows, in epoch seconds.
    pub times: Vec<f64>,
    /// The fields of the rows.
    pub fields: Vec<String>,
    /// The first rows, no more than [`SHOWN_ROWS`].
    pub shown: Vec<ResultRow>,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It found rows that nobody expected.
    Hit(Box<Hit>),
    /// It found nothing, or what its file expects.
    Quiet,
    /// It found another number of rows than its file expects.
    Unexpected {
        /// Its name.
        query: String,
        /// What it found and should have found.
        message: String,
    },
    /// It could not be answered.
    Failed {
        /// Its name.
        query: String,
        /// The code of the cause.
        code: &'static str,
        /// What is wrong.
        message: String,
    },
}

/// Searches that failed for one cause.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorGroup {
    /// The code.
    pub code: &'static str,
    /// What is wrong, with the searches of which it is said.
    pub messages: IndexMap<String, Vec<String>>,
}

impl ErrorGroup {
    /// The number of its searches.
    pub fn searches(&self) -> usize {
        self.messages.values().map(Vec::len).sum()
    }
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// The hits, the worst first.
    pub hits: Vec<Hit>,
    /// Searches with another number of rows than their files expect, each with what is said of it.
    pub unexpected: Vec<(String, String)>,
    /// The causes of errors, the most frequent first.
    pub errors: Vec<ErrorGroup>,
    /// Searches that ran and found nothing, or what they should.
    pub quiet: usize,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl Hit {
    /// What the rows of a search tell.
    pub fn of(query: &Query, results: &Results) -> Self {
        let rows = first_rows(results, LOOKED_AT);
        let detection = query.detection.as_ref().filter(|_| query.metadata.detection);
        let named = |names: &[&str]| -> Vec<&String> {
            let place = |field: &String| names.iter().position(|name| *name == last_part(field));
            let mut fields: Vec<&String> = results.fields.iter().filter(|field| place(field).is_some()).collect();
            fields.sort_by_key(|field| place(field));
            fields
        };
        let mut hosts: IndexMap<String, usize> = IndexMap::new();
        let (host_fields, first_fields, last_fields) = (named(&HOSTS), named(&FIRST_TIMES), named(&LAST_TIMES));
        let (mut first, mut last, mut times) = (None::<f64>, None::<f64>, Vec::new());
        for row in &rows {
            let host = host_fields.iter().find_map(|field| row.get(*field));
            for host in host.into_iter().flatten() {
                *hosts.entry(host.clone()).or_default() += 1;
            }
            let time =
                |fields: &[&String]| fields.iter().find_map(|field| row.get(*field)?.iter().find_map(|text| epoch_seconds(text)));
            if let Some(time) = time(&first_fields) {
                first = Some(first.map_or(time, |first| first.min(time)));
                times.push(time);
            }
            if let Some(time) = time(&last_fields) {
                last = Some(last.map_or(time, |last| last.max(time)));
            }
        }
        let mut hosts: Vec<(String, usize)> = hosts.into_iter().collect();
        hosts.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        Self {
            query: query.name.clone(),
            title: query.metadata.title.clone().unwrap_or_else(|| query.name.clone()),
            file: query.file.display().to_string(),
            severity: detection.map(|detection| severity(detection.risk_score())),
            kind: detection.and_then(|detection| detection.kind()).map(|kind| kind.name()),
            techniques: query.metadata.techniques.clone(),
            rows: results.rows(),
            hosts,
            first,
            last: last.or(first),
            times,
            fields: results.fields.iter().filter(|field| !field.starts_with("__")).cloned().collect(),
            shown: rows.into_iter().take(SHOWN_ROWS).collect(),
        }
    }

    /// The place of its severity: 0 is the worst.
    fn rank(&self) -> usize {
        const ORDER: [&str; 5] = ["critical", "high", "medium", "low", "informational"];
        self.severity.and_then(|severity| ORDER.iter().position(|known| *known == severity)).unwrap_or(ORDER.len())
    }
}

impl Ended {
    /// What a report tells of a search that ended.
    pub fn of(finished: &Finished) -> Self {
        let query = &finished.job.query;
        let name = || query.name.clone();
        match &finished.outcome {
            Outcome::Unreadable(message) => Self::Failed { query: name(), code: "file/unreadable", message: message.clone() },
            Outcome::Broken => {
                Self::Failed { query: name(), code: "internal", message: "internal error in splq: please report it".to_owned() }
            }
            Outcome::Failed(failure) => {
                let mut errors = failure.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
                let (code, message) =
                    errors.next().map_or(("failed", "failed".to_owned()), |one| (one.code, one.message.clone()));
                Self::Failed { query: name(), code, message }
            }
            Outcome::Ran(results) => match query.metadata.expect {
                Some(expectation) => match expectation.mismatch(results.rows()) {
                    Some(message) => Self::Unexpected { query: name(), message },
                    None => Self::Quiet,
                },
                None if results.rows() > 0 => Self::Hit(Box::new(Hit::of(query, results))),
                None => Self::Quiet,
            },
        }
    }
}

impl RunReport {
    /// Orders what was found.
    pub fn new(ended: impl IntoIterator<Item = Ended>, elapsed: Duration) -> Self {
        let mut report = Self { elapsed, ..Self::default() };
        let mut errors: IndexMap<&'static str, IndexMap<String, Vec<String>>> = IndexMap::new();
        for one in ended {
            match one {
                Ended::Hit(hit) => report.hits.push(*hit),
                Ended::Quiet => report.quiet += 1,
                Ended::Unexpected { query, message } => report.unexpected.push((query, message)),
                Ended::Failed { query, code, message } => {
                    errors.entry(code).or_default().entry(message).or_default().push(query);
                }
            }
        }
        report.errors = errors.into_iter().map(|(code, messages)| ErrorGroup { code, messages }).collect();
        report.errors.sort_by_key(|group| std::cmp::Reverse(group.searches()));
        // Among hits of one severity those on few rows come first: they say more.
        report.hits.sort_by(|left, right| (left.rank(), left.rows, &left.query).cmp(&(right.rank(), right.rows, &right.query)));
        report
    }

    /// The number of searches that failed.
    pub fn failed(&self) -> usize {
        self.errors.iter().map(ErrorGroup::searches).sum()
    }

    /// The number of searches.
    pub fn searches(&self) -> usize {
        self.hits.len() + self.unexpected.len() + self.quiet + self.failed()
    }
}

fn last_part(field: &str) -> &str {
    // `min(_time)` is one name.
    if field.contains('(') { field } else { field.rsplit('.').next().unwrap_or(field) }
}

/// Epoch seconds, or a time as `ctime` and `strftime` write it.
fn epoch_seconds(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds > 1e8 && seconds < 1e11).then_some(seconds);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_micros() as f64 / 1e6);
    }
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S%.f"];
    let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(time.and_utc().timestamp_micros() as f64 / 1e6)
}

#[cfg(test)]
mod tests;
