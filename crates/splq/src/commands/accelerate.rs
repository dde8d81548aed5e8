//! `splq accelerate`: writes summaries of a data model beside a store, and finds them again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use indicatif::{HumanBytes, HumanCount};
use spl_exec::{Engine, Failure, Results, Summaries};
use spl_parser::diagnostic::nearest;
use spl_sources::{EventTable, FieldSelection, LoadOptions};

use super::ingest;
use crate::arguments::AccelerateArguments;
use crate::commands::query::duration;
use crate::diagnostics::report_failure;
use crate::session;
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// The folder of summaries in a store; hidden, so that its files are not taken for events.
const FOLDER: &str = ".summaries";

/// Runs the search of each dataset of the model and writes its rows.
///
/// # Errors
/// What [`Stop`] lists; an unknown data model.
pub async fn accelerate(arguments: &AccelerateArguments, terminal: &Terminal) -> Result<(), Stop> {
    let mut engine = session::engine_of(&arguments.engine, terminal)?;
    let models = &engine.knowledge().data_models;
    let Some(model) = models.get(&arguments.datamodel).cloned() else {
        let near = nearest(&arguments.datamodel, models.keys().map(String::as_str));
        let hint = near.map_or_else(|| "splq datamodels lists them".to_owned(), |near| format!("did you mean {near}?"));
        return Err(Stop::Failed(format!("unknown data model `{}`; {hint}", arguments.datamodel)));
    };
    let mut data = arguments.engine.data.clone();
    if data.data.is_empty() {
        data.data.push(arguments.output.display().to_string());
    }
    let searches: Vec<(String, String)> = model
        .datasets
        .keys()
        .map(|dataset| (dataset.clone(), format!("| datamodel {} {dataset} search | fields - _raw", model.name)))
        .collect();
    let failed = |text: &str, failure: &Failure| {
        report_failure(terminal, &Source::new("search", text), failure);
        Stop::Reported
    };
    let mut compiled = Vec::with_capacity(searches.len());
    for (dataset, text) in &searches {
        compiled.push((dataset, text, engine.compile(text).map_err(|failure| failed(text, &failure))?));
    }
    session::load(&mut engine, &data, compiled.iter().map(|(_, _, search)| search), terminal)?;
    let folder = arguments.output.join(FOLDER).join(&model.name);
    // Written aside, so that a summary is never there in part.
    let aside = arguments.output.join(FOLDER).join(format!(".{}.new", model.name));
    remove(&aside)?;
    let (mut rows, mut bytes) = (0, 0);
    let started = Instant::now();
    for (dataset, text, search) in &compiled {
        let results = engine.run(search).await.map_err(|failure| failed(text, &failure))?;
        rows += results.rows() as u64;
        bytes += write(&aside.join(dataset), &results)?;
    }
    remove(&folder)?;
    std::fs::rename(&aside, &folder).map_err(|error| Stop::Failed(format!("can't write {}: {error}", folder.display())))?;
    terminal.note(format_args!(
        "{}: {} rows of {} datasets, {} written, {}",
        model.name,
        HumanCount(rows),
        compiled.len(),
        HumanBytes(bytes),
        duration(started.elapsed())
    ));
    Ok(())
}

fn remove(folder: &Path) -> Result<(), Stop> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Stop::Failed(format!("can't replace {}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

/// A dataset without events has a summary too, without rows.
fn write(folder: &Path, results: &Results) -> Result<u64, Stop> {
    let failed = |message: String| Stop::Failed(format!("can't write {}: {message}", folder.display()));
    std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    if results.rows() == 0 {
        return Ok(0);
    }
    ingest::file(folder, &folder.join("00001.parquet"), &results.batches).map_err(failed)
}

/// The summaries of the stores among the data.
pub struct StoredSummaries {
    folders: Vec<PathBuf>,
    options: LoadOptions,
}

impl StoredSummaries {
    /// The summaries in the folders among these paths; none when no folder has any.
    pub fn find(engine: &Engine, paths: &[String]) -> Option<Arc<dyn Summaries>> {
        let folders: Vec<PathBuf> =
            paths.iter().map(|path| Path::new(path).join(FOLDER)).filter(|folder| folder.is_dir()).collect();
        let settings = engine.settings();
        let options = LoadOptions {
            now: settings.clock.now,
            time_zone: settings.clock.time_zone,
            threads: settings.threads,
            ..LoadOptions::default()
        };
        // A damaged summary must not answer with less.
        let options = LoadOptions { strict: true, ..options };
        (!folders.is_empty()).then(|| Arc::new(Self { folders, options }) as Arc<dyn Summaries>)
    }
}

impl Summaries for StoredSummaries {
    fn table(&self, model: &str, dataset: &str, fields: FieldSelection) -> Option<Result<EventTable, String>> {
        let folders = self.folders.iter().map(|folder| folder.join(model).join(dataset)).filter(|folder| folder.is_dir());
        let paths: Vec<String> = folders.map(|folder| folder.display().to_string()).collect();
        if paths.is_empty() {
            return None;
        }
        let options = LoadOptions { paths, fields, ..self.options.clone() };
        Some(spl_sources::load(&options).map(|loaded| loaded.table).map_err(|error| error.to_string()))
    }
}
