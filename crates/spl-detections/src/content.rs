//! Baselines and the other small files of a content repository: data sources, stories.

use spl_parser::Diagnostic;
use spl_parser::span::Spanned;

use crate::deployment::Deployment;
use crate::yaml::{Node, Reader};

/// A search that fills a lookup which detections read (`baselines/**.yml`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// The search.
    pub search: Option<Spanned<String>>,
    /// The names of the detections that need it.
    pub detections: Vec<Spanned<String>>,
    /// A deployment of its own.
    pub deployment: Option<Deployment>,
}

/// Where events come from (`data_sources/*.yml`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataSource {
    /// Its name, as detections write it.
    pub name: Option<Spanned<String>>,
    /// The `source` of its events.
    pub source: Option<Spanned<String>>,
    /// The `sourcetype` of its events.
    pub sourcetype: Option<Spanned<String>>,
    /// The fields of its events.
    pub fields: Vec<Spanned<String>>,
    /// An event.
    pub example_log: Option<Spanned<String>>,
}

/// What detections have in common (`stories/*.yml`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    /// Its name, as detections write it.
    pub name: Option<Spanned<String>>,
    /// What it is about.
    pub description: Option<Spanned<String>>,
    /// What it is for: `Malware`.
    pub categories: Vec<Spanned<String>>,
}

impl Baseline {
    /// Reads the file of a baseline, and what is wrong with it.
    pub fn read(root: &Node) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader::new("baseline/file");
        let Some(file) = reader.document(root) else { return (Self::default(), reader.problems) };
        let name = reader.text(&file, "name");
        let search = reader.text(&file, "search");
        let tags = reader.mapping(&file, "tags");
        let deployment = reader.mapping(&file, "deployment");
        let baseline = Self {
            name: reader.required(&file, "name", name),
            search: reader.required(&file, "search", search),
            detections: tags.map(|tags| reader.texts(&tags, "detections")).unwrap_or_default(),
            deployment: deployment.map(|deployment| Deployment::of(&mut reader, &deployment)),
        };
        (baseline, reader.problems)
    }
}

impl DataSource {
    /// Reads the file of a data source, and what is wrong with it.
    pub fn read(root: &Node) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader::new("data-source/file");
        let Some(file) = reader.document(root) else { return (Self::default(), reader.problems) };
        let name = reader.text(&file, "name");
        let source = reader.text(&file, "source");
        let sourcetype = reader.text(&file, "sourcetype");
        let data_source = Self {
            name: reader.required(&file, "name", name),
            source: reader.required(&file, "source", source),
            sourcetype: reader.required(&file, "sourcetype", sourcetype),
            fields: reader.texts(&file, "fields"),
            example_log: reader.text(&file, "example_log"),
        };
        (data_source, reader.problems)
    }
}

impl Story {
    /// Reads the file of a story, and what is wrong with it.
    pub fn read(root: &Node) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader::new("story/file");
        let Some(file) = reader.document(root) else { return (Self::default(), reader.problems) };
        let name = reader.text(&file, "name");
        let tags = reader.mapping(&file, "tags");
        let story = Self {
            name: reader.required(&file, "name", name),
            description: reader.text(&file, "description"),
            categories: tags.map(|tags| reader.texts(&tags, "category")).unwrap_or_default(),
        };
        (story, reader.problems)
    }
}
