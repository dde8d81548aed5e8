//! A search with its schedule and all that becomes of its rows.

use chrono_tz::Tz;
use spl_exec::time::TimeModifier;
use spl_parser::{Diagnostic, Span};

use crate::risk_definition::RiskDefinition;
use crate::risk_event::Actions;
use crate::schedule::CronSchedule;
use crate::source::Source;
use crate::throttle::Throttle;
use crate::trigger::Trigger;

/// What a scheduled search comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A detection of a content repository.
    Detection,
    /// A baseline: it writes a lookup that detections read.
    Baseline,
    /// A saved search of an app.
    SavedSearch,
}

impl Kind {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Detection => "detection",
            Self::Baseline => "baseline",
            Self::SavedSearch => "saved search",
        }
    }
}

/// A search with its schedule and all that becomes of its rows.
#[derive(Clone, Debug)]
pub struct ScheduledSearch {
    /// Its name for people.
    pub name: String,
    /// The name of the saved search: `ESCU - Name - Rule`.
    pub search_name: String,
    /// What it comes from.
    pub kind: Kind,
    /// The search.
    pub text: String,
    /// When it runs.
    pub schedule: CronSchedule,
    /// From when it searches, from the scheduled time on; none = all time.
    pub earliest: Option<TimeModifier>,
    /// Until when it searches, exclusive; none = now when there is an earliest time.
    pub latest: Option<TimeModifier>,
    /// Where the window is written, for messages.
    pub window_place: Place,
    /// Where the risk message is written.
    pub message_place: Place,
    /// How much later than scheduled a run may begin, in seconds.
    pub schedule_window: f64,
    /// It runs at the very beginning too.
    pub at_startup: bool,
    /// After so many runs it runs no more; none = no limit.
    pub most_runs: Option<u32>,
    /// When it is an alert.
    pub trigger: Trigger,
    /// The actions take all rows together; else each row is an alert of its own.
    pub digest: bool,
    /// What is held back.
    pub throttle: Option<Throttle>,
    /// Alerts are told of even when the search always triggers.
    pub tracked: bool,
    /// What its rows become.
    pub actions: Actions,
    /// The index that its rows are added to, with fields that each gets.
    pub summary: Option<SummaryIndex>,
    /// The lookup that its rows are written to.
    pub lookup: Option<LookupAction>,
    /// What its risk events and findings say.
    pub definition: RiskDefinition,
}

impl ScheduledSearch {
    /// The window of a run at a time, in epoch seconds, the end exclusive; open ends are none. With a start alone it ends at the
    /// time of the run; the start of 1970 is no start.
    pub fn window(&self, time: f64, zone: Tz) -> (Option<f64>, Option<f64>) {
        let at = |modifier: &Option<TimeModifier>| modifier.as_ref().map(|modifier| modifier.resolve(time, zone));
        let earliest = at(&self.earliest).filter(|earliest| *earliest > 0.0);
        (earliest, at(&self.latest).or(earliest.map(|_| time)))
    }
}

/// An index that rows are added to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryIndex {
    /// Its name.
    pub index: String,
    /// Fields that each event gets.
    pub fields: Vec<(String, String)>,
}

/// A lookup that rows are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupAction {
    /// The lookup or its file.
    pub name: String,
    /// Rows are added to those that are there.
    pub appends: bool,
}

/// A place in a file.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The file with its text; none when the message itself names the place.
    pub source: Option<Source>,
    /// Where in the text.
    pub span: Span,
}

/// Something to be said of a search, with its place.
#[derive(Clone, Debug)]
pub struct Located {
    /// What the span refers to; none when the message itself names the place.
    pub source: Option<Source>,
    /// What is to be said.
    pub diagnostic: Diagnostic,
}

/// What became of a query.
#[derive(Debug)]
pub enum Planned {
    /// It is replayed.
    Scheduled(Box<ScheduledSearch>),
    /// It is not, for this reason.
    Skipped(String),
    /// It can't be, for this reason.
    Wrong(String),
}

/// A query with what became of it, and what is to be said of its schedule.
#[derive(Debug)]
pub struct PlannedQuery {
    /// What became of it.
    pub planned: Planned,
    /// Each once.
    pub problems: Vec<Located>,
}

impl Place {
    /// An error or a warning there.
    pub fn located(&self, diagnostic: Diagnostic) -> Located {
        Located { source: self.source.clone(), diagnostic }
    }
}

/// When a search runs, and over which time.
pub(crate) struct TimesOfRuns {
    pub(crate) schedule: CronSchedule,
    pub(crate) earliest: Option<TimeModifier>,
    pub(crate) latest: Option<TimeModifier>,
    pub(crate) window_place: Place,
    pub(crate) schedule_window: f64,
}

impl TimesOfRuns {
    /// A search with these times and nothing else that is special.
    pub(crate) fn search(self, name: &str, kind: Kind, text: &str) -> ScheduledSearch {
        ScheduledSearch {
            name: name.to_owned(),
            search_name: name.to_owned(),
            kind,
            text: text.to_owned(),
            schedule: self.schedule,
            earliest: self.earliest,
            latest: self.latest,
            window_place: self.window_place,
            message_place: Place::default(),
            schedule_window: self.schedule_window,
            at_startup: false,
            most_runs: None,
            trigger: Trigger::ANY_ROW,
            digest: true,
            throttle: None,
            tracked: false,
            actions: Actions::default(),
            summary: None,
            lookup: None,
            definition: RiskDefinition::default(),
        }
    }
}

/// The seconds of a schedule window. Of `auto` only the server's scheduler knows how many it takes: an idle one takes none.
///
/// Source: Splunk admin manual, savedsearches.conf, schedule_window.
pub fn schedule_window(text: &str) -> Option<f64> {
    match text.trim() {
        "auto" => Some(0.0),
        minutes => minutes.parse::<u32>().ok().map(|minutes| f64::from(minutes) * 60.0),
    }
}
