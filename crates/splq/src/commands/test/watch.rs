//! `splq test --watch`: the tests run again whenever something changes that they concern, and only those.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use spl_detections::detection::Detection;
use spl_detections::repository::{Repository, absolute};
use spl_detections::test_data::files;
use spl_detections::tests_file::{TestsFile, all_tests};

use super::{Ran, detections_and_alerts, finish, root_of, rows_of, run};
use crate::arguments::TestArguments;
use crate::commands::watch::{QUIET, watcher};
use crate::output::{Format, Sink};
use crate::queries::Query;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Runs all tests, then those that a change concerns, until it is ended from outside.
///
/// # Errors
/// What the first run can't do at all, and files that can't be watched. Later what is wrong is shown, and a change awaited.
pub async fn watch(arguments: &TestArguments, terminal: &Terminal) -> Result<(), Stop> {
    let mut with_apps = arguments.clone();
    let found = detections_and_alerts(&mut with_apps, terminal)?;
    let arguments = &with_apps;
    // What changes while the tests run is seen too.
    let mut watched = Watched::new(&found, arguments)?;
    shown(once(found, None, arguments, terminal).await)?;
    loop {
        terminal.note("waiting for changes; Ctrl-C ends");
        let Some(changed) = watched.wait() else { return Ok(()) };
        let found = match detections_and_alerts(&mut arguments.clone(), terminal) {
            Ok(found) => found,
            Err(stop) => {
                stop.report();
                continue;
            }
        };
        watched.add(&found);
        let changed = if concerns_all(&changed, &found, arguments) { None } else { Some(changed) };
        shown(once(found, changed.as_ref(), arguments, terminal).await)?;
    }
}

/// Runs the tests that changed files concern, or all, and shows their rows.
async fn once(
    found: Vec<Query>,
    changed: Option<&BTreeSet<PathBuf>>,
    arguments: &TestArguments,
    terminal: &Terminal,
) -> Result<(), Stop> {
    let started = Instant::now();
    let mut sink = Sink::open(&arguments.output, terminal, chrono_tz::Tz::UTC)?;
    let Ran { tested, integration } = run(found, arguments, changed, Some(&mut sink), terminal).await?;
    if tested.is_empty() {
        return Ok(());
    }
    if sink.format != Format::Ndjson {
        sink.write_rows(&rows_of(&tested, arguments.coverage)?)?;
    }
    finish(&tested, started, integration, terminal)
}

/// What is wrong now may be right after the next change.
fn shown(ended: Result<(), Stop>) -> Result<(), Stop> {
    match ended {
        Err(Stop::OutputClosed) => Err(Stop::OutputClosed),
        Err(stop) => {
            stop.report();
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// What of a repository or an app concerns all that is in it: the settings, deployments and baselines, and the .conf files.
const OF_ALL: [&str; 5] = ["contentctl.yml", "deployments", "baselines", "default", "local"];

/// Whether a change may concern every detection: one of what concerns all of its repository, or of knowledge from elsewhere.
fn concerns_all(changed: &BTreeSet<PathBuf>, found: &[Query], arguments: &TestArguments) -> bool {
    let (roots, knowledge) = (roots(found), knowledge(arguments));
    changed.iter().any(|file| match roots.iter().find_map(|root| file.strip_prefix(root).ok()) {
        Some(below) => OF_ALL.iter().any(|part| below.starts_with(part)),
        None => knowledge.iter().any(|folder| file.starts_with(folder)),
    })
}

/// The folders of apps and other knowledge that the options name.
fn knowledge(arguments: &TestArguments) -> Vec<PathBuf> {
    let named = arguments.knowledge.app.iter().chain(&arguments.knowledge.content);
    named.map(|folder| absolute(folder)).filter(|folder| folder.is_dir()).collect()
}

fn roots(found: &[Query]) -> BTreeSet<PathBuf> {
    found.iter().filter_map(root_of).collect()
}

/// Folders that are watched.
struct Watched {
    changes: Receiver<PathBuf>,
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
}

impl Watched {
    fn new(found: &[Query], arguments: &TestArguments) -> Result<Self, Stop> {
        let (sender, changes) = channel();
        let mut watched = Self { changes, watcher: watcher(sender)?, folders: BTreeSet::new() };
        for root in roots(found).into_iter().chain(knowledge(arguments)) {
            let watching = watched.watcher.watch(&root, RecursiveMode::Recursive);
            watching.map_err(|error| Stop::Failed(format!("can't watch {}: {error}", root.display())))?;
            watched.folders.insert(root);
        }
        watched.add(found);
        Ok(watched)
    }

    /// Watches the folders of test data that lie outside of the repositories. A folder that can't be watched is left out: its
    /// data are read when the tests run.
    fn add(&mut self, found: &[Query]) {
        for root in roots(found) {
            let repository = Repository::open(&root);
            let of_root = found.iter().filter(|query| root_of(query).as_ref() == Some(&root));
            let data = of_root.filter_map(|query| Some(data(&repository, query.detection.as_ref()?, query)));
            let folders: BTreeSet<PathBuf> = data
                .flatten()
                .filter_map(|file| Some(absolute(file.parent()?)))
                .filter(|folder| !folder.starts_with(&root))
                .collect();
            for folder in folders {
                if self.watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok() {
                    self.folders.insert(folder);
                }
            }
        }
    }

    /// Waits for changes and for the end of those that follow soon; none when nothing is watched any more.
    fn wait(&self) -> Option<BTreeSet<PathBuf>> {
        let mut changed = BTreeSet::from([self.changes.recv().ok()?]);
        loop {
            match self.changes.recv_timeout(QUIET) {
                Ok(path) => drop(changed.insert(path)),
                Err(RecvTimeoutError::Timeout) => return Some(changed),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

fn data(repository: &Repository, detection: &Detection, query: &Query) -> Vec<PathBuf> {
    let beside = TestsFile::at(query.tests_file()).and_then(|file| file.value);
    let tests = all_tests(detection, beside.as_ref()).unwrap_or_default();
    tests.iter().flat_map(|test| files(repository, test)).collect()
}
