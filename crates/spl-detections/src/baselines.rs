//! Baselines that searches need: those that write a lookup which a search reads, and those that name a detection.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use spl_exec::Engine;
use spl_parser::effects::pipeline_effects;
use spl_parser::spec::{Object, Writes};

use crate::content::Baseline;
use crate::content_file::ContentFile;
use crate::metadata::Metadata;
use crate::queries::Query;
use crate::repository::{Repository, absolute};
use crate::scheduled::Planner;
use crate::scheduled_search::{PlannedQuery, ScheduledSearch};
use crate::source::Source;
use crate::times::{TimeRange, Times};

/// A baseline that is to run before the searches that need it.
#[derive(Clone, Copy, Debug)]
pub struct NeededBaseline<'r> {
    /// Where it stands.
    pub repository: &'r Repository,
    /// Its file.
    pub file: &'r ContentFile<Baseline>,
    /// What the file says.
    pub baseline: &'r Baseline,
    /// It is one of the searches itself.
    pub is_named: bool,
}

/// The baselines of repositories that searches need or that are among them, by path.
pub fn needed<'r>(
    engine: &Engine,
    repositories: impl IntoIterator<Item = &'r Repository>,
    queries: &[Query],
) -> Vec<NeededBaseline<'r>> {
    let mut read: BTreeSet<String> = BTreeSet::new();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut files = BTreeSet::new();
    for query in queries {
        files.insert(absolute(&query.file));
        if query.detection.is_some() {
            names.extend(query.metadata.title.as_deref());
        }
        let objects = query.search.as_ref().ok().and_then(|text| engine.compile(text).ok());
        let objects = objects.map(|search| pipeline_effects(&search.pipeline).objects).unwrap_or_default();
        read.extend(objects.into_iter().filter(|(object, _)| *object == Object::Lookup).map(|(_, name)| plain(&name)));
    }
    let mut found = Vec::new();
    for repository in repositories {
        for file in &repository.baselines {
            let Some(baseline) = &file.value else { continue };
            let is_named = files.contains(&absolute(&file.file));
            let is_read = || written(engine, baseline).iter().any(|name| read.contains(&plain(name)));
            if is_named || baseline.detections.iter().any(|name| names.contains(name.value.as_str())) || is_read() {
                found.push(NeededBaseline { repository, file, baseline, is_named });
            }
        }
    }
    found
}

/// The lookups that a baseline writes; none when its search can't be read.
fn written(engine: &Engine, baseline: &Baseline) -> Vec<String> {
    let search = baseline.search.as_ref().and_then(|text| engine.compile(text).ok());
    let writes = search.map(|search| pipeline_effects(&search.pipeline).writes).unwrap_or_default();
    writes.into_iter().filter(|one| one.what == Writes::Lookup).filter_map(|one| one.target).collect()
}

/// A lookup without the extension of its file.
fn plain(name: &str) -> String {
    name.trim_end_matches(".gz").trim_end_matches(".csv").to_owned()
}

/// The last run of a baseline before a time, as a search.
#[derive(Clone, Debug)]
pub struct LastRun {
    /// The baseline.
    pub query: Query,
    /// When it ran, and over which time.
    pub times: Times,
}

impl NeededBaseline<'_> {
    /// Its name, else its file.
    pub fn name(&self) -> String {
        self.baseline.name.as_ref().map_or_else(|| self.file.file.display().to_string(), |name| name.value.clone())
    }

    /// Its search in its file.
    pub fn source(&self) -> Source {
        let search = self.baseline.search.as_ref();
        let (start, text) = search.map_or((0, ""), |search| (search.span.start, search.value.as_str()));
        Source::embedded(self.file.file.display().to_string(), &self.file.text, start, text)
    }

    /// Its schedule.
    pub fn plan(&self, planner: &Planner) -> PlannedQuery {
        planner.plan_baseline(self.file, self.baseline, self.repository)
    }

    /// Its last run that is not after a time, by its schedule and over its window.
    pub fn last_run(&self, scheduled: &ScheduledSearch, now: f64, zone: Tz) -> Option<LastRun> {
        let time = scheduled.schedule.last(now, zone)?;
        let (earliest, latest) = scheduled.window(time, zone);
        let text = |time: Option<f64>| time.map(|time| time.to_string());
        let file = self.file.file.clone();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let metadata = Metadata { title: Some(self.name()), ..Metadata::default() };
        let query = Query::new(name, file, Ok(scheduled.text.clone()), self.source(), metadata);
        let asked = TimeRange { earliest: text(earliest), latest: text(latest) };
        Some(LastRun { query, times: Times { asked, now: Some(time), ..Times::default() } })
    }

    /// The lookups that it writes.
    pub fn lookups(&self, engine: &Engine) -> Vec<String> {
        written(engine, self.baseline)
    }
}
