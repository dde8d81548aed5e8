//! Public detections over public attack data, neither of which is part of the project: `tests/content/public_detections.csv` says
//! which detection finds how many rows in which file. Skipped unless `SPLQ_SECURITY_CONTENT` and `SPLQ_ATTACK_LOGS` name the folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Folder;

const LIST: &str = include_str!("../../../../tests/content/public_detections.csv");

#[test]
fn public_detections_find_what_was_checked_by_hand() {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_dir());
    let (Some(content), Some(logs)) = (folder("SPLQ_SECURITY_CONTENT"), folder("SPLQ_ATTACK_LOGS")) else { return };
    let repository = Folder::new();
    repository.write("contentctl.yml", "app: {label: ESCU}\n");
    for part in ["macros", "lookups", "deployments"] {
        copy(&content.join(part), &repository.path().join(part));
    }
    let mut files = BTreeMap::new();
    index(&content.join("detections"), &mut files);
    let mut expected: BTreeMap<String, (String, String)> = BTreeMap::new();
    for line in LIST.lines().skip(1) {
        let cells: Vec<&str> = line.splitn(7, ',').collect();
        let [detection, data, source, sourcetype, rows, counted, _] = cells.as_slice() else { panic!("{line}") };
        assert_eq!(rows, counted, "{detection}: scripts/recount_public_detections.py counts otherwise");
        let file = files.get(*detection).unwrap_or_else(|| panic!("no detection {detection}"));
        let text = std::fs::read_to_string(file).unwrap();
        repository.write(&format!("detections/{detection}.yml"), &text);
        let data = logs.join(data);
        repository.write(
            &format!("detections/{detection}.tests.yaml"),
            &format!("tests:\n- name: {detection}\n  expect: {rows}\n  attack_data:\n  - {{data: '{}', source: '{source}', sourcetype: {sourcetype}}}\n", data.display()),
        );
        expected.insert((*detection).to_owned(), (data.display().to_string(), (*rows).to_owned()));
    }
    let printed = repository.run(&["test", "detections", "-q"]);
    let rows = printed.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let own: Vec<Value> = rows.filter(|row| row["kind"] == "own").collect();
    let wrong: Vec<&Value> = own.iter().filter(|row| row["status"] != "pass").collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(own.len(), expected.len());
}

fn index(folder: &Path, files: &mut BTreeMap<String, PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            index(&path, files);
        } else if let Some(stem) = path.file_stem() {
            files.insert(stem.to_string_lossy().into_owned(), path.clone());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}
