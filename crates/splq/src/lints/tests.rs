//! Each page's first example is reported by its lint, its second is not; comments and options switch lints off.
#![allow(clippy::unwrap_used, clippy::panic)]

use chrono_tz::Tz;
use spl_exec::{Engine, SearchClock, Settings};

use super::*;

fn engine() -> Engine {
    let settings = Settings { threads: 1, ..Settings::at(SearchClock::at(1_700_000_000.0, Tz::UTC)) };
    Engine::new(Knowledge::built_in(), settings).unwrap()
}

/// The search of a file's text.
fn query(extension: &str, text: &str) -> Query {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("detection.{extension}"));
    std::fs::write(&file, text).unwrap();
    crate::queries::find(&[file]).unwrap().queries.remove(0)
}

/// The codes that are reported, or the code of the error.
fn codes_of(engine: &Engine, query: &Query) -> Vec<&'static str> {
    let search = match engine.compile(query.search.as_ref().unwrap()) {
        Ok(search) => search,
        Err(failure) => return vec![failure.diagnostics[0].code],
    };
    let mut found = find(&Subject { query, search: &search, knowledge: engine.knowledge(), data: None });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    found.extend(runtime.block_on(empty_by_field::find(engine, &search)));
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

fn codes(text: &str) -> Vec<&'static str> {
    codes_of(&engine(), &query("spl", text))
}

/// The examples of a page: extension and text.
fn examples(page: &str) -> Vec<(&'static str, String)> {
    let mut examples = Vec::new();
    let mut parts = page.split("\n```");
    parts.next();
    while let Some(block) = parts.next() {
        let (language, text) = block.split_once('\n').unwrap();
        let extension = if language == "yaml" { "yml" } else { "spl" };
        examples.push((extension, text.to_owned()));
        parts.next();
    }
    examples
}

#[test]
fn pages_show_what_is_reported() {
    let engine = engine();
    for lint in LINTS {
        assert!(lint.page.starts_with(&format!("# {}\n", lint.code)), "{}", lint.code);
        let [(extension, wrong), (_, right)] = &examples(lint.page)[..] else { panic!("{} needs two examples", lint.code) };
        let found = codes_of(&engine, &query(extension, wrong));
        assert!(found.contains(&lint.code), "{} does not report its example: {found:?}\n{wrong}", lint.code);
        let found = codes_of(&engine, &query(extension, right));
        assert!(!found.contains(&lint.code), "{} reports what is right: {found:?}\n{right}", lint.code);
    }
}

#[test]
fn codes_are_in_order_and_unique() {
    let own: Vec<&str> = LINTS.iter().map(|lint| lint.code).filter(|code| code.starts_with("lint/")).collect();
    assert!(own.is_sorted_by(|left, right| left < right), "{own:?}");
}

#[test]
fn searches_without_fault() {
    for text in [
        "index=main user=ann | stats count by user | where count > 5",
        "index=main | where src_user=dest_user",
        "index=main | eval ok=if(user==owner, 1, 0) | table user owner ok",
        "| tstats summariesonly=true count from datamodel=Endpoint.Processes by Processes.dest | `drop_dm_object_name(Processes)` | where dest=\"a\"",
        "index=main | rex \"(?<code>\\d+)\" | stats count by code | rename code AS number | table number count",
        "index=main | timechart count by user | fillnull",
        "index=main (a=1 OR a=2) b=3",
        "index=main | stats count values(*) as * by user | search src=1",
        "index=main | stats count by a.b | eval c='a.b'",
        "index=main | where a=1 and b=2 or c=3",
        "index=main \"or\" message=\"it's “new”\" O'Brien",
        "error top secret",
        "index=main | eval who=if(isnull(user), src, user)",
        "index=main | eval level=if(a=1, Workstation, \"-\")",
        "index=main | stats count by user | eventstats sum(count) as total | eval share=count/total | sort - share",
    ] {
        let found = codes(text);
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn searches_with_a_fault() {
    for (text, code) in [
        ("index=main | stats count by user | table user, src", "lint/missing-field"),
        ("index=main | table a b | stats count by c", "lint/missing-field"),
        ("index=main | stats count by user | rename user AS who | sort user", "lint/missing-field"),
        ("index=main | fields - x | fields a | where b=1", "lint/missing-field"),
        ("index=main | where user='admin'", "lint/bare-word"),
        ("index=main | where status!=200 OR status!=404", "lint/always-true"),
        ("index=main | where user IN (\"adm*\")", "lint/where-wildcard"),
        ("index=main | eval x=if(like(user, \"adm*\"), 1, 0)", "lint/where-wildcard"),
        ("*foo", "lint/leading-wildcard"),
        ("index=main | append [search index=other]", "lint/subsearch-limit"),
        ("status=500 and user=ann", "lint/lower-case-operator"),
        ("index=main | stats count by user | search count>5 not user=ann", "lint/lower-case-operator"),
        ("user=“ann”", "lint/quotation-marks"),
        ("user='ann'", "lint/quotation-marks"),
        ("index=main ‘login failed’", "lint/quotation-marks"),
        ("status=500 stats count by host", "lint/missing-pipe"),
        ("index=main head 10", "lint/missing-pipe"),
        ("index=main status=500 table user host", "lint/missing-pipe"),
        ("error sort - count", "lint/missing-pipe"),
        ("index=main | eval level=if(bytes>1, high, low)", "lint/bare-word"),
        ("index=main | eval level=case(bytes>9, \"high\", true(), low)", "lint/bare-word"),
    ] {
        let found = codes(text);
        assert!(found.contains(&code), "{text}: {found:?}");
    }
}

#[test]
fn switched_off() {
    assert!(codes("index=main user!=admin ```splq: allow lint/not-equal```").is_empty());
    assert!(codes("```\nname: x\nsplq: allow not-equal, any-value\n```\nindex=main user!=admin status!=*").is_empty());
    let yaml = "name: x\n# splq: allow filter-macro lint/fixed-index\nsearch: index=main EventCode=1\n";
    assert!(codes_of(&engine(), &query("yml", yaml)).is_empty());
    assert_eq!(resolve("not-equal", false).as_deref(), Ok("lint/not-equal"));
    assert_eq!(resolve("tstats/unknown-field", false).as_deref(), Ok("tstats/unknown-field"));
    assert!(resolve("notequal", false).unwrap_err().contains("lint/not-equal"));
    assert!(resolve("warnings", false).is_err() && resolve("warnings", true).is_ok());
}

#[test]
fn denied_lints_are_errors() {
    let options = LintOptions { deny: vec!["not-equal".to_owned()], ..LintOptions::default() };
    let warning = |code| Diagnostic::warning(code, "x", None);
    let found = Levels::new(&options).unwrap().apply(vec![warning("lint/not-equal"), warning("lint/any-value")]);
    assert_eq!(found[0].severity, Severity::Error);
    assert_eq!(found[1].severity, Severity::Warning);
    // Quiet ones are told of when they are named, alone or together.
    let both = || vec![warning("lint/not-equal"), warning("lint/summariesonly")];
    assert!(Levels::default().apply(both()).is_empty());
    let named = |warn: &str| Levels::new(&LintOptions { warn: vec![warn.to_owned()], ..LintOptions::default() }).unwrap();
    assert_eq!(named("not-equal").apply(both()).len(), 1);
    assert_eq!(named("quiet").apply(both()).len(), 2);
    let denied = LintOptions { deny: vec!["quiet".to_owned()], ..LintOptions::default() };
    assert!(Levels::new(&denied).unwrap().apply(both()).iter().all(|one| one.severity == Severity::Error));
    let options =
        LintOptions { deny: vec!["warnings".to_owned()], allow: vec!["any-value".to_owned()], ..LintOptions::default() };
    let found = Levels::new(&options).unwrap().apply(vec![warning("tstats/unknown-field"), warning("lint/any-value")]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Error);
}
