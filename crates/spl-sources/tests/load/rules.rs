//! What props.conf says about how files become events.

use spl_sources::{AutomaticFields, Format, IndexTimeRules, IndexTransform, LoadOptions, Loaded, RuleSource, WarningKind, load};

use crate::support::*;

fn with(text: &str, rules: IndexTimeRules) -> Loaded {
    load_bytes(text.as_bytes(), |options| options.index_time = Some(RuleSource::new(move |_, _, _| rules.clone())))
}

/// `KV_MODE = none`, or the default.
fn none_if(none: bool) -> AutomaticFields {
    if none { AutomaticFields::NONE } else { AutomaticFields::default() }
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
            automatic: none_if(sourcetype == "app:raw"),
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

/// Rules for every event.
fn always(rules: IndexTimeRules) -> Option<RuleSource> {
    Some(RuleSource::new(move |_, _, _| rules.clone()))
}

#[test]
fn settings_that_make_no_sense_are_told_and_left_out() {
    let warned = |rules: IndexTimeRules| {
        let loaded = load_bytes(b"2024-05-01T10:00:00Z user=bob\n", |options| options.index_time = always(rules));
        assert_eq!(texts(&loaded.table, "user"), ["bob"]);
        assert_eq!(texts(&loaded.table, "_time"), ["1714557600"]);
        let (_, warning) = loaded.report.warnings().next().unwrap();
        assert_eq!(warning.kind, WarningKind::BadRule);
        warning.first_example.clone()
    };
    let rules = IndexTimeRules {
        time_prefix: set("("),
        origins: [("TIME_PREFIX", "app/props.conf:3".to_owned())].into(),
        ..IndexTimeRules::default()
    };
    assert!(warned(rules).starts_with("app/props.conf:3: `TIME_PREFIX` of `text`: "));
    let rules = IndexTimeRules { time_format: set("%Y %!"), ..IndexTimeRules::default() };
    assert!(warned(rules).starts_with("`TIME_FORMAT` of `text`: `%!`"));
    let rules = IndexTimeRules { time_zone: set("Mars"), ..IndexTimeRules::default() };
    assert_eq!(warned(rules), "`TZ` of `text`: `Mars` is not a time zone");
    let rules = IndexTimeRules { line_breaker: set("x"), ..IndexTimeRules::default() };
    assert!(warned(rules).contains("no group"));
    let rules = IndexTimeRules { charset: set("klingon"), ..IndexTimeRules::default() };
    assert!(warned(rules).contains("CHARSET"));
    let rules = IndexTimeRules { sed_commands: vec![("s/a".to_owned(), "p:1".to_owned())], ..IndexTimeRules::default() };
    assert!(warned(rules).starts_with("p:1: `SEDCMD`"));
}

fn transform(name: &str, regex: &str, format: &str, dest_key: &str) -> IndexTransform {
    IndexTransform {
        name: name.to_owned(),
        regex: set(regex),
        format: set(format),
        dest_key: set(dest_key).filter(|key| !key.is_empty()),
        write_meta: dest_key.is_empty(),
        source_key: "_raw".to_owned(),
        lookahead: 4096,
        ..IndexTransform::default()
    }
}

#[test]
fn transforms_change_events_of_every_format() {
    let rules = || {
        always(IndexTimeRules {
            sed_commands: vec![("s/secret/XXX/g".to_owned(), String::new())],
            transforms: vec![
                transform("drop", "noise", "nullQueue", "queue"),
                transform("index", "user.{1,4}bob", "audit", "_MetaData:Index"),
                transform("host", r"user\W+(\w+)", "host::$1", "MetaData:Host"),
                transform("field", r"user\W+(\w+)", "who::$1", ""),
            ],
            ..IndexTimeRules::default()
        })
    };
    for (text, columns) in [
        ("2024-05-01 10:00:02 user=bob pw=secret\n2024-05-01 10:00:01 noise\n2024-05-01 10:00:00 user=ann\n", true),
        (
            "{\"t\":1714557602,\"user\":\"bob\",\"pw\":\"secret\"}\n{\"t\":1714557601,\"x\":\"noise\"}\n{\"t\":1714557600,\"user\":\"ann\"}\n",
            true,
        ),
        ("time,text\n2024-05-01 10:00:02,user=bob pw=secret\n2024-05-01 10:00:01,noise\n2024-05-01 10:00:00,user=ann\n", false),
    ] {
        let loaded = load_bytes(text.as_bytes(), |options| options.index_time = rules());
        assert_eq!(texts(&loaded.table, "index"), ["audit", "main"], "{text}");
        assert_eq!(texts(&loaded.table, "host"), ["bob", "ann"]);
        assert_eq!(texts(&loaded.table, "who"), ["bob", "ann"]);
        assert_eq!(texts(&loaded.table, "_time"), ["1714557602", "1714557600"]);
        assert!(texts(&loaded.table, "_raw")[0].contains("XXX") && !texts(&loaded.table, "_raw")[0].contains("secret"));
        // Fields of records are indexed as they are; those of a text are found in what it became.
        if columns {
            assert_eq!(texts(&loaded.table, "pw"), ["XXX", "(none)"]);
        } else {
            assert_eq!(texts(&loaded.table, "text")[0], "user=bob pw=secret");
        }
    }
}

#[test]
fn rules_of_an_event_are_those_of_the_names_it_came_with() {
    let source = RuleSource::new(|sourcetype, _, _| {
        let transforms = match sourcetype {
            "text" => vec![
                transform("one", "a", "sourcetype::second", "MetaData:Sourcetype"),
                IndexTransform { clone_sourcetype: set("copy"), ..transform("copy", "a(b)", "$1", "_raw") },
            ],
            "second" => vec![transform("never", "a", "x", "_raw")],
            "copy" => vec![transform("own", "b", "index::", "_raw"), transform("field", "i", "kind::copied", "")],
            _ => Vec::new(),
        };
        IndexTimeRules { transforms, automatic: none_if(sourcetype == "second"), ..IndexTimeRules::default() }
    });
    let loaded = load_bytes(b"2024-05-01 10:00:00 ab k=1\n", |options| options.index_time = Some(source));
    assert_eq!(texts(&loaded.table, "sourcetype"), ["second", "copy"]);
    assert_eq!(texts(&loaded.table, "_raw"), ["2024-05-01 10:00:00 ab k=1", "index::"]);
    assert_eq!(texts(&loaded.table, "kind"), ["(none)", "copied"]);
    assert_eq!(texts(&loaded.table, "k"), ["(none)", "(none)"]);
    assert_eq!(texts(&loaded.table, "_time"), ["1714557600", "1714557600"]);
}

#[test]
fn tables_by_their_settings() {
    let csv = |text: &str, rules: IndexTimeRules| {
        let rules = IndexTimeRules { indexed_extractions: set("csv"), ..rules };
        load_bytes(text.as_bytes(), |options| options.index_time = always(rules)).table
    };
    let table = csv("# made, by\n# x\na,b\n1,2\n", IndexTimeRules { preamble_regex: set("^#.*"), ..IndexTimeRules::default() });
    assert_eq!((texts(&table, "a"), texts(&table, "b")), (vec!["1".to_owned()], vec!["2".to_owned()]));
    let table = csv("x\nFIELDS: a,b\n1,2\n", IndexTimeRules { field_header_regex: set("^FIELDS:"), ..IndexTimeRules::default() });
    assert_eq!(texts(&table, "a"), ["1"]);
    let table = csv("a,b,c\n1,-,2\n", IndexTimeRules { missing_value_regex: set("^-$"), ..IndexTimeRules::default() });
    assert_eq!((texts(&table, "b"), texts(&table, "c")), (vec!["(none)".to_owned()], vec!["2".to_owned()]));
    let table = csv("f.n,m-c,g h\n1,2,3\n", IndexTimeRules::default());
    assert_eq!((texts(&table, "f_n"), texts(&table, "m_c"), texts(&table, "g h")).0, ["1"]);
    let table = csv("f.n,m-c\n1,2\n", IndexTimeRules { acceptable_special_characters: set("."), ..IndexTimeRules::default() });
    assert_eq!((texts(&table, "f.n"), texts(&table, "m_c")), (vec!["1".to_owned()], vec!["2".to_owned()]));
    let table = csv("a,b\n'x,y',2\n", IndexTimeRules { field_quote: set("'"), ..IndexTimeRules::default() });
    assert_eq!(texts(&table, "a"), ["x,y"]);
    let table = csv("a  b\n1   2\n", IndexTimeRules { field_delimiter: set("whitespace"), ..IndexTimeRules::default() });
    assert_eq!((texts(&table, "a"), texts(&table, "b")), (vec!["1".to_owned()], vec!["2".to_owned()]));
    let table = csv("a\u{14}b\n1\u{14}2\n", IndexTimeRules { field_delimiter: set("\\x14"), ..IndexTimeRules::default() });
    assert_eq!(texts(&table, "b"), ["2"]);
}

#[test]
fn headers_only_where_something_says_so() {
    let load =
        |text: &str, rules: IndexTimeRules| load_bytes(text.as_bytes(), |options| options.index_time = always(rules)).table;
    // A word that comes again in its column is no name.
    assert_eq!(load("login\tann\tok\nlogin\tbob\tbad\n", IndexTimeRules::default()).rows(), 2);
    let text = "kind,user\nlogin,ann\n";
    assert_eq!(load(text, IndexTimeRules::default()).rows(), 1);
    assert_eq!(load(text, IndexTimeRules { is_known: true, ..IndexTimeRules::default() }).rows(), 1);
    let known = |change: fn(&mut IndexTimeRules)| {
        let mut rules = IndexTimeRules { is_known: true, ..IndexTimeRules::default() };
        change(&mut rules);
        load_bytes(text.as_bytes(), |options| {
            options.sourcetype = set("app:log");
            options.index_time = always(rules);
        })
        .table
        .rows()
    };
    assert_eq!(known(|_| {}), 2);
    assert_eq!(known(|rules| rules.check_for_header = true), 1);
    assert_eq!(known(|rules| rules.indexed_extractions = Some("CSV".to_owned())), 1);
}

#[test]
fn json_by_its_settings() {
    let json =
        |text: &str, rules: IndexTimeRules| load_bytes(text.as_bytes(), |options| options.index_time = always(rules)).table;
    let stamped = |fields: &[&str], format: Option<&str>| IndexTimeRules {
        timestamp_fields: fields.iter().map(|name| (*name).to_owned()).collect(),
        time_format: format.map(str::to_owned),
        ..IndexTimeRules::default()
    };
    let text = "{\"time\":\"2020-01-01T00:00:00Z\",\"m\":{\"d\":\"2024/05/01\",\"t\":\"10-00-00\"},\"a\":[1,2]}\n";
    let table = json(text, stamped(&["m.d", "m.t"], Some("%Y/%m/%d %H-%M-%S")));
    assert_eq!(texts(&table, "_time"), ["1714557600"]);
    assert_eq!(texts(&json(text, stamped(&["nothing"], None)), "_time"), ["1577836800"]);
    let trimmed = IndexTimeRules { indexed_extractions: set("json"), json_trim_braces: true, ..IndexTimeRules::default() };
    assert_eq!(texts(&json(text, trimmed), "a"), ["1|2"]);
    let table = json(text, IndexTimeRules { automatic: AutomaticFields::NONE, ..IndexTimeRules::default() });
    assert_eq!(texts(&table, "m.d"), ["(none)"]);
    let exported = "{\"_time\":1714557600,\"sourcetype\":\"x\",\"a\":1}\n";
    assert_eq!(
        texts(&json(exported, IndexTimeRules { automatic: AutomaticFields::NONE, ..IndexTimeRules::default() }), "a"),
        ["1"]
    );
}
