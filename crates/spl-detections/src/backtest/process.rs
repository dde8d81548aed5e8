//! What becomes of the rows of a run: the trigger, throttling, risk events and findings, the timeline.

use spl_exec::time::strptime;

use super::reported::{BacktestReport, TimelineEntry, What, objects};
use super::{Ran, Replay};
use crate::risk_event::{CreatedEvent, RunFacts, notables, risk_events, summary_events};
use crate::rows::ResultRow;
use crate::trigger::Trigger;

/// The note of a command that finds no index to add rows to: here they are added.
const NO_INDEX: &str = "collect/no-index";

impl Replay {
    /// Takes in what a run gave.
    pub(super) fn process(&mut self, place: usize, time: f64, ran: Ran) {
        let prepared = std::sync::Arc::clone(&self.searches[place]);
        let search = &prepared.search;
        let report = &mut self.reports[place];
        report.runs += 1;
        report.searched += usize::from(ran.searched);
        for warning in ran.warnings {
            let is_told = report.warnings.iter().any(|known| known.code == warning.code && known.message == warning.message);
            let is_done = warning.code == NO_INDEX && prepared.collects.is_some();
            if !is_told && !is_done {
                report.warnings.push(warning);
            }
        }
        if ran.failure.is_some() {
            report.failure = ran.failure;
            return;
        }
        let rows = ran.rows;
        let begins = if self.backtest.late { time + search.schedule_window } else { time };
        let attack = std::sync::Arc::clone(&self.backtest.attack);
        let facts = RunFacts {
            search_name: search.search_name.clone(),
            now: begins,
            info_min_time: ran.info.0,
            info_max_time: ran.info.1,
            attack: &attack,
        };
        let mut made: Vec<CreatedEvent> = Vec::new();
        if let Some(index) = &prepared.collects {
            made.extend(summary_events(index, &[], &facts, &rows));
        }
        let triggered = match &search.trigger {
            Trigger::Always => true,
            Trigger::Condition(_) => ran.condition,
            count => {
                let number = count.count(&rows, ran.found).unwrap_or_default();
                let before = self.counts.insert(place, number);
                count.holds(number, before)
            }
        };
        if triggered {
            let found = rows.len();
            let passed = match &search.throttle {
                None => Some(rows),
                Some(throttle) => self.throttled.pass(&search.search_name, throttle, begins, rows),
            };
            let by_row = search.throttle.as_ref().is_some_and(|throttle| !throttle.fields.is_empty()) && found > 0;
            self.reports[place].suppressed += match &passed {
                Some(rows) => found - rows.len(),
                None if by_row => found,
                None => 1,
            };
            if let Some(rows) = passed {
                made.extend(self.alert(place, &facts, &rows, ran.first_event));
            }
        }
        self.created.extend(made.into_iter().map(|event| (begins, event)));
    }

    /// What an alert makes of its rows.
    fn alert(&mut self, place: usize, facts: &RunFacts<'_>, rows: &[ResultRow], first_event: Option<f64>) -> Vec<CreatedEvent> {
        let prepared = std::sync::Arc::clone(&self.searches[place]);
        let search = &prepared.search;
        let zone = self.backtest.engine.clock().time_zone;
        let seen = |row: &ResultRow| first_seen(row, zone).or(first_event).filter(|seen| *seen <= facts.now);
        let risk = if search.actions.makes_risk { risk_events(&search.definition, facts, rows) } else { Vec::new() };
        let findings: Vec<CreatedEvent> =
            search.actions.notable.iter().flat_map(|notable| notables(&search.definition, notable, facts, rows)).collect();
        let mut made = Vec::new();
        let mut entries: Vec<TimelineEntry> = Vec::new();
        let entry = |what, row: Option<&ResultRow>, message: String| TimelineEntry {
            time: facts.now,
            search: place,
            what,
            object: None,
            object_type: None,
            score: None,
            risk: None,
            first_seen: row.map_or(first_event, seen),
            message,
        };
        for event in &risk {
            let object = search.definition.objects.get(event.object);
            let value = event.event.values("risk_object").first().cloned();
            let kind = object.map(|object| object.kind.clone());
            let score = object.map(|object| object.score);
            let total = self.risk.entry((value.clone().unwrap_or_default(), kind.clone().unwrap_or_default())).or_default();
            *total = total.saturating_add(score.unwrap_or_default());
            let entry = entry(What::Risk, rows.get(event.row), event.message.text.clone());
            entries.push(TimelineEntry { object: value, object_type: kind, score, risk: Some(*total), ..entry });
        }
        for (row, finding) in rows.iter().zip(&findings) {
            let (object, object_type) = about(search, row);
            let known = object.clone().zip(object_type.clone());
            let risk = known.and_then(|known| self.risk.get(&known).copied());
            let entry = entry(What::Finding, Some(row), finding.values("rule_title").join(" "));
            entries.push(TimelineEntry { object, object_type, risk, ..entry });
        }
        let speaks = search.tracked || search.trigger != Trigger::Always;
        let acts = search.actions.makes_risk || search.actions.notable.is_some();
        if entries.is_empty() && speaks && !(acts && rows.is_empty()) {
            let counted = |count: usize| format!("{count} {}", if count == 1 { "row" } else { "rows" });
            if search.digest {
                let first = rows.iter().filter_map(seen).min_by(f64::total_cmp);
                let entry = entry(What::Alert, None, counted(rows.len()));
                entries.push(TimelineEntry { first_seen: first.or(first_event), ..entry });
            } else {
                entries.extend(rows.iter().map(|row| {
                    let (object, object_type) = about(search, row);
                    TimelineEntry { object, object_type, ..entry(What::Alert, Some(row), counted(1)) }
                }));
            }
        }
        let report = &mut self.reports[place];
        if !entries.is_empty() {
            report.alerts += if search.digest { 1 } else { rows.len() };
            report.first_alert.get_or_insert(facts.now);
            let least = entries.iter().filter_map(TimelineEntry::delay).min_by(f64::total_cmp);
            report.least_delay = [report.least_delay, least].into_iter().flatten().min_by(f64::total_cmp);
        }
        report.risk_events += risk.len();
        report.findings += findings.len();
        for field in risk.iter().flat_map(|event| &event.message.missing) {
            match report.unfilled.iter_mut().find(|(known, _)| known == field) {
                Some((_, count)) => *count += 1,
                None => report.unfilled.push((field.clone(), 1)),
            }
        }
        made.extend(risk.into_iter().map(|event| event.event));
        made.extend(findings);
        if let Some(summary) = &search.summary {
            let events = summary_events(&summary.index, &summary.fields, facts, rows);
            report.summary_events += events.len();
            made.extend(events);
        }
        self.timeline.extend(entries);
        made
    }

    pub(super) fn finish(self, from: f64, to: f64) -> BacktestReport {
        let mut timeline = self.timeline;
        timeline.sort_by(|one, other| one.time.total_cmp(&other.time));
        let objects = objects(&timeline, &self.reports);
        let mut created = self.created;
        created.sort_by(|one, other| one.0.total_cmp(&other.0));
        let created = created.into_iter().map(|(_, event)| event).collect();
        BacktestReport { from, to, searches: self.reports, timeline, created, objects }
    }
}

/// Whom a row is about: what it says itself, else the first risk object of the search that it has.
fn about(search: &crate::scheduled_search::ScheduledSearch, row: &ResultRow) -> (Option<String>, Option<String>) {
    let first = |field: &str| row.get(field).and_then(|values| values.first()).cloned();
    if let Some(object) = first("risk_object") {
        return (Some(object), first("risk_object_type"));
    }
    let found = search.definition.objects.iter().find_map(|object| Some((first(&object.field)?, object.kind.clone())));
    found.map_or((None, None), |(object, kind)| (Some(object), Some(kind)))
}

/// Fields that say when what a row tells of was in the data: by their names in public detections.
const SEEN: [&str; 5] = ["firstTime", "first_time", "firstSeen", "first_seen", "_time"];

/// Forms of such times beside epoch seconds: those of `security_content_ctime` and of `convert ctime`.
const FORMS: [&str; 4] = ["%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%Q%:z"];

/// When what a row tells of was in the data first; none when the row does not say.
fn first_seen(row: &ResultRow, zone: chrono_tz::Tz) -> Option<f64> {
    let read = |text: &String| {
        let number = text.trim().parse::<f64>().ok().filter(|time| *time > 0.0 && time.is_finite());
        number.or_else(|| FORMS.iter().find_map(|form| strptime(text.trim(), form, zone)))
    };
    let values = SEEN.iter().filter_map(|field| row.get(*field)).flatten();
    values.filter_map(read).min_by(f64::total_cmp)
}
