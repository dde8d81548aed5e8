//! What a file may say, what wins, and where mistakes are.
#![allow(clippy::unwrap_used)]

use clap::Parser;

use super::*;
use crate::arguments::Arguments;

fn parse(text: &str) -> Result<Configuration, Diagnostic> {
    Configuration::parse(text, PathBuf::from("up"))
}

fn query(text: &str, arguments: &[&str]) -> crate::arguments::QueryArguments {
    let configuration = parse(text).unwrap();
    let mut command = Arguments::parse_from(["splq", "query", "*"].iter().chain(arguments)).command.unwrap();
    configuration.apply(&mut command);
    match command {
        Command::Query(arguments) => arguments,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn what_the_command_line_says_wins() {
    let text = "data = \"logs\"\nsourcetype = \"web\"\ntz = \"Europe/Berlin\"\nlimits = { sort_count = 5 }\n\
                [macro]\n\"m(x)\" = \"a=$x$\"\n[lookup]\nusers = \"users.csv\"\n";
    let filled = query(text, &[]);
    assert_eq!(filled.engine.data.data, ["up/logs"]);
    assert!(filled.engine.data.configured);
    assert_eq!(filled.engine.data.sourcetype.as_deref(), Some("web"));
    assert_eq!(filled.engine.settings.tz.as_deref(), Some("Europe/Berlin"));
    assert_eq!(filled.engine.settings.limit, ["sort_count=5"]);
    assert_eq!(filled.engine.knowledge.lookup, [("users".to_owned(), PathBuf::from("up/users.csv"))]);
    let given = query(text, &["--data", "x", "--tz", "UTC", "--limit", "sort_count=7", "--macro", "m(x)=b"]);
    assert_eq!((given.engine.data.data, given.engine.data.sourcetype), (vec!["x".to_owned()], None));
    assert_eq!(given.engine.settings.tz.as_deref(), Some("UTC"));
    assert_eq!(given.engine.settings.limit, ["sort_count=5", "sort_count=7"]);
    assert_eq!(given.engine.knowledge.macros, ["m(x)=a=$x$", "m(x)=b"]);
}

#[test]
fn mistakes_have_a_place() {
    for (text, place, message) in [
        ("tz = \"UTC\"\ndta = 1", "dta", "unknown key `dta`"),
        ("tz = \"Europe/Berlinn\"", "\"Europe/Berlinn\"", "not a time zone"),
        ("data = 5", "5", "expected a text or a list of texts, not integer"),
        ("[limits]\nsortcount = 1", "sortcount", "unknown limit"),
        ("[lints]\nallow = [\"lint/bareword\"]", "[\"lint/bareword\"]", "lint/bare-word"),
        ("format = \"xls\"", "\"xls\"", "ndjson"),
        ("threads = 0", "0", "1 to 1024"),
        ("[macro]\n\"m(\" = \"x\"", "\"m(\"", "m("),
    ] {
        let problem = parse(text).unwrap_err();
        assert_eq!(problem.span().unwrap().text(text), place, "{text}: {problem}");
        assert!(problem.message.contains(message), "{text}: {problem}");
    }
    assert_eq!(parse("a = ").unwrap_err().code, "config/syntax");
    assert_eq!(parse("dta = 1").unwrap_err().help.as_deref(), Some("did you mean `data`?"));
}
