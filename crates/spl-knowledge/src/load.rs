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
    /// Reads a Splunk app: `default/` under `local/` of macros, eventtypes, tags, props, transforms and savedsearches
    /// .conf, the files of `lookups/`, and `data/models/*.json` in both.
    ///
    /// # Errors
    /// Everything in the app that could not be read; the rest is loaded.
    pub fn load_app(&mut self, folder: &Path) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        if !folder.is_dir() {
            return Err(vec![Diagnostic::general(
                "knowledge/app",
                format!("{}: no such folder", folder.display()),
            )]);
        }
        let layered = |name: &str, problems: &mut Vec<Diagnostic>| -> Conf {
            let mut conf = Conf::default();
            for layer in ["default", "local"] {
                let path = folder.join(layer).join(name);
                match read_text(&path)
                    .map(|text| text.map(|text| Conf::parse(&text, &path.display().to_string())))
                {
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
        let layers = &mut self.layers;
        for (name, conf) in [
            ("eventtypes.conf", &mut layers.event_types),
            ("tags.conf", &mut layers.tags),
            ("props.conf", &mut layers.props),
            ("transforms.conf", &mut layers.transforms),
            ("savedsearches.conf", &mut layers.saved_searches),
        ] {
            conf.layer(layered(name, &mut problems));
        }
        self.add_lookup_folder(&folder.join("lookups"), &mut problems);
        for layer in ["default", "local"] {
            for path in files(
                &folder.join(layer).join("data/models"),
                &["json"],
                &mut problems,
            ) {
                self.load_data_model(&path, &mut problems);
            }
        }
        problems.extend(self.rebuild());
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// Reads a content folder laid out like Splunk's security_content: `macros/*.yml`, `lookups/*.yml` and their files.
    ///
    /// # Errors
    /// Every file that could not be read; the rest is loaded.
    pub fn load_content(&mut self, folder: &Path) -> Result<(), Vec<Diagnostic>> {
        if !folder.is_dir() {
            return Err(vec![Diagnostic::general(
                "knowledge/content",
                format!("{}: no such folder", folder.display()),
            )]);
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
                    self.layers
                        .lookups
                        .insert(definition.name.clone(), definition);
                }
                Err(wrong) => problems.push(wrong),
            }
        }
        problems.extend(self.rebuild());
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    fn add_lookup_folder(&mut self, folder: &Path, problems: &mut Vec<Diagnostic>) {
        for path in files(folder, &["csv", "gz", "kmz", "mlmodel"], problems) {
            if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                self.lookup_files.insert(name.to_owned(), path.clone());
            }
        }
    }

    fn load_data_model(&mut self, path: &Path, problems: &mut Vec<Diagnostic>) {
        match read_text(path)
            .map(|text| text.map(|text| DataModel::parse(&text, &path.display().to_string())))
        {
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
        let beside = path
            .with_extension("csv")
            .file_name()
            .and_then(|name| name.to_str())
            .map(str::to_owned);
        let source = match (read.filename, read.collection) {
            (Some(file), _) if file.ends_with(".mlmodel") => {
                LookupSource::Unsupported("a machine learning model".to_owned())
            }
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
            (
                "case_sensitive_match",
                read.case_sensitive_match.map(Scalar::text),
            ),
            ("max_matches", read.max_matches.map(Scalar::text)),
            ("min_matches", read.min_matches.map(Scalar::text)),
            ("default_match", read.default_match.map(Scalar::text)),
            (
                "fields_list",
                read.fields_list.or(read.fields).map(Listed::joined),
            ),
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
    let wrong = |message: String| {
        Diagnostic::general("knowledge/file", format!("{}: {message}", path.display()))
    };
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| wrong("the file is not UTF-8 text".to_owned())),
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
            problems.push(Diagnostic::general(
                "knowledge/file",
                format!("{}: {error}", folder.display()),
            ));
            return Vec::new();
        }
    };
    let wanted = |path: &PathBuf| {
        path.extension()
            .and_then(|text| text.to_str())
            .is_some_and(|text| extensions.contains(&text))
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(wanted)
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn an_app_with_two_layers() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "default/macros.conf", "[m]\ndefinition = a\n");
        write(root, "local/macros.conf", "[m]\ndefinition = b\n");
        write(
            root,
            "default/eventtypes.conf",
            "[e]\nsearch = x=1\npriority = 5\n",
        );
        write(root, "local/eventtypes.conf", "[e]\nsearch = x=2\n");
        write(
            root,
            "default/tags.conf",
            "[eventtype=e]\nt = enabled\nu = enabled\n",
        );
        write(root, "local/tags.conf", "[eventtype=e]\nu = disabled\n");
        write(
            root,
            "default/props.conf",
            "[st]\nREPORT-r = tr\nLOOKUP-l = users uid OUTPUT name\n",
        );
        write(
            root,
            "default/transforms.conf",
            "[tr]\nREGEX = (?<a>x)\n[users]\nfilename = u.csv\n",
        );
        write(root, "lookups/u.csv", "uid,name\n1,alice\n");
        write(
            root,
            "default/data/models/M.json",
            r#"{"modelName":"M","objects":[{"objectName":"A","constraints":[{"search":"x=1"}]}]}"#,
        );
        write(root, "default/savedsearches.conf", "[s]\nsearch = x=1\n");
        let mut knowledge = Knowledge::new();
        knowledge.load_app(root).unwrap();
        assert_eq!(knowledge.macros.get("m", 0).unwrap().definition, "b");
        assert_eq!(
            (
                knowledge.event_types["e"].search.as_str(),
                knowledge.event_types["e"].priority
            ),
            ("x=2", 5)
        );
        assert_eq!(
            knowledge.tags_of("eventtype", "e").collect::<Vec<_>>(),
            ["t"]
        );
        assert_eq!(knowledge.props_for("st", "", "").reports[0].1, ["tr"]);
        assert!(knowledge.transform("tr").is_ok());
        assert_eq!(
            knowledge.lookup("users").unwrap().load().unwrap().rows,
            [["1", "alice"]]
        );
        assert_eq!(
            knowledge.lookup("u.csv").unwrap().load().unwrap().header,
            ["uid", "name"]
        );
        assert!(knowledge.data_model("M").is_ok());
        assert!(
            knowledge
                .data_model("MM")
                .unwrap_err()
                .help
                .unwrap()
                .contains("`M`")
        );
        assert_eq!(knowledge.saved_searches["s"].search, "x=1");
        assert!(
            knowledge
                .lookup("usres")
                .unwrap_err()
                .help
                .unwrap()
                .contains("`users`")
        );
    }

    #[test]
    fn a_later_app_changes_single_settings() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(
            one.path(),
            "default/props.conf",
            "[st]\nEVAL-a = 1\nEVAL-b = 1\n",
        );
        write(two.path(), "default/props.conf", "[st]\nEVAL-b = 2\n");
        let mut knowledge = Knowledge::new();
        knowledge.load_app(one.path()).unwrap();
        knowledge.load_app(two.path()).unwrap();
        let props = knowledge.props_for("st", "", "");
        let values: Vec<_> = props
            .calculated
            .iter()
            .map(|c| c.expression.as_str())
            .collect();
        assert_eq!(values, ["1", "2"]);
    }

    #[test]
    fn problems_name_the_file_and_the_rest_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "default/macros.conf", "[m]\ndefinition = a\n");
        write(root, "default/props.conf", "nonsense\n");
        write(root, "default/data/models/M.json", "{");
        fs::write(root.join("default/tags.conf"), b"\xff").unwrap();
        let mut knowledge = Knowledge::new();
        let problems = knowledge.load_app(root).unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:#?}");
        assert!(
            problems
                .iter()
                .any(|p| p.message.contains("props.conf:1: `nonsense`"))
        );
        assert!(knowledge.macros.get("m", 0).is_some());
        assert!(knowledge.load_app(&root.join("nosuch")).is_err());
    }

    #[test]
    fn given_lookup_files() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "u.csv", "uid,name\n1,bob\n");
        write(
            folder.path(),
            "app/default/transforms.conf",
            "[k]\ncollection = c\nexternal_type = kvstore\nmax_matches = 2\n",
        );
        let mut knowledge = Knowledge::new();
        knowledge
            .add_lookup_file("users", &folder.path().join("u.csv"))
            .unwrap();
        knowledge
            .add_lookup_file("k", &folder.path().join("u.csv"))
            .unwrap();
        knowledge.load_app(&folder.path().join("app")).unwrap();
        assert_eq!(
            knowledge
                .lookup("users.csv")
                .unwrap()
                .load()
                .unwrap()
                .rows
                .len(),
            1
        );
        assert_eq!(
            knowledge
                .lookup("users")
                .unwrap()
                .load()
                .unwrap()
                .rows
                .len(),
            1
        );
        let k = knowledge.lookup("k").unwrap();
        assert_eq!((k.max_matches, k.load().unwrap().rows.len()), (2, 1));
        assert!(
            knowledge
                .add_lookup_file("x", &folder.path().join("none.csv"))
                .is_err()
        );
    }

    #[test]
    fn content_folders() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "macros/a.yml", "name: a\ndefinition: x=1\n");
        write(
            root,
            "lookups/l.yml",
            "name: l\nfilename: l1.csv\ndefault_match: 'false'\nmatch_type: WILDCARD(p)\nmin_matches: 1\ncase_sensitive_match: 'false'\n",
        );
        write(root, "lookups/l1.csv", "p,q\nx*,true\n");
        write(
            root,
            "lookups/k.yml",
            "name: k\ncollection: k\nfields_list: _key, a\n",
        );
        write(
            root,
            "lookups/n.yml",
            "name: n\nlookup_type: csv\ndefault_match: false\nmatch_type:\n  - CIDR(p)\n",
        );
        write(root, "lookups/n.csv", "p\n10.0.0.0/8\n");
        let mut knowledge = Knowledge::new();
        knowledge.load_content(root).unwrap();
        assert!(knowledge.macros.get("a", 0).is_some());
        let l = knowledge.lookup("l").unwrap();
        assert_eq!(
            (l.default_match.as_str(), l.min_matches, l.case_sensitive),
            ("false", 1, false)
        );
        assert_eq!(l.match_type("p"), crate::lookup::MatchType::Wildcard);
        assert_eq!(
            knowledge.lookup("k").unwrap().load().unwrap().header,
            ["_key", "a"]
        );
        let n = knowledge.lookup("n").unwrap();
        assert_eq!(
            (n.match_type("p"), n.default_match.as_str()),
            (crate::lookup::MatchType::Cidr, "false")
        );
        assert_eq!(n.load().unwrap().rows.len(), 1);
    }

    #[test]
    fn the_published_content_loads() {
        let content =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/security_content");
        if !content.is_dir() {
            return;
        }
        let mut knowledge = Knowledge::built_in();
        if let Err(problems) = knowledge.load_content(&content) {
            panic!("{problems:#?}");
        }
        assert!(knowledge.lookups.len() > 70);
        let mut unreadable = Vec::new();
        for definition in knowledge
            .lookups
            .values()
            .filter(|definition| definition.file().is_some())
        {
            if let Err(wrong) = definition.load() {
                unreadable.push(wrong.message);
            }
        }
        assert!(unreadable.is_empty(), "{unreadable:#?}");
    }
}
