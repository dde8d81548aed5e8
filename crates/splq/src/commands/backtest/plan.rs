//! What is replayed: the searches that the command line names, each with its schedule, and the baselines that they need.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use indexmap::IndexMap;
use spl_detections::attack::Attack;
use spl_detections::backtest::{BacktestReport, VerdictStatus};
use spl_detections::baselines;
use spl_detections::queries::Query;
use spl_detections::report::backtest_page::Verdict;
use spl_detections::repository::{self, Repository, absolute};
use spl_detections::scheduled::Planner;
use spl_detections::scheduled_search::{Located, Planned, ScheduledSearch};
use spl_exec::Engine;
use spl_parser::Diagnostic;

use crate::arguments::BacktestArguments;
use crate::diagnostics::{report, report_general};
use crate::queries::{self, Queries};
use crate::session;
use crate::settings::settings;
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// What is replayed.
pub struct Plan {
    /// Without data.
    pub engine: Engine,
    /// Each query and baseline.
    pub rows: Vec<Row>,
    /// Those that are replayed.
    pub searches: Vec<ScheduledSearch>,
    /// What spans of their searches refer to.
    pub sources: Vec<Source>,
    /// What is to be said of schedules.
    pub problems: Vec<Located>,
}

/// A query or baseline, and what became of it.
pub struct Row {
    /// Its name for people.
    pub name: String,
    /// What it comes from.
    pub kind: &'static str,
    /// The place among the searches that are replayed, or why it is none of them.
    pub fate: Result<usize, (VerdictStatus, String)>,
}

/// Finds the searches and their schedules.
///
/// # Errors
/// What [`Stop`] lists.
pub fn plan(arguments: &BacktestArguments, terminal: &Terminal) -> Result<Plan, Stop> {
    let mut options = arguments.engine.knowledge.clone();
    let places = queries::places(&arguments.paths, &mut options);
    let Queries { queries: mut found, skipped } = places.find()?;
    if skipped > 0 {
        terminal.note(format_args!("{skipped} YAML files without a `search` skipped"));
    }
    let repositories = repository::around(&found);
    let knowledge = session::knowledge_of(repositories.values(), &options, terminal)?;
    let settings = settings(&arguments.engine.settings)?;
    let planner = Planner {
        attack: Attack::of(&knowledge),
        time_zone: settings.clock.time_zone,
        include_disabled: arguments.include_disabled,
    };
    let engine = Engine::new(knowledge, settings).map_err(|problem| session::stop(terminal, &problem))?;
    found.extend(places.saved_searches(engine.knowledge())?);
    let found = queries::select(found, &arguments.selection, terminal)?;
    let mut plan = Plan { engine, rows: Vec::new(), searches: Vec::new(), sources: Vec::new(), problems: Vec::new() };
    plan.add_baselines(&planner, &repositories, &found);
    let baselines: BTreeSet<PathBuf> =
        repositories.values().flat_map(|repository| &repository.baselines).map(|file| absolute(&file.file)).collect();
    let found: Vec<Query> = found.into_iter().filter(|query| !baselines.contains(&absolute(&query.file))).collect();
    let roots: Vec<Option<PathBuf>> =
        found.iter().map(|query| query.detection.as_ref().and_then(|_| repository::find(&absolute(&query.file)))).collect();
    let mut names: HashMap<String, String> = HashMap::new();
    for (query, root) in found.iter().zip(roots) {
        let repository = root.and_then(|root| repositories.get(&root));
        let planned = planner.plan(query, repository);
        let name = query.metadata.title.clone().unwrap_or_else(|| query.name.clone());
        let kind = if query.saved.is_some() { "saved search" } else { "detection" };
        let file = query.file.display().to_string();
        let mut planned = planned;
        if let Planned::Scheduled(search) = &planned.planned
            && let Some(other) = names.insert(search.search_name.clone(), file.clone())
        {
            let message = format!("the name `{name}` is taken: {other} has it too");
            planned.problems.push(named_twice(query, &message));
            planned.planned = Planned::Wrong(message);
        }
        plan.add(name, kind, query.source.clone(), planned);
    }
    Ok(plan)
}

/// A message at the name of a detection that another has too.
fn named_twice(query: &Query, message: &str) -> Located {
    let span = query.detection.as_ref().and_then(|detection| detection.name.as_ref()).map(|name| name.span);
    let diagnostic = match span {
        Some(span) => Diagnostic::error("backtest/name", message, span),
        None => Diagnostic::general("backtest/name", format!("{}: {message}", query.file.display())),
    };
    let source = span.map(|_| Source::new(query.source.name.clone(), query.source.text.clone()));
    Located { source, diagnostic }
}

impl Plan {
    fn add(&mut self, name: String, kind: &'static str, source: Source, planned: spl_detections::scheduled_search::PlannedQuery) {
        self.problems.extend(planned.problems);
        let fate = match planned.planned {
            Planned::Scheduled(search) => {
                self.searches.push(*search);
                self.sources.push(source);
                Ok(self.searches.len() - 1)
            }
            Planned::Skipped(why) => Err((VerdictStatus::Skip, why)),
            Planned::Wrong(why) => Err((VerdictStatus::Error, why)),
        };
        self.rows.push(Row { name, kind, fate });
    }

    /// The baselines that are named or that a search needs.
    fn add_baselines(&mut self, planner: &Planner, repositories: &IndexMap<PathBuf, Repository>, found: &[Query]) {
        for needed in baselines::needed(&self.engine, repositories.values(), found) {
            self.add(needed.name(), "baseline", needed.source(), needed.plan(planner));
        }
    }
}

/// Draws what is to be said of schedules: what many searches have in common, once.
pub fn tell(problems: &[Located], terminal: &Terminal) {
    let mut told: BTreeMap<(String, usize, String), (usize, &Located)> = BTreeMap::new();
    for problem in problems {
        let file = problem.source.as_ref().map(|source| source.name.clone()).unwrap_or_default();
        let start = problem.diagnostic.span().map(|span| span.start).unwrap_or_default();
        told.entry((file, start, problem.diagnostic.message.clone())).or_insert((0, problem)).0 += 1;
    }
    for (count, problem) in told.into_values() {
        let mut diagnostic = problem.diagnostic.clone();
        if count > 1 {
            diagnostic.message = format!("{} ({count} searches)", diagnostic.message);
        }
        match &problem.source {
            Some(source) => report(terminal, source, None, &[diagnostic]),
            None => report_general(terminal, &[diagnostic]),
        }
    }
}

/// The verdict over each query.
pub fn verdicts(rows: &[Row], report: &BacktestReport) -> Vec<Verdict> {
    let of_row = |row: &Row| {
        let (search, (status, message)) = match &row.fate {
            Ok(place) => (Some(*place), report.searches[*place].verdict()),
            Err(told) => (None, told.clone()),
        };
        Verdict { name: row.name.clone(), kind: row.kind, status, message, search }
    };
    rows.iter().map(of_row).collect()
}
