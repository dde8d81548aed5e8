//! A content repository: found around a path, its files read as typed values, each with what is wrong with it.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;
use spl_knowledge::Knowledge;
use spl_parser::Diagnostic;

use crate::content::{Baseline, DataSource, Story};
use crate::content_file::{ContentFile, ReadValue, read_file};
use crate::deployment::Deployment;
use crate::detection::Detection;
use crate::detection_type::DetectionType;
use crate::queries::{Query, search_files};
use crate::repository::settings::Settings;

pub mod settings;

/// A repository laid out like Splunk's security_content.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The folder that holds `detections`, `macros` and the like.
    pub root: PathBuf,
    /// What `contentctl.yml` says; none without the file.
    pub settings: Option<ContentFile<Settings>>,
    /// The files of its detections, by path.
    pub detection_files: Vec<PathBuf>,
    /// The detections, by path; empty until [`Repository::load`] reads them.
    pub detections: Vec<ContentFile<Detection>>,
    /// By path.
    pub baselines: Vec<ContentFile<Baseline>>,
    /// By path.
    pub deployments: Vec<ContentFile<Deployment>>,
    /// By path.
    pub data_sources: Vec<ContentFile<DataSource>>,
    /// By path.
    pub stories: Vec<ContentFile<Story>>,
    /// Where data of URLs are kept that no cache of `contentctl.yml` is for; none = nowhere.
    pub fetched: Option<PathBuf>,
    /// Folders that can't be read.
    pub problems: Vec<Diagnostic>,
}

/// The file that names a repository of `contentctl`.
const SETTINGS_FILE: &str = "contentctl.yml";

/// Where a file stands, absolute as far as that can be told.
pub fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

/// The folders that make a repository when they stand side by side.
const FOLDERS: [&str; 3] = ["macros", "lookups", "detections"];

/// The repository around a path: the nearest folder, it or one above it, that holds `contentctl.yml`, or `macros`, `lookups`
/// and `detections` side by side. Only folders that the path names are looked at: an absolute path is searched up to the root,
/// a relative one up to the current folder.
pub fn find(path: &Path) -> Option<PathBuf> {
    let is_root = |folder: &&Path| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        folder.join(SETTINGS_FILE).is_file() || FOLDERS.iter().all(|name| folder.join(name).is_dir())
    };
    // The current folder is not above `../x`.
    let leaves = path.components().any(|component| component == Component::ParentDir);
    let mut above = path.ancestors().filter(|folder| !leaves || !folder.as_os_str().is_empty());
    above.find(is_root).map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.to_owned())
}

/// The repositories around the files of detections and baselines, without the detections themselves, in the order that they are
/// met.
pub fn around(queries: &[Query]) -> IndexMap<PathBuf, Repository> {
    let mut repositories = IndexMap::new();
    for query in queries.iter().filter(|query| query.is_content()) {
        if let Some(root) = find(&absolute(&query.file)) {
            repositories.entry(root.clone()).or_insert_with(|| Repository::open(&root));
        }
    }
    repositories
}

impl Repository {
    /// Reads all files of a repository but macros and lookups, which [`Repository::add_to`] reads.
    pub fn load(root: &Path) -> Self {
        let mut repository = Self::open(root);
        repository.detections = repository.detection_files.iter().map(|file| read_file(file.clone(), Detection::read)).collect();
        repository
    }

    /// The same without reading the detections, for who has read those that matter.
    pub fn open(root: &Path) -> Self {
        let settings = root.join(SETTINGS_FILE);
        let settings = settings.is_file().then(|| read_file(settings, Settings::read));
        let mut problems = Vec::new();
        Self {
            detection_files: yaml_files(root, "detections", &mut problems),
            detections: Vec::new(),
            baselines: read_folder(root, "baselines", Baseline::read, &mut problems),
            deployments: read_folder(root, "deployments", Deployment::read, &mut problems),
            data_sources: read_folder(root, "data_sources", DataSource::read, &mut problems),
            stories: read_folder(root, "stories", Story::read, &mut problems),
            root: root.to_owned(),
            settings,
            fetched: None,
            problems,
        }
    }

    /// Adds the macros and lookups of the repository to knowledge objects. As `contentctl` does, each detection's own filter
    /// macro that no file defines lets everything pass.
    ///
    /// Returns what could not be read; the rest is added.
    #[must_use]
    pub fn add_to(&self, knowledge: &mut Knowledge) -> Vec<Diagnostic> {
        let mut problems = knowledge.load_content(&self.root);
        for file in &self.detection_files {
            let name = filter_macro(file);
            if knowledge.macros.get(&name, 0).is_none()
                && let Err(problem) = knowledge.macros.define(&format!("{name}=search *"))
            {
                problems.push(Diagnostic::general("detection/filter-macro", format!("{}: {problem}", file.display())));
            }
        }
        problems
    }

    /// The deployment of a detection: its own, or that of its type.
    pub fn deployment_of<'r>(&'r self, detection: &'r Detection) -> Option<&'r Deployment> {
        if let Some(own) = &detection.deployment {
            return Some(own);
        }
        self.deployment_file(detection.kind()?)?.value.as_ref()
    }

    /// The file of the deployment that detections of a type get.
    pub fn deployment_file(&self, kind: DetectionType) -> Option<&ContentFile<Deployment>> {
        self.deployment_named(&Deployment::default_name(kind))
    }

    /// The file of a deployment by its name.
    pub fn deployment_named(&self, wanted: &str) -> Option<&ContentFile<Deployment>> {
        let name = |file: &&ContentFile<Deployment>| {
            let name = file.value.as_ref().and_then(|deployment| deployment.name.as_ref());
            name.is_some_and(|name| name.value == wanted)
        };
        self.deployments.iter().find(name)
    }

    /// The names of the detections that a baseline needs to have run for.
    pub fn detections_with_baselines(&self) -> HashSet<&str> {
        let baselines = self.baselines.iter().filter_map(|file| file.value.as_ref());
        baselines.flat_map(|baseline| &baseline.detections).map(|name| name.value.as_str()).collect()
    }

    /// Where test data are found without being fetched: the file that is kept for a URL, the path itself for anything else, as
    /// it stands or below the repository. None when there is no such file.
    pub fn data_file(&self, data: &str) -> Option<PathBuf> {
        let plain = (!data.contains("://")).then(|| [PathBuf::from(data), self.root.join(data)]);
        self.kept_file(data).into_iter().chain(plain.into_iter().flatten()).find(|file| file.is_file())
    }
}

/// The name of the macro by which a detection is tuned.
pub fn filter_macro(file: &Path) -> String {
    format!("{}_filter", file.file_stem().unwrap_or_default().to_string_lossy())
}

fn read_folder<T>(root: &Path, name: &str, value: ReadValue<T>, problems: &mut Vec<Diagnostic>) -> Vec<ContentFile<T>> {
    yaml_files(root, name, problems).into_iter().map(|file| read_file(file, value)).collect()
}

/// The YAML files below a folder of the repository, by path; none when there is no such folder.
fn yaml_files(root: &Path, name: &str, problems: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let folder = root.join(name);
    if !folder.is_dir() {
        return Vec::new();
    }
    match search_files(&folder) {
        Ok(mut files) => {
            files.retain(|file| file.extension().is_some_and(|extension| extension == "yml" || extension == "yaml"));
            files
        }
        Err(error) => {
            problems.push(Diagnostic::general("repository/folder", error.to_string()));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests;
