//! A small repository in a folder of its own.
#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const FILES: &[(&str, &str)] = &[
    ("macros/m.yml", "name: m\ndefinition: sourcetype=s\n"),
    ("macros/kept_filter.yml", "name: kept_filter\ndefinition: search NOT user=svc\n"),
    ("lookups/l.yml", "name: l\nfilename: l.csv\n"),
    ("lookups/l.csv", "a,b\n1,2\n"),
    ("detections/endpoint/one.yml", include_str!("../detection/fixtures/v4.yml")),
    ("detections/endpoint/kept.yml", include_str!("../detection/fixtures/v5.yml")),
    ("detections/bad.yml", "name: [\n"),
    ("detections/notes.spl", "index=x"),
    ("baselines/b.yml", "name: B\nsearch: index=x | outputlookup l\ntags:\n  detections: [Many Hosts In An Hour]\n"),
    (
        "deployments/ttp.yml",
        "name: ESCU Default Configuration TTP\ntype: TTP\nscheduling: {cron_schedule: 0 * * * *}\nalert_action: {notable: {rule_title: '%name%'}}\n",
    ),
    ("data_sources/s.yml", "name: Sysmon EventID 1\nsource: XmlWinEventLog\nsourcetype: xmlwineventlog\nfields: [a, b]\n"),
    ("stories/s.yml", "name: Windows Services\ntags: {category: [Malware]}\n"),
    (
        "contentctl.yml",
        "app: {label: OURS}\ntest_data_caches:\n- base_url: https://example.org/attack_data\n  base_directory_name: external_repos/attack_data\n",
    ),
    ("external_repos/attack_data/service/sysmon.log", "x"),
    ("data/edr.ndjson", "{}"),
];

#[test]
fn files_are_read_as_what_they_are() {
    let folder = repository(FILES);
    let read = Repository::load(folder.path());
    assert!(read.problems.is_empty());
    let files: Vec<_> =
        read.detections.iter().map(|file| (file.file.strip_prefix(folder.path()).unwrap(), file.value.is_some())).collect();
    let expected = [("detections/bad.yml", false), ("detections/endpoint/kept.yml", true), ("detections/endpoint/one.yml", true)];
    assert_eq!(files, expected.map(|(file, good)| (Path::new(file), good)));
    assert!(read.detections[0].problems[0].message.contains("bad.yml: "));
    assert!(read.detections[1..].iter().all(|file| file.problems.is_empty()));
    assert_eq!(read.settings.as_ref().unwrap().value.as_ref().unwrap().label.as_deref(), Some("OURS"));
    assert_eq!(read.data_sources[0].value.as_ref().unwrap().fields.len(), 2);
    assert_eq!(read.stories[0].value.as_ref().unwrap().categories[0].value, "Malware");
    assert!(read.detections_with_baselines().contains("Many Hosts In An Hour"));
    let (of_v5, of_v4) = (read.detections[1].value.as_ref().unwrap(), read.detections[2].value.as_ref().unwrap());
    assert_eq!(read.deployment_of(of_v5).unwrap().name.as_ref().unwrap().value, "Every four hours");
    assert!(read.deployment_of(of_v4).unwrap().notable.is_some());
}

#[test]
fn knowledge_gets_macros_lookups_and_filters() {
    let folder = repository(FILES);
    let mut knowledge = Knowledge::built_in();
    assert_eq!(Repository::load(folder.path()).add_to(&mut knowledge), Vec::new());
    let definition = |name: &str| knowledge.macros.get(name, 0).map(|found| found.definition.clone());
    assert_eq!(definition("m").as_deref(), Some("sourcetype=s"));
    assert_eq!(definition("kept_filter").as_deref(), Some("search NOT user=svc"));
    assert_eq!(definition("one_filter").as_deref(), Some("search *"));
}

#[test]
fn test_data_are_found_in_caches_and_below_the_repository() {
    let folder = repository(FILES);
    let read = Repository::load(folder.path());
    let found = |data: &str| read.data_file(data).map(|file| file.strip_prefix(folder.path()).unwrap().to_owned());
    let cached = "external_repos/attack_data/service/sysmon.log";
    assert_eq!(found("https://example.org/attack_data/service/sysmon.log").as_deref(), Some(Path::new(cached)));
    assert_eq!(found("data/edr.ndjson").as_deref(), Some(Path::new("data/edr.ndjson")));
    assert_eq!(found("https://example.org/attack_data/other.log"), None);
    assert_eq!(found("https://elsewhere.org/service/sysmon.log"), None);
}

#[test]
fn repositories_are_found_around_paths() {
    let folder = repository(FILES);
    let root = Some(folder.path().to_owned());
    assert_eq!(find(&folder.path().join("detections/endpoint/one.yml")), root);
    assert_eq!(find(folder.path()), root);
    fs::remove_file(folder.path().join("contentctl.yml")).unwrap();
    assert_eq!(find(&folder.path().join("detections/endpoint")), root);
    fs::remove_dir_all(folder.path().join("lookups")).unwrap();
    assert_eq!(find(&folder.path().join("detections")), None);
}
