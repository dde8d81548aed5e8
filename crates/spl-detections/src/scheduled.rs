//! A search with its schedule and all that becomes of its rows: a detection by its deployment, a baseline, a saved search.

use chrono_tz::Tz;
use spl_exec::time::parse_time_modifier;
use spl_knowledge::saved_search::SavedSearch;
use spl_parser::span::Spanned;
use spl_parser::{Diagnostic, Span};

use crate::attack::Attack;
use crate::content::Baseline;
use crate::content_file::ContentFile;
use crate::deployment::{Deployment, Scheduling};
use crate::detection::{Detection, Throttling};
use crate::detection_type::Status;
use crate::queries::Query;
use crate::repository::Repository;
use crate::risk_definition::RiskDefinition;
use crate::risk_event::{Actions, search_name};
use crate::saved_alert;
use crate::schedule::CronSchedule;
use crate::scheduled_search::{Kind, Located, Place, Planned, PlannedQuery, ScheduledSearch, TimesOfRuns, schedule_window};
use crate::source::Source;
use crate::throttle::Throttle;
use crate::trigger::Trigger;

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
