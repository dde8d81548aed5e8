//! Apps, content folders and given files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

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
    write(root, "default/eventtypes.conf", "[e]\nsearch = x=1\npriority = 5\n");
    write(root, "local/eventtypes.conf", "[e]\nsearch = x=2\n");
    write(root, "default/tags.conf", "[eventtype=e]\nt = enabled\nu = enabled\n");
    write(root, "local/tags.conf", "[eventtype=e]\nu = disabled\n");
    write(root, "default/props.conf", "[st]\nREPORT-r = tr\nLOOKUP-l = users uid OUTPUT name\n");
    write(root, "default/transforms.conf", "[tr]\nREGEX = (?<a>x)\n[users]\nfilename = u.csv\n");
    write(root, "lookups/u.csv", "uid,name\n1,alice\n");
    write(
        root,
        "default/data/models/M.json",
        r#"{"modelName":"M","objects":[{"objectName":"A","constraints":[{"search":"x=1"}]}]}"#,
    );
    write(root, "default/savedsearches.conf", "[s]\nsearch = x=1\n");
    let mut knowledge = Knowledge::new();
    assert_eq!(knowledge.load_app(root), []);
    assert_eq!(knowledge.macros.get("m", 0).unwrap().definition, "b");
    assert_eq!((knowledge.event_types["e"].search.as_str(), knowledge.event_types["e"].priority), ("x=2", 5));
    assert_eq!(knowledge.tags_of("eventtype", "e").collect::<Vec<_>>(), ["t"]);
    assert_eq!(knowledge.props_for("st", "", "").reports[0].transforms, ["tr"]);
    assert!(knowledge.transform("tr").is_ok());
    assert_eq!(knowledge.lookup("users").unwrap().load().unwrap().rows, [["1", "alice"]]);
    assert_eq!(knowledge.lookup("u.csv").unwrap().load().unwrap().header, ["uid", "name"]);
    assert!(knowledge.data_model("M").is_ok());
    assert!(knowledge.data_model("MM").unwrap_err().help.unwrap().contains("`M`"));
    assert_eq!(knowledge.saved_searches["s"].search, "x=1");
    assert!(knowledge.lookup("usres").unwrap_err().help.unwrap().contains("`users`"));
}

#[test]
fn apps_win_by_layer_and_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    write(&one, "default/props.conf", "[st]\nEVAL-a = 1\nEVAL-b = 1\n");
    write(&one, "local/props.conf", "[st]\nEVAL-c = 1\n");
    write(&two, "default/props.conf", "[st]\nEVAL-b = 2\nEVAL-c = 2\n");
    for paths in [vec![one.clone(), two.clone()], vec![two.clone(), one.clone()], vec![folder.path().to_owned()]] {
        let mut knowledge = Knowledge::new();
        assert_eq!(knowledge.load_apps(&paths), []);
        let props = knowledge.props_for("st", "", "");
        let values: Vec<_> = props.calculated.iter().map(|c| c.expression.as_str()).collect();
        assert_eq!(values, ["1", "2", "1"], "{paths:?}");
    }
    write(&two, "local/app.conf", "[install]\nstate = disabled\n");
    let mut knowledge = Knowledge::new();
    let problems = knowledge.load_apps(&[folder.path()]);
    assert!(problems[0].message.ends_with("two/local/app.conf:2: app `two` is disabled and not loaded"), "{problems:?}");
    assert_eq!(knowledge.props_for("st", "", "").calculated[1].expression, "1");
}

#[test]
fn packages_and_lookups_of_apps() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("x.spl");
    let mut archive =
        tar::Builder::new(flate2::write::GzEncoder::new(fs::File::create(&package).unwrap(), flate2::Compression::default()));
    for (name, text) in [
        ("app_b/default/transforms.conf", "[l]\nfilename = some/dir/l.csv\n[d]\nfilename = d.csv\n"),
        ("app_b/lookups/l.csv", "k,v\n1,b\n"),
        ("app_b/lookups/d.csv.default", "k,v\n1,d\n"),
        ("app_b/bin/x.py", "no"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
    let other = folder.path().join("app_c");
    write(&other, "lookups/l.csv", "k,v\n1,c\n");
    let mut knowledge = Knowledge::new();
    assert_eq!(knowledge.load_apps(&[package.clone(), other]), []);
    assert_eq!(knowledge.lookup("l").unwrap().load().unwrap().rows, [["1", "b"]]);
    assert_eq!(knowledge.lookup("d").unwrap().load().unwrap().rows, [["1", "d"]]);
    assert_eq!(knowledge.lookup("l.csv").unwrap().load().unwrap().rows, [["1", "c"]]);
    let origin = &knowledge.lookup("l").unwrap().origin;
    assert!(origin.to_string().ends_with("x.spl/app_b/default/transforms.conf:1"), "{origin}");
    fs::write(folder.path().join("y.spl"), "text").unwrap();
    assert_eq!(Knowledge::new().load_app(&folder.path().join("y.spl")).len(), 1);
}

#[test]
fn problems_name_the_file_and_the_rest_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "default/macros.conf", "[m]\ndefinition = a\n");
    write(root, "default/props.conf", "nonsense\n");
    write(root, "default/data/models/M.json", "{");
    fs::write(root.join("default/tags.conf"), b"# \xff\n[a=b]\n\xe9=enabled\n").unwrap();
    let mut knowledge = Knowledge::new();
    let problems = knowledge.load_app(root);
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(problems.iter().any(|p| p.message.contains("props.conf:1: `nonsense`")));
    assert!(problems.iter().any(|p| p.message.contains("tags.conf:3: the line is not UTF-8")));
    assert_eq!(knowledge.tags_of("a", "b").collect::<Vec<_>>(), ["é"]);
    assert!(knowledge.macros.get("m", 0).is_some());
    assert!(!knowledge.load_app(&root.join("nosuch")).is_empty());
}

#[test]
fn given_lookup_files() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "u.csv", "uid,name\n1,bob\n");
    write(folder.path(), "app/default/transforms.conf", "[k]\ncollection = c\nexternal_type = kvstore\nmax_matches = 2\n");
    let mut knowledge = Knowledge::new();
    knowledge.add_lookup_file("users", &folder.path().join("u.csv")).unwrap();
    knowledge.add_lookup_file("k", &folder.path().join("u.csv")).unwrap();
    assert_eq!(knowledge.load_app(&folder.path().join("app")), []);
    assert_eq!(knowledge.lookup("users.csv").unwrap().load().unwrap().rows.len(), 1);
    assert_eq!(knowledge.lookup("users").unwrap().load().unwrap().rows.len(), 1);
    let k = knowledge.lookup("k").unwrap();
    assert_eq!((k.max_matches, k.load().unwrap().rows.len()), (2, 1));
    assert!(knowledge.add_lookup_file("x", &folder.path().join("none.csv")).is_err());
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
    write(root, "lookups/k.yml", "name: k\ncollection: k\nfields_list: _key, a\n");
    write(root, "lookups/n.yml", "name: n\nlookup_type: csv\ndefault_match: false\nmatch_type:\n  - CIDR(p)\n");
    write(root, "lookups/n.csv", "p\n10.0.0.0/8\n");
    let mut knowledge = Knowledge::new();
    assert_eq!(knowledge.load_content(root), []);
    assert!(knowledge.macros.get("a", 0).is_some());
    let l = knowledge.lookup("l").unwrap();
    assert_eq!((l.default_match.as_str(), l.min_matches, l.case_sensitive), ("false", 1, false));
    assert_eq!(l.match_type("p"), crate::lookup::MatchType::Wildcard);
    assert_eq!(knowledge.lookup("k").unwrap().load().unwrap().header, ["_key", "a"]);
    let n = knowledge.lookup("n").unwrap();
    assert_eq!((n.match_type("p"), n.default_match.as_str()), (crate::lookup::MatchType::Cidr, "false"));
    assert_eq!(n.load().unwrap().rows.len(), 1);
}

#[test]
fn the_published_content_loads() {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/security_content");
    if !content.is_dir() {
        return;
    }
    let mut knowledge = Knowledge::built_in();
    assert_eq!(knowledge.load_content(&content), []);
    assert!(knowledge.lookups.len() > 70);
    let mut unreadable = Vec::new();
    for definition in knowledge.lookups.values().filter(|definition| definition.file().is_some()) {
        if let Err(wrong) = definition.load() {
            unreadable.push(wrong.message);
        }
    }
    assert!(unreadable.is_empty(), "{unreadable:#?}");
}

#[test]
fn a_renamed_sourcetype_has_the_definitions_of_its_new_name() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "default/props.conf", "[old]\nrename = new\nEVAL-a = 1\n[new]\nEVAL-a = 2\n");
    let mut knowledge = Knowledge::new();
    assert_eq!(knowledge.load_app(folder.path()), []);
    assert_eq!(knowledge.search_time_sourcetype("old"), "new");
    assert_eq!(knowledge.props_for("old", "", "").calculated[0].expression, "2");
    assert_eq!(knowledge.search_time_sourcetype("other"), "other");
}
