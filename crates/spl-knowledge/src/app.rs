//! Where apps are: a folder, a folder of apps such as `etc/apps`, a package (`.spl`, `.tgz`).

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use spl_macros::{Conf, Origin};
use spl_parser::diagnostic::Diagnostic;
use tempfile::TempDir;

use crate::problem::warning;

/// Most bytes that a package unpacks to.
const MOST_BYTES: u64 = 2 << 30;
/// Most files of a package.
const MOST_FILES: usize = 100_000;

/// The folder of an app.
#[derive(Clone, Debug)]
pub struct AppFolder {
    /// Where its files are.
    pub path: PathBuf,
    /// What messages call it: the folder as it was given, or the package and the folder in it.
    pub shown: PathBuf,
    /// Its name, by which apps are put in order.
    pub name: String,
    /// Keeps the files of a package.
    pub unpacked: Option<Arc<TempDir>>,
}

impl AppFolder {
    fn new(path: PathBuf, shown: PathBuf, unpacked: Option<Arc<TempDir>>) -> Self {
        let named = shown.file_name().filter(|name| *name != ".").map(|name| name.to_string_lossy().into_owned());
        let name = named.or_else(|| {
            let whole = path.canonicalize().ok()?;
            Some(whole.file_name()?.to_string_lossy().into_owned())
        });
        Self { name: name.unwrap_or_default(), path, shown, unpacked }
    }

    /// The name of a file as messages show it.
    pub fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(&self.path) {
            Ok(inside) => self.shown.join(inside).display().to_string(),
            Err(_) => path.display().to_string(),
        }
    }

    /// Where `app.conf` says that the app is disabled; none for one that is used.
    ///
    /// Source: Splunk admin manual, app.conf, `[install] state`.
    pub fn disabled(&self) -> Option<Origin> {
        let mut conf = Conf::default();
        for layer in ["default", "local"] {
            let path = self.path.join(layer).join("app.conf");
            if let Ok(bytes) = fs::read(&path) {
                conf.layer(Conf::read(&String::from_utf8_lossy(&bytes), &self.shown(&path)).0);
            }
        }
        let setting = conf.stanzas.get("install")?.settings.get("state")?;
        setting.value.trim().eq_ignore_ascii_case("disabled").then(|| setting.origin.clone())
    }
}

/// Whether a folder is an app.
fn is_app(folder: &Path) -> bool {
    ["default", "local", "lookups", "metadata", "forms"].iter().any(|name| folder.join(name).is_dir())
}

/// The apps at a path, by name: the folder itself, the apps in it, or those of a package. A disabled app is left out.
/// What is wrong is added to the problems.
pub fn apps_at(path: &Path, problems: &mut Vec<Diagnostic>) -> Vec<AppFolder> {
    let wrong = |message: String| Diagnostic::general("knowledge/app", message);
    if path.is_file() {
        return match unpack(path) {
            Ok(unpacked) => {
                let unpacked = Arc::new(unpacked);
                let root = unpacked.path().to_owned();
                let found = inside(&root, path, Some(&unpacked));
                if found.is_empty() {
                    problems.push(wrong(format!("{}: the package holds no app", path.display())));
                }
                used(found, problems)
            }
            Err(message) => {
                problems.push(wrong(format!("{}: {message}", path.display())));
                Vec::new()
            }
        };
    }
    if !path.is_dir() {
        problems.push(wrong(format!("{}: no such folder", path.display())));
        return Vec::new();
    }
    let found = if is_app(path) { Vec::new() } else { inside(path, path, None) };
    if found.is_empty() {
        return used(vec![AppFolder::new(path.to_owned(), path.to_owned(), None)], problems);
    }
    used(found, problems)
}

/// The apps directly in a folder, by name.
fn inside(folder: &Path, shown: &Path, unpacked: Option<&Arc<TempDir>>) -> Vec<AppFolder> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_app(path)).collect();
    names.sort();
    let app = |path: PathBuf| {
        let shown = path.file_name().map_or_else(|| shown.to_owned(), |name| shown.join(name));
        AppFolder::new(path, shown, unpacked.cloned())
    };
    names.into_iter().map(app).collect()
}

fn used(apps: Vec<AppFolder>, problems: &mut Vec<Diagnostic>) -> Vec<AppFolder> {
    let mut kept = Vec::with_capacity(apps.len());
    for app in apps {
        match app.disabled() {
            Some(origin) => {
                let message = format!("app `{}` is disabled and not loaded", app.name);
                problems.push(warning(&origin, "knowledge/app-disabled", message));
            }
            None => kept.push(app),
        }
    }
    kept
}

/// The files of a package in a folder of their own. Only what an app's knowledge is made of is unpacked.
fn unpack(path: &Path) -> Result<TempDir, String> {
    let mut file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut magic = [0; 2];
    let packed = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let reader: Box<dyn Read> = if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut archive = tar::Archive::new(reader.take(MOST_BYTES));
    let not_a_package = |error: std::io::Error| format!("not a package of an app: {error}");
    let (mut bytes, mut files) = (0_u64, 0_usize);
    for entry in archive.entries().map_err(not_a_package)? {
        let mut entry = entry.map_err(not_a_package)?;
        let name = entry.path().map_err(not_a_package)?.into_owned();
        let name: PathBuf = name.components().filter(|part| !matches!(part, Component::CurDir)).collect();
        let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        let mut parts = name.components().skip(1).filter_map(|part| part.as_os_str().to_str());
        let wanted = parts.next().is_some_and(|part| matches!(part, "default" | "local" | "lookups" | "forms" | "metadata"));
        if !plain || !wanted || !entry.header().entry_type().is_file() {
            continue;
        }
        bytes = bytes.saturating_add(entry.size());
        files += 1;
        if bytes > MOST_BYTES || files > MOST_FILES {
            return Err("the package is too large".to_owned());
        }
        let target = folder.path().join(&name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        }
        let mut written = fs::File::create(&target).map_err(|error| error.to_string())?;
        std::io::copy(&mut entry, &mut written).map_err(not_a_package)?;
    }
    Ok(folder)
}
