//! Reading apps and content folders.

use std::fs;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;
use spl_macros::{Conf, Origin, yaml};
use spl_parser::diagnostic::Diagnostic;

use crate::app::{self, AppFolder};
use crate::data_model::DataModel;
use crate::knowledge::{AppLayers, ConfFiles, Knowledge};
use crate::lookup::{LookupDefinition, LookupSource};
use crate::problem::{error, warning};

impl Knowledge {
    /// Reads a Splunk app, a folder of apps or a package; see [`Knowledge::load_apps`].
    #[must_use]
    pub fn load_app(&mut self, path: &Path) -> Vec<Diagnostic> {
        self.load_apps(std::slice::from_ref(&path))
    }

    /// Reads Splunk apps: folders of an app, folders of apps such as `etc/apps`, packages (`.spl`, `.tgz`). Of each app
    /// `default/` and `local/` of macros, eventtypes, tags, fields, props, transforms, savedsearches, transactiontypes and commands
    /// .conf, the files of `lookups/` and `forms/`, and `data/models/*.json` in both.
    ///
    /// `local/` of every app wins over `default/` of every app; within these the app whose name comes later. Disabled
    /// apps are left out.
    ///
    /// Returns what could not be read (errors; the rest is loaded) and what has no effect (warnings).
    ///
    /// Source: Splunk admin manual, configuration file precedence, app or user context.
    #[must_use]
    pub fn load_apps<P: AsRef<Path>>(&mut self, paths: &[P]) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for path in paths {
            for folder in app::apps_at(path.as_ref(), &mut problems) {
                let app = self.read_app(folder, &mut problems);
                self.layers.apps.push(app);
            }
        }
        // Apps of one name stay in the order in which they were given.
        self.layers.apps.sort_by(|a, b| a.folder.name.cmp(&b.folder.name));
        let apps = std::mem::take(&mut self.layers.apps);
        for layer in ["default", "local"] {
            for app in &apps {
                for path in files(&app.folder.path.join(layer).join("data/models"), &["json"], &mut problems) {
                    self.load_data_model(&path, &app.folder.shown(&path), &mut problems);
                }
            }
        }
        self.layers.apps = apps;
        problems.extend(self.rebuild_macros());
        problems.extend(self.rebuild_and_report());
        problems
    }

    fn read_app(&mut self, folder: AppFolder, problems: &mut Vec<Diagnostic>) -> AppLayers {
        let mut read = |layer: &str| -> ConfFiles {
            let mut conf = |name: &str| -> Conf {
                let path = folder.path.join(layer).join(name);
                let shown = folder.shown(&path);
                match read_text(&path, &shown, problems) {
                    None => Conf::default(),
                    Some(text) => {
                        let (conf, wrong) = Conf::read(&text, &shown);
                        problems.extend(wrong);
                        conf
                    }
                }
            };
            ConfFiles {
                macros: conf("macros.conf"),
                event_types: conf("eventtypes.conf"),
                tags: conf("tags.conf"),
                fields: conf("fields.conf"),
                props: conf("props.conf"),
                transforms: conf("transforms.conf"),
                saved_searches: conf("savedsearches.conf"),
                transaction_types: conf("transactiontypes.conf"),
            }
        };
        let (default, local) = (read("default"), read("local"));
        for layer in ["default", "local"] {
            let path = folder.path.join(layer).join("commands.conf");
            let shown = folder.shown(&path);
            let Some(text) = read_text(&path, &shown, problems) else { continue };
            let (commands, wrong) = Conf::read(&text, &shown);
            problems.extend(wrong);
            let names = commands.stanzas.keys().filter(|name| *name != "default").map(|name| name.to_ascii_lowercase());
            self.custom_commands.extend(names.map(|name| (name, folder.name.clone())));
        }
        let lookup_files = lookup_files(&folder.path.join("lookups"), problems);
        for path in files(&folder.path.join("forms"), &["form"], problems) {
            let shown = folder.shown(&path);
            if let (Some(text), Some(name)) =
                (read_text(&path, &shown, problems), path.file_stem().and_then(|name| name.to_str()))
            {
                self.forms.insert(name.to_owned(), text);
            }
        }
        for (name, path) in &lookup_files {
            self.lookup_files.insert(name.clone(), path.clone());
        }
        AppLayers { folder, default, local, lookup_files }
    }

    /// Reads a content folder laid out like Splunk's security_content: `macros/*.yml`, `lookups/*.yml` and their files.
    ///
    /// Returns what could not be read; the rest is loaded.
    #[must_use]
    pub fn load_content(&mut self, folder: &Path) -> Vec<Diagnostic> {
        if !folder.is_dir() {
            return vec![Diagnostic::general("knowledge/content", format!("{}: no such folder", folder.display()))];
        }
        let mut problems = Vec::new();
        for path in files(&folder.join("macros"), &["yml", "yaml"], &mut problems) {
            let shown = path.display().to_string();
            if let Some(text) = read_text(&path, &shown, &mut problems) {
                if let Err(wrong) = self.macros.load_yaml(&text, &shown) {
                    problems.extend(wrong);
                }
                // The same problems again.
                let _ = self.layers.base_macros.load_yaml(&text, &shown);
            }
        }
        let lookups = folder.join("lookups");
        self.lookup_files.extend(lookup_files(&lookups, &mut problems));
        for path in files(&lookups, &["yml", "yaml"], &mut problems) {
            match self.read_content_lookup(&path) {
                Ok(definition) => {
                    self.layers.lookups.insert(definition.name.clone(), definition);
                }
                Err(wrong) => problems.push(wrong),
            }
        }
        problems.extend(self.rebuild_and_report());
        problems
    }

    fn load_data_model(&mut self, path: &Path, shown: &str, problems: &mut Vec<Diagnostic>) {
        match read_text(path, shown, problems).map(|text| DataModel::parse(&text, shown)) {
            None => {}
            Some(Ok(model)) => drop(self.data_models.insert(model.name.clone(), model)),
            Some(Err(wrong)) => problems.extend(wrong),
        }
    }

    fn read_content_lookup(&self, path: &Path) -> Result<LookupDefinition, Diagnostic> {
        let shown = path.display().to_string();
        let origin = Origin::file(shown, 0);
        let wrong = |message: String| error(&origin, "knowledge/lookup", message);
        let mut unread = Vec::new();
        let text = read_text(path, &path.display().to_string(), &mut unread).unwrap_or_default();
        if let Some(first) = unread.into_iter().next() {
            return Err(first);
        }
        let read: ContentLookup = yaml::from_str(&text).map_err(wrong)?;
        // The newer layout names no file: it stands beside the YAML file under its name.
        let beside = path.with_extension("csv").file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let source = match (read.filename, read.collection) {
            (Some(file), _) if file.ends_with(".mlmodel") => LookupSource::Unsupported("a machine learning model".to_owned()),
            (Some(file), _) => match self.lookup_files.get(&file) {
                Some(path) => LookupSource::File(path.clone()),
                None => LookupSource::Missing(file),
            },
            (None, Some(collection)) => LookupSource::Collection(collection),
            (None, None) => match beside.as_ref().and_then(|file| self.lookup_files.get(file)) {
                Some(path) => LookupSource::File(path.clone()),
                None if read.lookup_type.as_deref() == Some("csv") => LookupSource::Missing(beside.unwrap_or_default()),
                None => LookupSource::Collection(read.name.clone()),
            },
        };
        let mut definition = LookupDefinition::new(read.name, source, origin.clone());
        let settings = [
            ("match_type", read.match_type.map(Listed::joined)),
            ("case_sensitive_match", read.case_sensitive_match.map(Scalar::text)),
            ("max_matches", read.max_matches.map(Scalar::text)),
            ("min_matches", read.min_matches.map(Scalar::text)),
            ("default_match", read.default_match.map(Scalar::text)),
            ("fields_list", read.fields_list.or(read.fields).map(Listed::joined)),
        ];
        for (key, value) in settings {
            if let Some(value) = value {
                definition.set(key, &value).map_err(wrong)?;
            }
        }
        Ok(definition)
    }
}

/// A lookup file of a content folder.
#[derive(Deserialize)]
struct ContentLookup {
    name: String,
    #[serde(default)]
    lookup_type: Option<String>,
    #[serde(default)]
    filename: Option<String>,
    #[serde(default)]
    collection: Option<String>,
    #[serde(default)]
    match_type: Option<Listed>,
    #[serde(default)]
    case_sensitive_match: Option<Scalar>,
    #[serde(default)]
    max_matches: Option<Scalar>,
    #[serde(default)]
    min_matches: Option<Scalar>,
    #[serde(default)]
    default_match: Option<Scalar>,
    #[serde(default)]
    fields_list: Option<Listed>,
    #[serde(default)]
    fields: Option<Listed>,
}

/// A value that is written with or without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Flag(bool),
    Number(i64),
    Text(String),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Self::Flag(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => value,
        }
    }
}

/// A list, or its members in one text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Text(String),
    List(Vec<String>),
}

impl Listed {
    fn joined(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::List(list) => list.join(", "),
        }
    }
}

/// A file's text; none when there is no such file, or none that can be read. Lines that are not UTF-8 are read as Latin-1,
/// and those that are no comments are named.
fn read_text(path: &Path, shown: &str, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            problems.push(Diagnostic::general("knowledge/file", format!("{shown}: {error}")));
            return None;
        }
    };
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Some(text),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => {
                text.extend(line.iter().map(|byte| char::from(*byte)));
                if !line.trim_ascii_start().starts_with(b"#") {
                    let origin = Origin::file(shown, number + 1);
                    problems.push(warning(&origin, "conf/encoding", "the line is not UTF-8 and is read as Latin-1"));
                }
            }
        }
    }
    Some(text)
}

/// The files of a lookups folder by name. `x.csv.default` stands for `x.csv` where there is none.
fn lookup_files(folder: &Path, problems: &mut Vec<Diagnostic>) -> IndexMap<String, PathBuf> {
    let mut found = IndexMap::new();
    let mut defaults = Vec::new();
    for path in files(folder, &["csv", "gz", "kmz", "kml", "mlmodel", "default"], problems) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        match name.strip_suffix(".default") {
            Some(bare) => defaults.push((bare.to_owned(), path.clone())),
            None => drop(found.insert(name.to_owned(), path.clone())),
        }
    }
    for (name, path) in defaults {
        found.entry(name).or_insert(path);
    }
    found
}

/// The files of a folder with one of these extensions, by name; none when there is no such folder.
fn files(folder: &Path, extensions: &[&str], problems: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(Diagnostic::general("knowledge/file", format!("{}: {error}", folder.display())));
            return Vec::new();
        }
    };
    let wanted = |path: &PathBuf| {
        path.extension()
            .and_then(|text| text.to_str())
            .is_some_and(|text| extensions.iter().any(|known| known.eq_ignore_ascii_case(text)))
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(wanted).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests;
