//! Every dependency that a crate declares is used, and every one that the workspace declares is declared by a crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Crates that are imported by another name than they have.
const IMPORTED_AS: [(&str, &str); 1] = [("md-5", "md5")];

#[test]
fn every_dependency_is_used() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut declared: BTreeSet<String> = BTreeSet::new();
    let mut unused = Vec::new();
    let folders = std::fs::read_dir(&crates).unwrap().map(|entry| entry.unwrap().path());
    for folder in folders.filter(|folder| folder.join("Cargo.toml").is_file()) {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let mut code = String::new();
        sources(&folder, &mut code);
        let words: BTreeSet<&str> = code.split(|one: char| !one.is_alphanumeric() && one != '_').collect();
        for name in dependencies(&manifest, &["[dependencies]", "[dev-dependencies]"]) {
            let imported = IMPORTED_AS.iter().find(|(known, _)| *known == name).map(|(_, imported)| (*imported).to_owned());
            if !words.contains(imported.unwrap_or_else(|| name.replace('-', "_")).as_str()) {
                unused.push(format!("{name} of {}", folder.file_name().unwrap().to_string_lossy()));
            }
            declared.insert(name);
        }
    }
    assert!(declared.len() > 50, "the crates are not where they are looked for");
    let workspace = std::fs::read_to_string(crates.join("../Cargo.toml")).unwrap();
    let of_workspace = dependencies(&workspace, &["[workspace.dependencies]"]);
    unused
        .extend(of_workspace.into_iter().filter(|name| !declared.contains(name)).map(|name| format!("{name} of the workspace")));
    assert!(unused.is_empty(), "dependencies that nothing uses: {}", unused.join(", "));
}

/// The names below these headings of a manifest.
fn dependencies(manifest: &str, headings: &[&str]) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = headings.contains(&line.trim());
        } else if inside && line.contains('=') && !line.starts_with('#') {
            let name: String = line.chars().take_while(|one| one.is_alphanumeric() || *one == '-' || *one == '_').collect();
            names.push(name);
        }
    }
    names
}

/// The text of all Rust files of a crate.
fn sources(folder: &Path, code: &mut String) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&std::fs::read_to_string(&path).unwrap());
            code.push('\n');
        }
    }
}
