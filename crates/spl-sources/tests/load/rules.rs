//! What props.conf says about how files become events.

use spl_sources::{Format, IndexTimeRules, LoadError, LoadOptions, Loaded, RuleSource, WarningKind, load};

use crate::support::*;

fn with(text: &str, rules: IndexTimeRules) -> Loaded {
    load_bytes(text.as_bytes(), |options| options.index_time = Some(RuleSource::new(move |_, _, _| rules.clone())))
}

fn set(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn times_by_prefix_and_format() {
    let text = "2020-01-01 00:00:00 logged=04/03/2024 10:11:25 a\n2020-01-01 00:00:00 logged=04/03/2024 10:11:24 b\n2020-01-01 nothing\n";
    let rules = IndexTimeRules {
        time_prefix: set(r"logged="),
        time_format: set("%d/%m/%Y %H:%M:%S"),
        time_zone: set("Europe/Berlin"),
        should_linemerge: Some(false),
        ..IndexTimeRules::default()
    };
    let loaded = with(text, rules.clone());
    assert_eq!(texts(&loaded.table, "_time"), ["1709543485", "1709543484", "1709543484"]);
    let warnings: Vec<_> = loaded.report.warnings().map(|(_, warning)| (warning.kind, warning.count)).collect();
    assert_eq!(warnings, [(WarningKind::NoTimestamp, 1)]);
    // Too far from the prefix.
    let short = IndexTimeRules { max_timestamp_lookahead: Some(5), ..rules };
    assert_eq!(with(text, short).report.warnings().map(|(_, warning)| warning.count).sum::<u64>(), 3);
    for (config, expected) in [("CURRENT", "1720000000"), ("NONE", "1720000000")] {
        let rules = IndexTimeRules { datetime_config: set(config), ..IndexTimeRules::default() };
        assert_eq!(texts(&with("2024-03-04 10:11:25 x\n", rules).table, "_time"), [expected]);
    }
    let json = "{\"a\":\"x\",\"t\":\"04/03/2024 10:11:25\",\"timestamp\":\"2020-01-01T00:00:00Z\"}\n";
    let rules = IndexTimeRules { time_prefix: set("\"t\":\""), time_format: set("%d/%m/%Y %T"), ..IndexTimeRules::default() };
    assert_eq!(texts(&with(json, rules).table, "_time"), ["1709547085"]);
}

#[test]
fn events_by_line_breaker_and_merging() {
    let rules =
        IndexTimeRules { line_breaker: set(r"([\r\n]+---[\r\n]+)"), should_linemerge: Some(false), ..IndexTimeRules::default() };
    assert_eq!(texts(&with("a\nb\n---\nc\n---\nd\n", rules).table, "_raw"), ["a\nb", "c", "d"]);
    let rules =
        IndexTimeRules { line_breaker: set(r"(\s)(?=START)"), should_linemerge: Some(false), ..IndexTimeRules::default() };
    assert_eq!(texts(&with("START a b START c\nSTART d", rules).table, "_raw"), ["START a b", "START c", "START d"]);
    let text = "BEGIN 1\n2024-03-04 10:11:25 x\nEND\nBEGIN 2\n y\n";
    let rules = IndexTimeRules { break_only_before: set("^BEGIN"), ..IndexTimeRules::default() };
    assert_eq!(texts(&with(text, rules).table, "_raw"), ["BEGIN 1\n2024-03-04 10:11:25 x\nEND", "BEGIN 2\n y"]);
    let rules =
        IndexTimeRules { break_only_before_date: Some(false), must_break_after: set("^END$"), ..IndexTimeRules::default() };
    assert_eq!(texts(&with(text, rules).table, "_raw").len(), 2);
    let rules = IndexTimeRules { should_linemerge: Some(true), must_not_break_before: set("x$"), ..IndexTimeRules::default() };
    assert_eq!(with(text, rules).table.rows(), 1);
    // Also for lines of a known kind, when it is said.
    let syslog = "Mar  4 10:11:25 web app[1]: a\n  b\nMar  4 10:11:24 web app[1]: c\n";
    let rules = IndexTimeRules { should_linemerge: Some(true), ..IndexTimeRules::default() };
    let table = with(syslog, rules).table;
    assert_eq!(texts(&table, "_raw"), ["Mar  4 10:11:25 web app[1]: a\n  b", "Mar  4 10:11:24 web app[1]: c"]);
    assert_eq!(texts(&table, "pid"), ["1", "1"]);
}

#[test]
fn lines_are_cut_where_it_is_said() {
    let rules = IndexTimeRules { truncate: Some(5), ..IndexTimeRules::default() };
    let loaded = with("1234567\n12\näöü\n", rules);
    assert_eq!(texts(&loaded.table, "_raw"), ["12345", "12", "äö"]);
    assert!(loaded.report.warnings().any(|(_, warning)| warning.kind == WarningKind::Truncated && warning.count == 2));
}

#[test]
fn separated_files_by_settings() {
    let text = "report of today\nuser|when|day\nbob|10:11:25|2024-03-04\n";
    let rules = IndexTimeRules {
        indexed_extractions: set("psv"),
        header_field_line_number: Some(2),
        timestamp_fields: vec!["day".to_owned(), "when".to_owned()],
        ..IndexTimeRules::default()
    };
    let loaded = with(text, rules);
    assert_eq!(loaded.report.files[0].format, Format::Csv);
    assert_eq!(texts(&loaded.table, "user"), ["bob"]);
    assert_eq!(texts(&loaded.table, "_time"), ["1709547085"]);
    let rules = IndexTimeRules {
        indexed_extractions: set("csv"),
        field_delimiter: set(";"),
        field_names: vec!["a".to_owned(), "b".to_owned()],
        ..IndexTimeRules::default()
    };
    let loaded = with("1;2\n3;4\n", rules);
    assert_eq!(
        (texts(&loaded.table, "a"), texts(&loaded.table, "b")),
        (vec!["1".into(), "3".into()], vec!["2".into(), "4".into()])
    );
}

#[test]
fn names_and_pairs() {
    let options = LoadOptions {
        paths: vec!["-".into()],
        standard_input: Some(std::sync::Arc::new(b"user=bob ip=1.2.3.4\n".to_vec())),
        index_time: Some(RuleSource::new(|sourcetype, source, _| IndexTimeRules {
            sourcetype: (source == "-").then(|| "app:raw".to_owned()),
            without_pairs: sourcetype == "app:raw",
            ..IndexTimeRules::default()
        })),
        ..LoadOptions::default()
    };
    let table = load(&options).unwrap().table;
    assert_eq!(texts(&table, "sourcetype"), ["app:raw"]);
    assert_eq!(texts(&table, "user"), ["(none)"]);
    let named = LoadOptions { sourcetype: Some("other".into()), ..options };
    let table = load(&named).unwrap().table;
    assert_eq!((texts(&table, "sourcetype"), texts(&table, "user")), (vec!["other".to_owned()], vec!["bob".to_owned()]));
    // Events that name their sourcetype themselves.
    let json = "{\"sourcetype\":\"app:raw\",\"_raw\":\"user=bob\"}\n{\"sourcetype\":\"z\",\"_raw\":\"user=eve\"}\n";
    let loaded = load_bytes(json.as_bytes(), |changed| changed.index_time.clone_from(&named.index_time));
    assert_eq!(texts(&loaded.table, "sourcetype"), ["app:raw", "z"]);
    assert_eq!(texts(&loaded.table, "user"), ["(none)", "eve"]);
}

#[test]
fn settings_that_make_no_sense_are_errors() {
    let fails = |rules: IndexTimeRules| {
        let options = LoadOptions {
            paths: vec!["-".into()],
            standard_input: Some(std::sync::Arc::new(b"x\n".to_vec())),
            index_time: Some(RuleSource::new(move |_, _, _| rules.clone())),
            ..LoadOptions::default()
        };
        match load(&options) {
            Err(error @ LoadError::Rule { .. }) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let rules = IndexTimeRules { time_prefix: set("("), ..IndexTimeRules::default() };
    assert!(fails(rules).starts_with("`TIME_PREFIX` of `text`: "));
    let rules = IndexTimeRules { time_format: set("%Y %!"), ..IndexTimeRules::default() };
    assert_eq!(fails(rules), "`TIME_FORMAT` of `text`: `%!` is not a conversion of TIME_FORMAT");
    let rules = IndexTimeRules { time_zone: set("Mars"), ..IndexTimeRules::default() };
    assert_eq!(fails(rules), "`TZ` of `text`: `Mars` is not a time zone");
    let rules = IndexTimeRules { line_breaker: set("x"), ..IndexTimeRules::default() };
    assert!(fails(rules).contains("no group"));
}
