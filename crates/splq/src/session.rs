//! An engine from the options: knowledge, settings, then the data that searches need.

use std::path::Path;
use std::sync::Arc;

use spl_detections::repository::Repository;
use spl_exec::{Engine, Search, Settings};
use spl_knowledge::Knowledge;
use spl_parser::effects::pipeline_effects;
use spl_parser::spec::ReadsEvents;
use spl_parser::{Diagnostic, Severity};
use spl_sources::{FieldSelection, LoadReport};

use crate::arguments::{DataOptions, EngineOptions, KnowledgeOptions, SettingOptions};
use crate::commands::accelerate::StoredSummaries;
use crate::diagnostics::{report, report_general};
use crate::loading::Loading;
use crate::settings::settings;
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Problems of an app or a content folder that are shown one by one.
const SHOWN_PROBLEMS: usize = 5;

/// The built-in knowledge and what the options add, later over earlier: content, apps, lookups, macros. Problems inside
/// an app or a content folder are warnings; what the options name and can't be had is an error.
///
/// # Errors
/// Folders and files that can't be read, definitions of the wrong form.
pub fn knowledge(options: &KnowledgeOptions, terminal: &Terminal) -> Result<Knowledge, Stop> {
    add_knowledge(base(options), options, terminal)
}

/// What splq brings, with or without its knowledge pack.
pub fn base(options: &KnowledgeOptions) -> Knowledge {
    if options.no_pack { Knowledge::without_pack() } else { Knowledge::built_in() }
}

/// The same with the macros and lookups of repositories, which the options come over. What is wrong with their files is shown.
///
/// # Errors
/// As [`knowledge`].
pub fn knowledge_of<'r>(
    repositories: impl IntoIterator<Item = &'r Repository>,
    options: &KnowledgeOptions,
    terminal: &Terminal,
) -> Result<Knowledge, Stop> {
    let mut knowledge = base(options);
    for repository in repositories {
        report_general(terminal, &repository.problems);
        let settings = repository.settings.iter().map(|read| (&read.file, &read.text, &read.problems));
        let baselines = repository.baselines.iter().map(|read| (&read.file, &read.text, &read.problems));
        let deployments = repository.deployments.iter().map(|read| (&read.file, &read.text, &read.problems));
        for (file, text, problems) in settings.chain(baselines).chain(deployments) {
            report(terminal, &Source::new(file.display().to_string(), text.clone()), None, problems);
        }
        warn(terminal, repository.add_to(&mut knowledge));
    }
    add_knowledge(knowledge, options, terminal)
}

/// Knowledge and what the options add to it.
///
/// # Errors
/// As [`knowledge`].
pub fn add_knowledge(mut knowledge: Knowledge, options: &KnowledgeOptions, terminal: &Terminal) -> Result<Knowledge, Stop> {
    for folder in &options.content {
        check_folder("--content", folder)?;
        warn(terminal, knowledge.load_content(folder));
    }
    for path in &options.app {
        if !path.is_dir() && !path.is_file() {
            return Err(Stop::Failed(format!("--app: {} is neither a folder nor a package", path.display())));
        }
    }
    if !options.app.is_empty() {
        warn(terminal, knowledge.load_apps(&options.app));
    }
    for (name, file) in &options.lookup {
        if let Err(problem) = knowledge.add_lookup_file(name, file) {
            return Err(Stop::Failed(format!("--lookup {name}: {problem}")));
        }
    }
    for definition in &options.macros {
        if let Err(problem) = knowledge.macros.define(definition) {
            return Err(Stop::Usage(format!("--macro: {problem}")));
        }
    }
    Ok(knowledge)
}

/// Shows problems of single files in a folder as warnings: the rest of the folder was read.
pub fn warn(terminal: &Terminal, mut problems: Vec<Diagnostic>) {
    problems.sort_by_key(|problem| problem.severity);
    for problem in &mut problems {
        problem.severity = Severity::Warning;
    }
    let shown = problems.len().min(SHOWN_PROBLEMS);
    report_general(terminal, &problems[..shown]);
    if shown < problems.len() {
        terminal.warn(format_args!("{} more problems like these", problems.len() - shown));
    }
}

fn check_folder(option: &str, folder: &Path) -> Result<(), Stop> {
    if folder.is_dir() { Ok(()) } else { Err(Stop::Failed(format!("{option}: {} is not a folder", folder.display()))) }
}

/// Draws a problem that belongs to no search.
pub fn stop(terminal: &Terminal, problem: &Diagnostic) -> Stop {
    report_general(terminal, std::slice::from_ref(problem));
    Stop::Reported
}

/// An engine without data.
///
/// # Errors
/// As [`knowledge`] and [`settings`].
pub fn engine(
    knowledge_options: &KnowledgeOptions,
    setting_options: &SettingOptions,
    terminal: &Terminal,
) -> Result<Engine, Stop> {
    let settings: Settings = settings(setting_options)?;
    Engine::new(knowledge(knowledge_options, terminal)?, settings).map_err(|problem| stop(terminal, &problem))
}

/// An engine without data, from the options of `query`, `run` and the like.
///
/// # Errors
/// As [`engine`].
pub fn engine_of(options: &EngineOptions, terminal: &Terminal) -> Result<Engine, Stop> {
    engine(&options.knowledge, &options.settings, terminal)
}

/// Loads the fields that the searches need into the engine. None when the options name no data.
///
/// # Errors
/// As [`Loading::new`], [`Loading::read`] and [`Loading::finish`].
pub fn load<'s>(
    engine: &mut Engine,
    options: &DataOptions,
    searches: impl IntoIterator<Item = &'s Search>,
    terminal: &Terminal,
) -> Result<Option<LoadReport>, Stop> {
    load_events(engine, options, searches, terminal, false)
}

/// As [`load`], without events that none of the searches can find.
///
/// # Errors
/// As [`load`].
pub fn load_found<'s>(
    engine: &mut Engine,
    options: &DataOptions,
    searches: impl IntoIterator<Item = &'s Search>,
    terminal: &Terminal,
) -> Result<Option<LoadReport>, Stop> {
    load_events(engine, options, searches, terminal, true)
}

fn load_events<'s>(
    engine: &mut Engine,
    options: &DataOptions,
    searches: impl IntoIterator<Item = &'s Search>,
    terminal: &Terminal,
    only_found: bool,
) -> Result<Option<LoadReport>, Stop> {
    let searches: Vec<&Search> = searches.into_iter().collect();
    let (mut reads_events, mut may_read_events) = (false, false);
    for search in &searches {
        let reads = pipeline_effects(&search.pipeline).reads_events;
        reads_events |= reads == ReadsEvents::Yes;
        may_read_events |= reads != ReadsEvents::No;
    }
    find_summaries(engine, options);
    // What nobody named for this search and it does not read is not loaded.
    if options.configured && !may_read_events {
        return Ok(None);
    }
    let required = engine.required_data(searches.iter().copied());
    let report = match Loading::new(options, engine.settings(), required.fields, terminal)? {
        Some(loading) => {
            let texts = if only_found { engine.required_texts(searches.iter().copied()) } else { None };
            let loading = loading.knowing(engine).requiring(texts).keeping(required.kept_texts);
            Some(load_or_part(engine, loading, terminal)?)
        }
        None => None,
    };
    if report.is_none() && reads_events {
        terminal.warn("no --data was given, so there are no events to search");
    }
    Ok(report)
}

/// Loads the fields that the searches need into the engine as a whole, whatever memory limit their runs have.
///
/// # Errors
/// As [`load`].
pub fn load_whole(engine: &mut Engine, options: &DataOptions, searches: &[&str], terminal: &Terminal) -> Result<(), Stop> {
    // What is wrong with a search is told of when it is to run.
    let searches: Vec<Search> = searches.iter().filter_map(|text| engine.compile(text).ok()).collect();
    let required = engine.required_data(&searches);
    if let Some(loading) = Loading::new(options, engine.settings(), required.fields, terminal)? {
        read(engine, &loading.knowing(engine).keeping(required.kept_texts), terminal)?;
    }
    Ok(())
}

/// Loads everything into the engine, for searches that are not known yet. None when the options name no data.
///
/// # Errors
/// As [`load`].
pub fn load_all(engine: &mut Engine, options: &DataOptions, terminal: &Terminal) -> Result<Option<LoadReport>, Stop> {
    find_summaries(engine, options);
    match Loading::new(options, engine.settings(), FieldSelection::All, terminal)? {
        Some(loading) => read(engine, &loading.knowing(engine), terminal).map(Some),
        None => Ok(None),
    }
}

/// Gives the engine the summaries of the stores among the data, and no others.
pub fn find_summaries(engine: &mut Engine, options: &DataOptions) {
    let summaries = StoredSummaries::find(engine, &options.data);
    *engine = engine.with_summaries(summaries);
}

/// Reads the data, or has each search read them part by part when the files are too large for the memory limit.
fn load_or_part(engine: &mut Engine, loading: Loading, terminal: &Terminal) -> Result<LoadReport, Stop> {
    /// Loaded events take up to about four times the bytes of their files, when all fields are needed.
    const FITS: u64 = 4;
    /// Several parts are held at a time: read, searched, and what the last ones gave.
    const PART: u64 = 16;
    let Some(limit) = engine.settings().memory_limit.map(|limit| limit as u64) else { return read(engine, &loading, terminal) };
    if loading.bytes()? <= limit / FITS {
        return read(engine, &loading, terminal);
    }
    let parts = loading.in_parts((limit / PART).max(1), terminal);
    *engine = engine.with_parts(Arc::new(parts)).map_err(|problem| stop(terminal, &problem))?;
    Ok(LoadReport::default())
}

fn read(engine: &mut Engine, loading: &Loading, terminal: &Terminal) -> Result<LoadReport, Stop> {
    let loaded = loading.finish(loading.read(), terminal)?;
    *engine = engine.with_data(loaded.table).map_err(|problem| stop(terminal, &problem))?;
    Ok(loaded.report)
}
