//! `splq coverage`: which detections can run on logs, and which techniques are covered by them and by tests that pass.

mod rows;

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use futures::StreamExt;
use indicatif::HumanCount;
use spl_detections::attack::Attack;
use spl_detections::detection_test::TestStatus;
use spl_detections::event_facts::{EventFacts, fact_searches};
use spl_detections::event_needs::{EventNeed, event_needs};
use spl_detections::log_coverage::{CoveredDetection, LogCoverage, LogsFor, Runs, counts};
use spl_detections::report::{matrix, navigator};
use spl_exec::{Engine, Failure};

use crate::arguments::{CoverageArguments, CoverageRows, TestArguments};
use crate::batch::threads;
use crate::commands::query::duration;
use crate::commands::test::{self, by_repository, detections};
use crate::files::write_whole;
use crate::output::Sink;
use crate::queries::Query;
use crate::session;
use crate::settings::settings;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Judges the detections by the logs and their tests; rows go to stdout, reports into files.
///
/// # Errors
/// What [`Stop`] lists. Detections that can't run are no error.
pub async fn coverage(arguments: &CoverageArguments, terminal: &Terminal) -> Result<(), Stop> {
    Sink::check(&arguments.output, terminal)?;
    if arguments.engine.settings.earliest.is_some() || arguments.engine.settings.latest.is_some() {
        return Err(Stop::Usage("coverage looks at all events: --earliest and --latest have no meaning here".to_owned()));
    }
    let started = Instant::now();
    let mut found = detections(&arguments.paths, &arguments.selection, terminal)?;
    let all = found.len();
    found.retain(|query| query.detection.as_ref().is_none_or(counts));
    if found.len() < all {
        terminal.note(format_args!("{} detections that are deprecated or removed left out", all - found.len()));
    }
    if found.is_empty() {
        return Err(Stop::Failed("no detections left: all of them are deprecated or removed".to_owned()));
    }
    let tests = if arguments.no_tests { HashMap::new() } else { tested(arguments, found.clone(), terminal).await? };
    let mut covered = Vec::with_capacity(found.len());
    let mut attack = Attack::default();
    for (root, queries) in by_repository(found)? {
        let bench = Bench::new(&root, arguments, terminal)?;
        covered.extend(bench.judge(queries, &tests, arguments, terminal).await?);
        attack = bench.attack;
    }
    let coverage = LogCoverage::new(covered);
    reports(arguments, &coverage, &attack)?;
    let mut sink = Sink::open(&arguments.output, terminal, chrono_tz::Tz::UTC)?;
    sink.write_rows(&match arguments.by {
        CoverageRows::Detection => rows::detections(&coverage)?,
        CoverageRows::Technique => rows::techniques(&coverage, &attack)?,
        CoverageRows::Field => rows::fields(&coverage)?,
    })?;
    finish(&coverage, !arguments.no_tests, started, terminal);
    Ok(())
}

/// How the tests of detections ended, by file. Nothing is drawn: `splq test` shows why a test failed.
async fn tested(
    arguments: &CoverageArguments,
    found: Vec<Query>,
    terminal: &Terminal,
) -> Result<HashMap<String, TestStatus>, Stop> {
    let of_tests = TestArguments {
        knowledge: arguments.engine.knowledge.clone(),
        settings: arguments.engine.settings.clone(),
        cache: arguments.cache.clone(),
        ..TestArguments::default()
    };
    let ran = test::run(found, &of_tests, None, None, &Terminal { quiet: true, ..*terminal }).await?;
    Ok(ran.tested.into_iter().map(|one| (one.file.clone(), one.status())).collect())
}

/// What the detections of a repository are held against.
struct Bench {
    engine: Engine,
    attack: Attack,
}

impl Bench {
    fn new(root: &Path, arguments: &CoverageArguments, terminal: &Terminal) -> Result<Self, Stop> {
        let (_, knowledge) = test::repository_knowledge(root, &arguments.engine.knowledge, terminal)?;
        let attack = Attack::of(&knowledge);
        let settings = settings(&arguments.engine.settings)?;
        let engine = Engine::new(knowledge, settings).map_err(|problem| session::stop(terminal, &problem))?;
        Ok(Self { engine, attack })
    }

    /// Judges detections: each search is planned, then the events are asked once for each place that searches read them from.
    async fn judge(
        &self,
        queries: Vec<Query>,
        tests: &HashMap<String, TestStatus>,
        arguments: &CoverageArguments,
        terminal: &Terminal,
    ) -> Result<Vec<CoveredDetection>, Stop> {
        let at_once = threads(&self.engine).max(1);
        let planned = queries.iter().map(|query| {
            let (engine, search) = (self.engine.clone(), query.search.clone());
            // A panic ends only the planning of this search.
            let planning = tokio::spawn(async move { planned(&engine, search).await });
            async { planning.await.unwrap_or_else(|_| Err("internal error in splq: please report it".to_owned())) }
        });
        let planned: Vec<Result<Vec<EventNeed>, String>> = futures::stream::iter(planned).buffered(at_once).collect().await;
        let mut engine = self.engine.clone();
        let needs = || planned.iter().flatten().flatten();
        let searches: Vec<_> = fact_searches(needs()).iter().filter_map(|text| engine.compile(text).ok()).collect();
        let facts = match arguments.engine.data.data.is_empty() {
            true => None,
            false => {
                session::load(&mut engine, &arguments.engine.data, &searches, terminal)?;
                Some(EventFacts::of(&engine, needs(), at_once).await)
            }
        };
        let judged = queries.iter().zip(&planned).map(|(query, planned)| {
            let file = query.file.display().to_string();
            CoveredDetection {
                name: query.metadata.title.clone().unwrap_or_else(|| query.name.clone()),
                techniques: query.metadata.techniques.clone(),
                tests: tests.get(&file).copied(),
                file,
                logs: match (planned, &facts) {
                    (Err(message), _) => LogsFor::error(message.clone()),
                    (Ok(needs), Some(facts)) => LogsFor::judge(needs, facts),
                    (Ok(_), None) => LogsFor::default(),
                },
            }
        });
        Ok(judged.collect())
    }
}

/// What a search needs, when it can be planned.
async fn planned(engine: &Engine, search: Result<String, String>) -> Result<Vec<EventNeed>, String> {
    let told = |failure: Failure| {
        failure.diagnostics.into_iter().next().map_or_else(|| "the search is wrong".to_owned(), |problem| problem.message)
    };
    let search = engine.compile(&search?).map_err(told)?;
    engine.check(&search).await.map_err(told)?;
    Ok(event_needs(&search.pipeline))
}

fn reports(arguments: &CoverageArguments, coverage: &LogCoverage, attack: &Attack) -> Result<(), Stop> {
    if let Some(file) = &arguments.html {
        write_whole(file, &matrix::page(coverage, attack, "splq coverage"))?;
    }
    if let Some(file) = &arguments.navigator {
        let about = match coverage.has_logs {
            true => "Techniques that detections cover: on the logs, and by tests",
            false => "Techniques that detections cover, by tests",
        };
        write_whole(file, &format!("{:#}\n", navigator::layer(coverage, "splq coverage", about)))?;
    }
    Ok(())
}

/// The last lines: how many detections can run, how many techniques they cover.
fn finish(coverage: &LogCoverage, with_tests: bool, started: Instant, terminal: &Terminal) {
    let count = |number: usize| HumanCount(number as u64);
    let all = &coverage.detections;
    let with = |runs: Runs| all.iter().filter(|one| one.logs.runs == Some(runs)).count();
    let passing = all.iter().filter(|one| one.passes()).count();
    let tests = if with_tests { format!(", {} pass their tests", count(passing)) } else { String::new() };
    let logs = match coverage.has_logs {
        true => format!(
            "{} can run, {} partly, {} can't, {} with errors",
            count(with(Runs::Yes)),
            count(with(Runs::Partly)),
            count(with(Runs::No)),
            count(with(Runs::Error))
        ),
        false => format!("{} with errors", count(with(Runs::Error))),
    };
    terminal.note(format_args!("{} detections: {logs}{tests}, {}", count(all.len()), duration(started.elapsed())));
    let techniques = &coverage.techniques;
    let run = match coverage.has_logs {
        true => format!(", {} by detections that can run", techniques.iter().filter(|one| one.can_run > 0).count()),
        false => String::new(),
    };
    let tests = match with_tests {
        true => format!(", {} by tests that pass", techniques.iter().filter(|one| one.passing > 0).count()),
        false => String::new(),
    };
    terminal.note(format_args!("{} techniques are named{run}{tests}", count(techniques.len())));
}
