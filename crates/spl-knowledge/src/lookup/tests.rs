//! Lookup definitions and tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn definitions() {
    let text = "[a]\nfilename = a.csv\nmatch_type = WILDCARD(x), CIDR(y z)\ncase_sensitive_match = false\nmin_matches = 1\ndefault_match = none\n[b]\nfilename = gone.csv\n[k]\ncollection = c\nexternal_type = kvstore\nfields_list = _key, a, b\n[t]\nfilename = a.csv\ntime_field = t\n[e]\nexternal_cmd = x.py\nfields_list = a\n[r]\nREGEX = x\n";
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let find = |name: &str, _: &Origin| (name == "a.csv").then(|| LookupSource::File(PathBuf::from("/l/a.csv")));
    let lookups = read_lookups(&Conf::parse(text, "t.conf").unwrap(), find, &mut problems, &mut warnings);
    assert!(problems.is_empty() && warnings.is_empty(), "{problems:?} {warnings:?}");
    assert_eq!(lookups.len(), 5);
    let a = &lookups["a"];
    assert_eq!(a.file(), Some(Path::new("/l/a.csv")));
    assert_eq!((a.match_type("x"), a.match_type("q")), (MatchType::Wildcard, MatchType::Exact));
    assert_eq!((a.case_sensitive, a.min_matches, a.max_matches, a.default_match.as_str()), (false, 1, 1000, "none"));
    assert_eq!(lookups["t"].max_matches, 1);
    assert_eq!(lookups["k"].load().unwrap().header, ["_key", "a", "b"]);
    assert!(lookups["b"].load().unwrap_err().message.contains("`gone.csv`"));
    assert!(lookups["e"].load().unwrap_err().message.contains("external command"));
}

#[test]
fn wrong_settings() {
    let text = "[a]\nfilename = a.csv\nmatch_type = GLOB(x)\nmax_matches = 0\nmin_matchs = 1\n";
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    read_lookups(&Conf::parse(text, "t.conf").unwrap(), |_, _| None, &mut problems, &mut warnings);
    assert_eq!(problems[0].message, "t.conf:3: `match_type` of lookup `a`: `GLOB` is not WILDCARD, CIDR or EXACT");
    assert_eq!(problems[1].message, "t.conf:4: `max_matches` of lookup `a` is 0, not 1 to 1000");
    assert!(warnings[0].message.contains("did you mean `min_matches`?"));
}

#[test]
fn tables() {
    let table = LookupTable::parse(b"\xef\xbb\xbfa, b ,c\n1,\"x, \"\"y\"\"\",3,,\n2\n\"multi\nline\",\xff,\n").unwrap();
    assert_eq!(table.header, ["a", "b", "c"]);
    assert_eq!(table.rows, [["1", "x, \"y\"", "3"], ["2", "", ""], ["multi\nline", "\u{fffd}", ""]]);
    assert_eq!(table.column("b").unwrap(), 1);
    assert!(table.column("bb").unwrap_err().help.unwrap().contains("`b`"));
    let (table, note) = LookupTable::parse_noting(b"a\n1,2\n3\n").unwrap();
    assert_eq!(table.rows, [["1"], ["3"]]);
    assert!(note.unwrap().starts_with("1 rows have more values than the header, first in line 2"));
    assert_eq!(LookupTable::parse(b"").unwrap(), LookupTable::default());
}

#[test]
fn gzip_and_missing_files() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv.gz");
    let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    encoder.write_all(b"a\n1\n").unwrap();
    encoder.finish().unwrap();
    assert_eq!(LookupTable::read(&path).unwrap().rows, [["1"]]);
    assert!(LookupTable::read(&folder.path().join("no.csv")).unwrap_err().message.contains("no.csv"));
}
