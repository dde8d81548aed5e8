//! A search with its schedule and all that becomes of its rows: a detection by its deployment, a baseline, a saved search.

use chrono_tz::Tz;
use spl_exec::time::{TimeModifier, parse_time_modifier};
use spl_knowledge::saved_search::SavedSearch;
use spl_parser::span::Spanned;
use spl_parser::{Diagnostic, Span};

use crate::attack::Attack;
use crate::content::Baseline;
use crate::deployment::{Deployment, Scheduling};
use crate::detection::{Detection, Status, Throttling};
use crate::queries::Query;
use crate::repository::{ContentFile, Repository};
use crate::risk_definition::RiskDefinition;
use crate::risk_event::{Actions, search_name};
use crate::saved_alert;
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

/// What schedules are planned with.
#[derive(Clone, Debug, Default)]
pub struct Planner {
    /// The techniques that annotations name.
    pub attack: Attack,
    /// The time zone of absolute times with a format of their own.
    pub time_zone: Tz,
    /// Saved searches that are disabled or not scheduled are taken too.
    pub include_disabled: bool,
}

/// The schedule that the deployments of `contentctl` give detections.
const DETECTION_SCHEDULE: [&str; 3] = ["0 * * * *", "-70m@m", "-10m@m"];
/// That of baselines.
const BASELINE_SCHEDULE: [&str; 3] = ["10 0 * * *", "-1450m@m", "-10m@m"];

impl Planner {
    /// The schedule of a query: of a saved search its own, of a detection that of its deployment.
    pub fn plan(&self, query: &Query, repository: Option<&Repository>) -> PlannedQuery {
        let text = match &query.search {
            Ok(text) => text,
            Err(message) => return PlannedQuery { planned: Planned::Wrong(message.clone()), problems: Vec::new() },
        };
        match (&query.saved, &query.detection) {
            (Some(saved), _) => self.plan_saved(saved),
            (None, Some(detection)) => self.plan_detection(query, text, detection, repository),
            (None, None) => PlannedQuery {
                planned: Planned::Skipped("it has no schedule: it is neither a detection nor a saved search".to_owned()),
                problems: Vec::new(),
            },
        }
    }

    fn plan_detection(&self, query: &Query, text: &str, detection: &Detection, repository: Option<&Repository>) -> PlannedQuery {
        if let Some(status @ (Status::Deprecated | Status::Removed)) = detection.status() {
            let name = Status::NAMES.iter().find(|(_, known)| *known == status).map_or("", |(name, _)| name);
            let planned = Planned::Skipped(format!("the status is `{name}`"));
            return PlannedQuery { planned, problems: Vec::new() };
        }
        let own = detection.deployment.as_ref().map(|own| (own, query.source.name.clone(), query.source.text.clone()));
        let shared = || of_file(repository?.deployment_file(detection.kind()?)?);
        let deployment = own.or_else(shared);
        let mut reading = Reading { problems: Vec::new(), wrong: None };
        if deployment.is_none() {
            reading.note("no deployment is found for it: it runs as those of contentctl do, `0 * * * *` over -70m@m to -10m@m");
        }
        let deployment_value = deployment.as_ref().map(|(deployment, ..)| *deployment);
        let times = reading.times(deployment.as_ref(), DETECTION_SCHEDULE);
        let throttle = detection.tags.throttling.as_ref().and_then(|throttling| reading.throttle(throttling, &query.source));
        let settings = repository.and_then(|repository| repository.settings.as_ref()?.value.as_ref());
        let name = detection.name.as_ref().map_or(query.name.as_str(), |name| name.as_str());
        let label = settings.and_then(|settings| settings.label.as_deref());
        let message_span = detection.risk().message.map(|message| message.span).unwrap_or_default();
        let message_place = Place { source: Some(Source::new(&query.source.name, &query.source.text)), span: message_span };
        reading.finish(times.map(|times| ScheduledSearch {
            search_name: search_name(label, name),
            message_place,
            throttle,
            actions: Actions::of(detection, deployment_value),
            definition: RiskDefinition::of(detection, &self.attack),
            ..times.search(name, Kind::Detection, text)
        }))
    }

    /// The schedule of a baseline.
    pub fn plan_baseline(&self, file: &ContentFile<Baseline>, baseline: &Baseline, repository: &Repository) -> PlannedQuery {
        let (Some(name), Some(text)) = (&baseline.name, &baseline.search) else {
            let planned = Planned::Wrong(format!("{} has no name or no search", file.file.display()));
            return PlannedQuery { planned, problems: Vec::new() };
        };
        let own = baseline.deployment.as_ref().map(|own| (own, file.file.display().to_string(), file.text.clone()));
        let deployment = own.or_else(|| of_file(repository.deployment_named("ESCU Default Configuration Baseline")?));
        let mut reading = Reading { problems: Vec::new(), wrong: None };
        let times = reading.times(deployment.as_ref(), BASELINE_SCHEDULE);
        let settings = repository.settings.as_ref().and_then(|file| file.value.as_ref());
        let label = settings.and_then(|settings| settings.label.as_deref()).unwrap_or(crate::risk_event::DEFAULT_LABEL);
        reading.finish(times.map(|times| ScheduledSearch {
            search_name: format!("{label} - {}", name.value),
            trigger: Trigger::Always,
            ..times.search(name, Kind::Baseline, text)
        }))
    }

    fn plan_saved(&self, saved: &SavedSearch) -> PlannedQuery {
        if !self.include_disabled && saved.disabled {
            return PlannedQuery {
                planned: Planned::Skipped("it is disabled (`disabled = 1`)".to_owned()),
                problems: Vec::new(),
            };
        }
        let cron = saved.settings.get("cron_schedule").filter(|text| !text.trim().is_empty());
        if cron.is_none() || !(self.include_disabled || saved.schedule.is_some()) {
            let why = if cron.is_none() { "it has no `cron_schedule`" } else { "its schedule is off (`enableSched` is not 1)" };
            return PlannedQuery { planned: Planned::Skipped(why.to_owned()), problems: Vec::new() };
        }
        saved_alert::plan(saved, cron.map_or("", String::as_str), self.time_zone)
    }
}

/// A deployment with its file and the text of it.
type OfFile<'d> = (&'d Deployment, String, String);

fn of_file(file: &ContentFile<Deployment>) -> Option<OfFile<'_>> {
    Some((file.value.as_ref()?, file.file.display().to_string(), file.text.clone()))
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

/// Gathers what is wrong while a schedule is read.
struct Reading {
    problems: Vec<Located>,
    /// The first that stands in the way of running the search.
    wrong: Option<String>,
}

impl Reading {
    fn note(&mut self, message: &str) {
        self.problems.push(Located { source: None, diagnostic: Diagnostic::warning("schedule/deployment", message, None) });
    }

    fn wrong(&mut self, code: &'static str, message: String, place: &Place) {
        let diagnostic = Diagnostic::error(code, message.clone(), place.span);
        self.problems.push(place.located(diagnostic));
        self.wrong.get_or_insert(message);
    }

    fn finish(self, search: Option<ScheduledSearch>) -> PlannedQuery {
        let planned = match (self.wrong, search) {
            (None, Some(search)) => Planned::Scheduled(Box::new(search)),
            (wrong, _) => Planned::Wrong(wrong.unwrap_or_default()),
        };
        PlannedQuery { planned, problems: self.problems }
    }

    /// The times of a deployment; what it does not say is as `default` has it.
    fn times(&mut self, deployment: Option<&OfFile<'_>>, default: [&str; 3]) -> Option<TimesOfRuns> {
        let none = Scheduling::default();
        let scheduling = deployment.map_or(&none, |(deployment, ..)| &deployment.scheduling);
        let source = deployment.map(|(_, file, text)| Source::new(file.clone(), text.clone()));
        let place = |text: &Option<Spanned<String>>| Place {
            source: source.clone(),
            span: text.as_ref().map(|text| text.span).unwrap_or_default(),
        };
        let value = |text: &Option<Spanned<String>>, default: &str| {
            text.as_ref().map_or_else(|| default.to_owned(), |text| text.value.clone())
        };
        let cron = CronSchedule::parse(&value(&scheduling.cron_schedule, default[0]));
        let cron = cron.map_err(|message| self.wrong("schedule/cron", message, &place(&scheduling.cron_schedule))).ok();
        let [earliest, latest] =
            [(&scheduling.earliest_time, default[1]), (&scheduling.latest_time, default[2])].map(|(text, default)| {
                let read = parse_time_modifier(&value(text, default));
                read.map_err(|message| self.wrong("schedule/time", message, &place(text))).ok()
            });
        let window = scheduling.schedule_window.as_ref().map_or("0", |text| text.value.as_str());
        let schedule_window = schedule_window(window);
        if schedule_window.is_none() {
            let message = format!("`{window}` is no schedule window: expected minutes, or `auto`");
            self.wrong("schedule/window", message, &place(&scheduling.schedule_window));
        }
        Some(TimesOfRuns {
            schedule: cron?,
            window_place: place(&scheduling.earliest_time),
            earliest,
            latest,
            schedule_window: schedule_window?,
        })
    }

    fn throttle(&mut self, throttling: &Throttling, source: &Source) -> Option<Throttle> {
        let fields = throttling.fields.iter().map(|field| field.value.clone()).collect();
        let Some(period) = &throttling.period else {
            let place = Place { source: Some(Source::new(&source.name, &source.text)), span: Span::default() };
            self.wrong("schedule/throttling", "`throttling` needs a `period`".to_owned(), &place);
            return None;
        };
        match Throttle::period(period) {
            Ok(period) => Some(Throttle { fields, period, group: None }),
            Err(message) => {
                let place = Place { source: Some(Source::new(&source.name, &source.text)), span: period.span };
                self.wrong("schedule/throttling", message, &place);
                None
            }
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
