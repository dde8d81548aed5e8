//! When a detection runs and what its results become: `deployments/*.yml`, or a `deployment` inside a detection.

use spl_parser::Diagnostic;
use spl_parser::span::Spanned;

use crate::detection_type::DetectionType;
use crate::yaml::{Mapping, Node, Reader};

/// A deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// Its name; `ESCU Default Configuration TTP` is what a TTP without a deployment of its own gets.
    pub name: Option<Spanned<String>>,
    /// What it is for: a type of detection, `Baseline`, or `Embedded` inside a detection.
    pub kind: Option<Spanned<String>>,
    /// When it runs, and over which time.
    pub scheduling: Scheduling,
    /// Results become risk events.
    pub makes_risk: bool,
    /// Results become findings.
    pub notable: Option<Notable>,
}

/// When a detection runs, and over which time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scheduling {
    /// Five fields: `0 * * * *`.
    pub cron_schedule: Option<Spanned<String>>,
    /// A time modifier relative to the run: `-70m@m`.
    pub earliest_time: Option<Spanned<String>>,
    /// A time modifier relative to the run, exclusive: `-10m@m`.
    pub latest_time: Option<Spanned<String>>,
    /// How late a run may begin: minutes, or `auto`.
    pub schedule_window: Option<Spanned<String>>,
}

/// What a finding says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notable {
    /// With `%name%` for the detection's name and `$field$` for a field of the result.
    pub rule_title: Option<Spanned<String>>,
    /// The same, longer.
    pub rule_description: Option<Spanned<String>>,
    /// Fields that are shown with it.
    pub fields: Vec<Spanned<String>>,
}

impl Deployment {
    /// Reads the file of a deployment, and what is wrong with it.
    pub fn read(root: &Node) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader::new("deployment/file");
        let deployment = match reader.document(root) {
            Some(file) => {
                let deployment = Self::of(&mut reader, &file);
                reader.required(&file, "name", deployment.name.as_ref());
                reader.required(&file, "type", deployment.kind.as_ref());
                deployment
            }
            None => Self::default(),
        };
        (deployment, reader.problems)
    }

    /// Reads a deployment inside a file.
    pub(crate) fn of(reading: &mut Reader, deployment: &Mapping<'_>) -> Self {
        let scheduling = reading.mapping(deployment, "scheduling");
        let action = reading.mapping(deployment, "alert_action");
        let rba = action.as_ref().and_then(|action| reading.mapping(action, "rba"));
        let notable = action.as_ref().and_then(|action| reading.mapping(action, "notable"));
        Self {
            name: reading.text(deployment, "name"),
            kind: reading.text(deployment, "type"),
            scheduling: scheduling
                .map(|scheduling| Scheduling {
                    cron_schedule: reading.text(&scheduling, "cron_schedule"),
                    earliest_time: reading.text(&scheduling, "earliest_time"),
                    latest_time: reading.text(&scheduling, "latest_time"),
                    schedule_window: reading.text(&scheduling, "schedule_window"),
                })
                .unwrap_or_default(),
            makes_risk: rba.is_some_and(|rba| reading.flag(&rba, "enabled") == Some(true)),
            notable: notable.map(|notable| Notable {
                rule_title: reading.text(&notable, "rule_title"),
                rule_description: reading.text(&notable, "rule_description"),
                fields: reading.texts(&notable, "nes_fields"),
            }),
        }
    }

    /// The name of the deployment that a detection of a type gets when it has none of its own.
    pub fn default_name(kind: DetectionType) -> String {
        format!("ESCU Default Configuration {}", kind.name())
    }
}
