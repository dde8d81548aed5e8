//! Which detections can run on given logs, and which techniques are covered by detections that can and by tests that pass.

use std::collections::BTreeMap;

use crate::attack::Attack;
use crate::detection::Detection;
use crate::detection_test::TestStatus;
use crate::detection_type::Status;
use crate::event_facts::EventFacts;
use crate::event_needs::{EventNeed, EventSource};

/// Whether a detection can run on the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Runs {
    /// Its search can't be planned.
    Error,
    /// There are no events for it, or none of them can get through.
    No,
    /// There are events for it, but not for all of it, or some fields that it reads are never filled.
    Partly,
    /// There are events for all of it, and each field that it reads is filled by some.
    Yes,
}

impl Runs {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::No => "no",
            Self::Partly => "partly",
            Self::Yes => "yes",
        }
    }

    /// Whether it can find something.
    pub fn can(self) -> bool {
        matches!(self, Self::Partly | Self::Yes)
    }
}

/// A field that a detection reads, and how many events of a source fill it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFill {
    /// Where the events come from.
    pub source: EventSource,
    /// The field.
    pub field: String,
    /// Whether an event needs it to get through.
    pub required: bool,
    /// Events of the source.
    pub events: u64,
    /// Those that fill it.
    pub filled: u64,
}

/// What the logs have for a detection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogsFor {
    /// Whether it can run; none when there are no logs.
    pub runs: Option<Runs>,
    /// Why it can't or only partly can, in one sentence; empty when it can.
    pub reason: String,
    /// Events that it reads, of all places together.
    pub events: u64,
    /// Their sourcetypes, sorted.
    pub sourcetypes: Vec<String>,
    /// The fields that it reads, by source.
    pub fields: Vec<FieldFill>,
}

impl LogsFor {
    /// A search that can't be planned.
    pub fn error(message: impl Into<String>) -> Self {
        Self { runs: Some(Runs::Error), reason: message.into(), ..Self::default() }
    }

    /// Judges a search by what it needs and what the events have.
    pub fn judge(needs: &[EventNeed], facts: &EventFacts) -> Self {
        let mut logs = Self { runs: Some(Runs::Yes), ..Self::default() };
        let worse = |logs: &mut Self, runs: Runs, reason: String| {
            if logs.runs.is_none_or(|known| runs < known) {
                (logs.runs, logs.reason) = (Some(runs), reason);
            }
        };
        for need in needs {
            let Some(known) = facts.source(&need.source) else { continue };
            if let Some(problem) = &known.problem {
                worse(&mut logs, Runs::Error, problem.clone());
                continue;
            }
            logs.events += known.events;
            logs.sourcetypes.extend(known.sourcetypes.iter().cloned());
            // Without the rows of a subsearch a search still runs.
            let without = if need.is_main { Runs::No } else { Runs::Partly };
            if known.events == 0 {
                worse(&mut logs, without, need.source.none());
                continue;
            }
            let fill = |field: &String| known.filled.get(field).copied().unwrap_or(0);
            for field in &need.fields {
                logs.fields.push(FieldFill {
                    source: need.source.clone(),
                    field: field.clone(),
                    required: need.required.contains(field),
                    events: known.events,
                    filled: fill(field),
                });
            }
            let never = |fields: &mut dyn Iterator<Item = &String>| {
                fields.filter(|field| fill(field) == 0).map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
            };
            let required = never(&mut need.required.iter());
            if !required.is_empty() {
                worse(&mut logs, without, format!("{} fills {required}", need.source.none()));
            }
            let read = never(&mut need.fields.iter());
            if !read.is_empty() {
                worse(&mut logs, Runs::Partly, format!("{} fills {read}", need.source.none()));
            }
        }
        logs.sourcetypes.sort();
        logs.sourcetypes.dedup();
        logs
    }

    /// The fields that no event fills, each once.
    pub fn never_filled(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for field in self.fields.iter().filter(|field| field.filled == 0) {
            if !names.contains(&field.field.as_str()) {
                names.push(&field.field);
            }
        }
        names
    }
}

/// A detection with what the logs have for it and how its tests ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoveredDetection {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The techniques that it names.
    pub techniques: Vec<String>,
    /// What the logs have for it.
    pub logs: LogsFor,
    /// How its tests ended; none when they were not run.
    pub tests: Option<TestStatus>,
}

impl CoveredDetection {
    /// Whether it can run on the logs; never when there are none.
    pub fn can_run(&self) -> bool {
        self.logs.runs.is_some_and(Runs::can)
    }

    /// Whether its tests pass.
    pub fn passes(&self) -> bool {
        self.tests == Some(TestStatus::Pass)
    }
}

/// Whether a detection counts: one that is given up covers nothing.
pub fn counts(detection: &Detection) -> bool {
    !matches!(detection.status(), Some(Status::Deprecated | Status::Removed))
}

/// How well a technique is covered, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoverageLevel {
    /// Detections name it, none of which can run on the logs or passes its tests.
    Written,
    /// A detection passes its tests; none that can run on the logs.
    Tested,
    /// A detection can run on the logs; its tests do not pass or are not there.
    Runs,
    /// A detection can run on the logs and passes its tests.
    RunsAndTested,
}

impl CoverageLevel {
    /// As rows write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Tested => "tested",
            Self::Runs => "runs",
            Self::RunsAndTested => "runs and tested",
        }
    }

    /// Those that there can be, from worst to best, with what they mean: for a legend.
    pub fn legend(has_logs: bool) -> &'static [(Self, &'static str)] {
        match has_logs {
            true => &[
                (Self::Written, "detections, none of which can run on the logs"),
                (Self::Tested, "a detection passes its tests but can't run on the logs"),
                (Self::Runs, "a detection can run; its tests don't pass or there are none"),
                (Self::RunsAndTested, "a detection can run and passes its tests"),
            ],
            false => {
                &[(Self::Written, "detections, none of which passes its tests"), (Self::Tested, "a detection passes its tests")]
            }
        }
    }

    fn of(detection: &CoveredDetection) -> Self {
        match (detection.can_run(), detection.passes()) {
            (true, true) => Self::RunsAndTested,
            (true, false) => Self::Runs,
            (false, true) => Self::Tested,
            (false, false) => Self::Written,
        }
    }
}

/// A technique and the detections that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredTechnique {
    /// `T1569.002`
    pub id: String,
    /// The places of its detections.
    pub detections: Vec<usize>,
    /// How many of them can run on the logs.
    pub can_run: usize,
    /// Of how many of them the tests pass.
    pub passing: usize,
    /// The best of its detections.
    pub level: CoverageLevel,
}

/// All detections together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogCoverage {
    /// In the order that they were found.
    pub detections: Vec<CoveredDetection>,
    /// By id; only techniques that a detection names.
    pub techniques: Vec<CoveredTechnique>,
    /// Whether there were logs.
    pub has_logs: bool,
}

impl LogCoverage {
    /// Puts detections together by technique.
    pub fn new(detections: Vec<CoveredDetection>) -> Self {
        let mut techniques: BTreeMap<&str, CoveredTechnique> = BTreeMap::new();
        for (place, detection) in detections.iter().enumerate() {
            let level = CoverageLevel::of(detection);
            for id in &detection.techniques {
                let technique = techniques.entry(id).or_insert_with(|| CoveredTechnique {
                    id: id.clone(),
                    detections: Vec::new(),
                    can_run: 0,
                    passing: 0,
                    level,
                });
                // A detection that names a technique twice counts once.
                if technique.detections.last() == Some(&place) {
                    continue;
                }
                technique.detections.push(place);
                technique.can_run += usize::from(detection.can_run());
                technique.passing += usize::from(detection.passes());
                technique.level = technique.level.max(level);
            }
        }
        let techniques = techniques.into_values().collect();
        let has_logs = detections.iter().any(|detection| detection.logs.runs.is_some_and(|runs| runs != Runs::Error));
        Self { detections, techniques, has_logs }
    }

    /// A technique by its id.
    pub fn technique(&self, id: &str) -> Option<&CoveredTechnique> {
        let place = self.techniques.binary_search_by(|technique| technique.id.as_str().cmp(id)).ok()?;
        self.techniques.get(place)
    }

    /// The ids that ATT&CK does not have: mistaken or withdrawn ones.
    pub fn unknown_techniques<'c>(&'c self, attack: &Attack) -> Vec<&'c str> {
        let ids = self.techniques.iter().map(|technique| technique.id.as_str());
        ids.filter(|id| attack.technique(id).is_none()).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "log_coverage/tests.rs"]
mod tests;
