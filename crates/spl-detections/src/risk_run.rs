//! The risk events and findings of searches that are run over logs, each detection by the deployment of its repository.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use spl_exec::{Engine, Results};

use crate::attack::Attack;
use crate::integration::Created;
use crate::queries::Query;
use crate::repository::{self, Repository};
use crate::risk_definition::RiskDefinition;
use crate::risk_event::{Actions, CreatedEvent, RunFacts, notables, risk_events, search_name};
use crate::rows::rows;
use crate::saved_alert;
use crate::test_run::facts;
use crate::times::{TimeRange, Times};

/// What risk events of a run of searches are made with.
#[derive(Debug, Default)]
pub struct RiskRun {
    attack: Attack,
    now: f64,
    times: Times,
    /// By root.
    repositories: HashMap<PathBuf, Repository>,
    /// By file of a query.
    roots: HashMap<PathBuf, PathBuf>,
    /// From when until when, as `addinfo` writes it.
    ranges: HashMap<TimeRange, (String, String)>,
}

impl RiskRun {
    /// Reads the repositories of detections, and the times of the searches.
    pub async fn new<'q>(engine: &Engine, times: &Times, queries: impl IntoIterator<Item = &'q Query>) -> Self {
        let mut run = Self {
            attack: Attack::of(engine.knowledge()),
            now: times.now.unwrap_or(engine.clock().now),
            times: times.clone(),
            ..Self::default()
        };
        for query in queries.into_iter().filter(|query| query.detection.is_some()) {
            if query.saved.is_none()
                && let Some(root) = repository::find(&repository::absolute(&query.file))
            {
                run.repositories.entry(root.clone()).or_insert_with(|| Repository::open(&root));
                run.roots.insert(query.file.clone(), root);
            }
            let range = times.of(query);
            if !run.ranges.contains_key(&range) {
                let clock = engine.clock().clone().with_range(range.earliest.clone(), range.latest.clone());
                let none = Attack::default();
                let facts = facts(engine, String::new(), run.now, &clock, &none).await;
                run.ranges.insert(range, (facts.info_min_time, facts.info_max_time));
            }
        }
        run
    }

    /// The repository of a query's file.
    fn repository(&self, file: &Path) -> Option<&Repository> {
        self.repositories.get(self.roots.get(file)?)
    }

    /// What a detection makes of its rows; nothing for a search that is no detection.
    pub fn created(&self, query: &Query, results: &Results) -> Created {
        let Some(detection) = &query.detection else { return Created::default() };
        let (search_name, actions, definition) = match &query.saved {
            Some(saved) => {
                let (actions, definition) = saved_alert::becomes(saved);
                (saved.name.clone(), actions, definition)
            }
            None => {
                let repository = self.repository(&query.file);
                let actions = Actions::of(detection, repository.and_then(|repository| repository.deployment_of(detection)));
                let settings = repository.and_then(|repository| repository.settings.as_ref()?.value.as_ref());
                let name = detection.name.as_ref().map_or(query.name.as_str(), |name| name.as_str());
                let label = settings.and_then(|settings| settings.label.as_deref());
                (search_name(label, name), actions, RiskDefinition::of(detection, &self.attack))
            }
        };
        let (min, max) = self.ranges.get(&self.times.of(query)).cloned().unwrap_or_default();
        let facts = RunFacts { search_name, now: self.now, info_min_time: min, info_max_time: max, attack: &self.attack };
        let rows = rows(results);
        Created {
            risk: if actions.makes_risk { risk_events(&definition, &facts, &rows) } else { Vec::new() },
            notables: actions.notable.iter().flat_map(|notable| notables(&definition, notable, &facts, &rows)).collect(),
        }
    }
}

impl Created {
    /// All events, risk first.
    pub fn events(&self) -> impl Iterator<Item = &CreatedEvent> {
        self.risk.iter().map(|risk| &risk.event).chain(&self.notables)
    }

    /// One sentence for each field that the risk message names and rows do not have.
    pub fn unfilled(&self) -> Vec<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for field in self.risk.iter().flat_map(|risk| &risk.message.missing) {
            *counts.entry(field).or_default() += 1;
        }
        let all = self.risk.len();
        counts.into_iter().map(|(field, count)| format!("`${field}$` stays unfilled in {count} of {all} risk messages")).collect()
    }
}
