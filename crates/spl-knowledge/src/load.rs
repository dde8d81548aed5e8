//! Reading apps and content folders.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use spl_macros::{Conf, Origin, yaml};
use spl_parser::diagnostic::Diagnostic;

use crate::data_model::DataModel;
use crate::knowledge::Knowledge;
use crate::lookup::{LookupDefinition, LookupSource};
use crate::problem::error;

impl Knowledge {
    /// Reads a Splunk app: `default/` under `local/` of macros, eventtypes, tags, props, transforms,
    /// savedsearches, transactiontypes and commands .conf, the files of `lookups/` and `forms/`, and `data/models/*.json` in both.
    ///
    /// Returns what could not be read (errors; the rest is loaded) and what has no effect (warnings).
    #[must_use]
    pub fn load_app(&mut self, folder: &Path) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if !folder.is_dir() {
            return vec![Diagnostic::general("knowledge/app", format!("{}: no such folder", folder.display()))];
        }
        let layered = |name: &str, problems: &mut Vec<Diagnostic>| -> Conf {
            let mut conf = Conf::default();
            for layer in ["default", "local"] {
                let path = folder.join(layer).join(name);
                match read_text(&path).map(|text| text.map(|text| Conf::parse(&text, &path.display().to_string()))) {
                    Ok(None) => {}
                    Ok(Some(Ok(read))) => conf.layer(read),
                    Ok(Some(Err(wrong))) => problems.extend(wrong),
                    Err(wrong) => problems.push(wrong),
                }
            }
            conf
        };
        if let Err(wrong) = self.macros.add_conf(&layered("macros.conf", &mut problems)) {
            problems.extend(wrong);
        }
        let app = folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned());
        let commands = layered("commands.conf", &mut problems);
        let names = commands.stanzas.keys().filter(|name| *name != "default").map(|name| name.to_ascii_lowercase());
        self.custom_commands.extend(names.map(|name| (name, app.clone())));
        let layers = &mut self.layers;
        for (name, conf) in [
            ("eventtypes.conf", &mut layers.event_types),
            ("tags.conf", &mut layers.tags),
            ("props.conf", &mut layers.props),
            ("transforms.conf", &mut layers.transforms),
            ("savedsearches.conf", &mut layers.saved_searches),
            ("transactiontypes.conf", &mut layers.transaction_types),
        ] {
            conf.layer(layered(name, &mut problems));
        }
        self.add_lookup_folder(&folder.join("lookups"), &mut problems);
        for path in files(&folder.join("forms"), &["form"], &mut problems) {
            match (read_text(&path), path.file_stem().and_then(|name| name.to_str())) {
                (Ok(Some(text)), Some(name)) => drop(self.forms.insert(name.to_owned(), text)),
                (Ok(_), _) => {}
                (Err(wrong), _) => problems.push(wrong),
            }
        }
        for layer in ["default", "local"] {
            for path in files(&folder.join(layer).join("data/models"), &["json"], &mut problems) {
                self.load_data_model(&path, &mut problems);
            }
        }
        problems.extend(self.rebuild_and_report());
        problems
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
            match read_text(&path) {
                Ok(None) => {}
                Ok(Some(text)) => {
                    if let Err(wrong) = self.macros.load_yaml(&text, &path.display().to_string()) {
                        problems.extend(wrong);
                    }
                }
                Err(wrong) => problems.push(wrong),
            }
        }
        let lookups = folder.join("lookups");
        self.add_lookup_folder(&lookups, &mut problems);
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

    fn add_lookup_folder(&mut self, folder: &Path, problems: &mut Vec<Diagnostic>) {
        for path in files(folder, &["csv", "gz", "kmz", "mlmodel"], problems) {
            if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                self.lookup_files.insert(name.to_owned(), path.clone());
            }
        }
    }

    fn load_data_model(&mut self, path: &Path, problems: &mut Vec<Diagnostic>) {
        match read_text(path).map(|text| text.map(|text| DataModel::parse(&text, &path.display().to_string()))) {
            Ok(None) => {}
            Ok(Some(Ok(model))) => {
                self.data_models.insert(model.name.clone(), model);
            }
            Ok(Some(Err(wrong))) => problems.extend(wrong),
            Err(wrong) => problems.push(wrong),
        }
    }

    fn read_content_lookup(&self, path: &Path) -> Result<LookupDefinition, Diagnostic> {
        let shown = path.display().to_string();
        let origin = Origin::file(shown, 0);
        let wrong = |message: String| error(&origin, "knowledge/lookup", message);
        let text = read_text(path)?.unwrap_or_default();
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

/// A file's text; none when there is no such file.
fn read_text(path: &Path) -> Result<Option<String>, Diagnostic> {
    let wrong = |message: String| Diagnostic::general("knowledge/file", format!("{}: {message}", path.display()));
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| wrong("the file is not UTF-8 text".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
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
    let wanted = |path: &PathBuf| path.extension().and_then(|text| text.to_str()).is_some_and(|text| extensions.contains(&text));
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(wanted).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests;
