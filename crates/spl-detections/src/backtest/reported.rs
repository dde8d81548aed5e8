//! What a replay found: the timeline, the risk of each object, and how each search fared.

use spl_exec::Failure;
use spl_parser::{Diagnostic, Severity};

use super::prepared::Prepared;
use crate::risk_event::CreatedEvent;
use crate::scheduled_search::Kind;

/// What a replay found.
#[derive(Debug)]
pub struct BacktestReport {
    /// From when it ran.
    pub from: f64,
    /// Until when.
    pub to: f64,
    /// By search, in the order given.
    pub searches: Vec<SearchReport>,
    /// By time, then in the order of the searches.
    pub timeline: Vec<TimelineEntry>,
    /// The events that searches made, in the order that they were made.
    pub created: Vec<CreatedEvent>,
    /// By risk, the highest first.
    pub objects: Vec<ObjectRisk>,
}

/// How a search fared.
#[derive(Clone, Debug)]
pub struct SearchReport {
    /// Its name.
    pub name: String,
    /// What it comes from.
    pub kind: Kind,
    /// How often it was due.
    pub runs: usize,
    /// How often there was something to search.
    pub searched: usize,
    /// How often it was an alert.
    pub alerts: usize,
    /// Rows, or runs where rows are not told apart, that throttling held back.
    pub suppressed: usize,
    /// Risk events that it made.
    pub risk_events: usize,
    /// Findings that it made.
    pub findings: usize,
    /// Events that it added to other indexes.
    pub summary_events: usize,
    /// When it was an alert first.
    pub first_alert: Option<f64>,
    /// The shortest delay of its alerts, in seconds.
    pub least_delay: Option<f64>,
    /// The seconds of its window, when it reads events and the data reach over less time.
    pub longer_window: Option<f64>,
    /// Why it stopped.
    pub failure: Option<Failure>,
    /// What its runs had to say, each once.
    pub warnings: Vec<Diagnostic>,
    /// Fields of the risk message that rows did not have, with the number of risk events that name them so.
    pub unfilled: Vec<(String, usize)>,
}

/// How a query ended as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictStatus {
    /// It was replayed.
    Ran,
    /// It was not.
    Skip,
    /// It could not be, or not as it is meant.
    Error,
}

impl VerdictStatus {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Skip => "skip",
            Self::Error => "error",
        }
    }
}

impl SearchReport {
    /// How the search ended, and why in one sentence.
    pub fn verdict(&self) -> (VerdictStatus, String) {
        if let Some(failure) = &self.failure {
            let mut errors = failure.diagnostics.iter().filter(|one| one.severity == Severity::Error);
            return (VerdictStatus::Error, errors.next().map_or_else(|| "failed".to_owned(), |error| error.message.clone()));
        }
        if self.runs == 0 {
            return (VerdictStatus::Skip, "no run falls into the time that is replayed".to_owned());
        }
        match self.unfilled.iter().find(|(_, count)| *count == self.risk_events) {
            Some((field, _)) => {
                (VerdictStatus::Error, format!("`${field}$` of the risk message stays unfilled: no row has `{field}`"))
            }
            None => (VerdictStatus::Ran, String::new()),
        }
    }
}

/// What an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A risk event.
    Risk,
    /// A finding.
    Finding,
    /// An alert that makes neither.
    Alert,
}

impl What {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Finding => "finding",
            Self::Alert => "alert",
        }
    }
}

/// An entry of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// When.
    pub time: f64,
    /// The place of its search.
    pub search: usize,
    /// What it tells of.
    pub what: What,
    /// Whom it is about; none when the row does not say.
    pub object: Option<String>,
    /// What that is.
    pub object_type: Option<String>,
    /// The score of a risk event.
    pub score: Option<i64>,
    /// The risk of the object up to now.
    pub risk: Option<i64>,
    /// When what it tells of was in the data first.
    pub first_seen: Option<f64>,
    /// What it says.
    pub message: String,
}

impl TimelineEntry {
    /// The seconds from the event to the alert.
    pub fn delay(&self) -> Option<f64> {
        self.first_seen.map(|seen| self.time - seen)
    }
}

/// The risk of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRisk {
    /// The object.
    pub object: String,
    /// What it is.
    pub object_type: String,
    /// The sum of its scores.
    pub risk: i64,
    /// How many risk events.
    pub events: usize,
    /// The searches that made them, each once, in order of time.
    pub searches: Vec<String>,
    /// Findings about it.
    pub findings: usize,
    /// The first risk event.
    pub first: f64,
    /// The last one.
    pub last: f64,
    /// The risk after each time that it changed.
    pub course: Vec<(f64, i64)>,
}

impl SearchReport {
    /// That of a search before it is replayed.
    pub(super) fn new(prepared: &Prepared) -> Self {
        Self {
            name: prepared.search.name.clone(),
            kind: prepared.search.kind,
            runs: 0,
            searched: 0,
            alerts: 0,
            suppressed: 0,
            risk_events: 0,
            findings: 0,
            summary_events: 0,
            first_alert: None,
            least_delay: None,
            longer_window: None,
            failure: prepared.failure.clone(),
            warnings: Vec::new(),
            unfilled: Vec::new(),
        }
    }
}

/// The risk of each object, the highest first.
pub(super) fn objects(timeline: &[TimelineEntry], searches: &[SearchReport]) -> Vec<ObjectRisk> {
    let mut objects: indexmap::IndexMap<(String, String), ObjectRisk> = indexmap::IndexMap::new();
    for entry in timeline {
        let (Some(object), Some(score)) = (&entry.object, entry.score) else { continue };
        let kind = entry.object_type.clone().unwrap_or_default();
        let one = objects.entry((object.clone(), kind.clone())).or_insert_with(|| ObjectRisk {
            object: object.clone(),
            object_type: kind,
            risk: 0,
            events: 0,
            searches: Vec::new(),
            findings: 0,
            first: entry.time,
            last: entry.time,
            course: Vec::new(),
        });
        one.risk = one.risk.saturating_add(score);
        one.events += 1;
        one.last = entry.time;
        let name = &searches[entry.search].name;
        if !one.searches.contains(name) {
            one.searches.push(name.clone());
        }
        match one.course.last_mut() {
            Some((time, risk)) if *time == entry.time => *risk = one.risk,
            _ => one.course.push((entry.time, one.risk)),
        }
    }
    for entry in timeline.iter().filter(|entry| entry.what == What::Finding) {
        if let Some(object) = &entry.object {
            let of_object = objects
                .values_mut()
                .filter(|one| one.object == *object && entry.object_type.as_ref().is_none_or(|kind| *kind == one.object_type));
            of_object.for_each(|one| one.findings += 1);
        }
    }
    let mut objects: Vec<ObjectRisk> = objects.into_values().collect();
    objects.sort_by(|one, other| other.risk.cmp(&one.risk).then_with(|| one.object.cmp(&other.object)));
    objects
}
