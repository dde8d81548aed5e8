//! Expansion: calls, arguments, nesting, limits, messages and the way back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::definition::Origin;

fn table(definitions: &[&str]) -> MacroTable {
    let mut table = MacroTable::built_in();
    for definition in definitions {
        table.define(definition).unwrap();
    }
    table
}

fn no_eval(_: &str) -> Result<String, String> {
    Err("no evaluator".to_owned())
}

fn expand(table: &MacroTable, query: &str) -> String {
    table.expand(query, &no_eval).unwrap().text
}

fn messages(table: &MacroTable, query: &str) -> Vec<String> {
    table.expand(query, &no_eval).unwrap_err().into_iter().map(|problem| problem.message).collect()
}

#[test]
fn built_in_macros() {
    let table = table(&[]);
    assert_eq!(
        expand(&table, "`security_content_ctime(firstTime)`"),
        r#"convert timeformat="%Y-%m-%dT%H:%M:%S" ctime(firstTime)"#
    );
    assert_eq!(expand(&table, r#"| `drop_dm_object_name("Web")`"#), "| rename Web.* as *");
    assert_eq!(
        expand(&table, "| tstats `security_content_summariesonly` count"),
        "| tstats summariesonly=false allow_old_summaries=true fillnull_value=null count"
    );
    assert_eq!(expand(&table, "x | `some_detection_filter`"), "x | search *");
    assert_eq!(expand(&table, "`wineventlog_system` EventCode=7045"), "eventtype=wineventlog_system EventCode=7045");
}

#[test]
fn a_defined_filter_is_used() {
    let table = table(&["x_filter=where a=1", "y_filter(a)=where $a$"]);
    assert_eq!(expand(&table, "| `x_filter`"), "| where a=1");
    assert!(messages(&table, "| `y_filter`")[0].contains("called with no arguments"));
}

#[test]
fn quotes_and_comments_are_left_alone() {
    let table = table(&["users=NOPE", "bar=x"]);
    let text = "eval x=\"audit`users`local\" ```a `users` comment``` | `bar`";
    assert_eq!(expand(&table, text), "eval x=\"audit`users`local\" ```a `users` comment``` | x");
    assert_eq!(expand(&table, r#"a="C:\\" `bar` b="\"`bar`""#), r#"a="C:\\" x b="\"`bar`""#);
    assert_eq!(expand(&table, "a [search `bar`] ```open `bar`"), "a [search x] ```open `bar`");
}

#[test]
fn arguments_by_place_and_name() {
    let table = table(&["m(a,b)=[$a$|$b$]", "iis(fragment)=/$fragment$/", "one(search)=where $search$"]);
    assert_eq!(expand(&table, "`m(1, 2)`"), "[1|2]");
    assert_eq!(expand(&table, r#"`m("x, y", f(1,2))`"#), "[x, y|f(1,2)]");
    assert_eq!(expand(&table, "`m(b=1, 2)`"), "[2|1]");
    assert_eq!(expand(&table, "`iis(fragment=TM)`"), "/TM/");
    assert_eq!(expand(&table, r#"`iis(fragment="T M")`"#), "/T M/");
    assert_eq!(expand(&table, r#"`one(user="bob, jr")`"#), r#"where user="bob, jr""#);
    assert_eq!(expand(&table, r#"`iis("He said \"hello!\"")`"#), r#"/He said "hello!"/"#);
    assert_eq!(expand(&table, "`iis()`"), "//");
    assert!(messages(&table, "`m(a=1, a=2)`")[0].contains("given twice"));
}

#[test]
fn arguments_are_replaced_everywhere_and_other_dollars_stay() {
    let table = table(&[r#"m(a)="$a$" $$ $b$ $a$x$a$ cost$"#]);
    assert_eq!(expand(&table, "`m(1)`"), r#""1" $$ $b$ 1x1 cost$"#);
}

#[test]
fn values_are_not_replaced_again() {
    let table = table(&["m(a,b)=$a$-$b$"]);
    assert_eq!(expand(&table, "`m($b$, 2)`"), "$b$-2");
}

#[test]
fn macros_in_definitions_and_arguments() {
    let table = table(&["outer(x)=( `inner($x$, 2)` )", "inner(p,q)=$p$+$q$", "five=5", "wrap(x)=($x$)"]);
    assert_eq!(expand(&table, "eval y=`outer(a)`"), "eval y=( a+2 )");
    assert_eq!(expand(&table, r#"`wrap("`five`")`"#), "(5)");
}

#[test]
fn wrong_calls() {
    let table = table(&["m(a)=x", "m(a,b)=y"]);
    let problems = table.expand("x `m(1,2,3)` `drop_dm_object_nam(x)` `nosuch_thing_at_all`", &no_eval).unwrap_err();
    assert_eq!(problems[0].message, "macro `m` is called with 3 arguments");
    assert_eq!(problems[0].span(), Some(Span::new(2, 12)));
    assert!(problems[0].help.as_deref().unwrap().contains("`m(a)`, `m(a, b)`"));
    assert_eq!(problems[1].message, "unknown macro `drop_dm_object_nam(1)`");
    assert!(problems[1].help.as_deref().unwrap().contains("drop_dm_object_name"));
    assert_eq!(problems[2].code, "macro/unknown");
    assert_eq!(problems.len(), 3);
    assert_eq!(messages(&table, "a `b"), ["a macro call that is not closed by a backtick"]);
    assert!(messages(&table, "``")[0].contains("without a name"));
    assert!(messages(&table, "`m(1`")[0].contains("not closed"));
}

#[test]
fn a_problem_inside_a_definition_is_reported_at_the_call() {
    let mut table = table(&["outer=a `middle`"]);
    table.load_conf("[middle]\ndefinition = `nosuch` `nosuch2`\n", "m.conf").unwrap();
    let problems = table.expand("x | `outer`", &no_eval).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].span(), Some(Span::new(4, 11)));
    assert_eq!(problems[0].message, "unknown macro `nosuch` (in macro `middle`, m.conf:2)");
}

#[test]
fn recursion_is_refused_with_its_chain() {
    let table = table(&["a=x `b`", "b=`c(1)`", "c(n)=`a`", "d(x)=`d(1)`"]);
    assert!(messages(&table, "`a`")[0].starts_with("macro `a` calls itself: `a` -> `b` -> `c(1)` -> `a`"));
    assert!(messages(&table, "`d(2)`")[0].starts_with("macro `d(1)` calls itself"));
}

#[test]
fn depth_and_size_are_bounded() {
    let mut deep = MacroTable::new();
    for index in 0..150 {
        deep.define(&format!("m{index}=`m{}`", index + 1)).unwrap();
    }
    deep.define("m150=x").unwrap();
    assert!(messages(&deep, "`m0`")[0].contains("nested more than 100 deep"));
    assert_eq!(expand(&deep, "`m51`"), "x");

    let mut wide = MacroTable::new();
    for index in 0..60 {
        wide.define(&format!("m{index}=`m{0}``m{0}`", index + 1)).unwrap();
        wide.define(&format!("g{index}(x)=`g{}($x$$x$)`", index + 1)).unwrap();
    }
    wide.define("m60=").unwrap();
    wide.define("g60(x)=$x$").unwrap();
    assert!(messages(&wide, "`m0`")[0].contains("more than 100000 macro calls"));
    assert!(messages(&wide, "`g0(abc)`")[0].contains("longer than 8 MiB"));
    let mut long = MacroTable::new();
    long.define(&format!("k={}", "x".repeat(4096))).unwrap();
    assert!(messages(&long, &"`k`".repeat(3000))[0].contains("longer than 8 MiB"));
}

#[test]
fn eval_based_macros() {
    let mut table = MacroTable::new();
    table.load_conf("[e(1)]\nargs=x\niseval=true\ndefinition=upper(\"$x$\")\n", "m.conf").unwrap();
    let evaluator = |expression: &str| match expression {
        r#"upper("ab")"# => Ok("AB".to_owned()),
        other => Err(format!("unexpected {other}")),
    };
    assert_eq!(table.expand("a `e(ab)`", &evaluator).unwrap().text, "a AB");
    let problems = table.expand("a `e(c)`", &evaluator).unwrap_err();
    assert_eq!(problems[0].message, r#"macro `e(1)` can't be computed: unexpected upper("c")"#);
    assert_eq!(problems[0].span(), Some(Span::new(2, 8)));
}

#[test]
fn validation() {
    let mut table = MacroTable::new();
    let text = "[n(1)]\nargs=x\ndefinition=$x$\nvalidation=isnum($x$)\nerrormsg=$x$ is no number\n[v(1)]\nargs=x\ndefinition=$x$\nvalidation=validate($x$>0, \"not positive\")\n";
    table.load_conf(text, "m.conf").unwrap();
    let evaluator = |expression: &str| match expression {
        r#"if((isnum(1)), "true", "false")"# => Ok("true".to_owned()),
        r#"if((isnum(a)), "true", "false")"# => Ok("false".to_owned()),
        r#"validate(1>0, "not positive")"# => Ok(String::new()),
        r#"validate(-1>0, "not positive")"# => Ok("not positive".to_owned()),
        other => Err(format!("unexpected {other}")),
    };
    assert_eq!(table.expand("`n(1)`", &evaluator).unwrap().text, "1");
    assert_eq!(table.expand("`n(a)`", &evaluator).unwrap_err()[0].message, "macro `n(1)` refuses its arguments: a is no number");
    assert_eq!(table.expand("`v(1)`", &evaluator).unwrap().text, "1");
    assert_eq!(table.expand("`v(-1)`", &evaluator).unwrap_err()[0].message, "macro `v(1)` refuses its arguments: not positive");
    assert!(table.expand("`n(1)`", &no_eval).unwrap_err()[0].message.contains("can't be computed: no evaluator"));
}

#[test]
fn locates_text_of_the_query() {
    let table = table(&["m(a)=<$a$>"]);
    let query = "search x `m(12)` tail";
    let expansion = table.expand(query, &no_eval).unwrap();
    assert_eq!(expansion.text, "search x <12> tail");
    let located = expansion.map.locate(Span::new(7, 8));
    assert_eq!(located, Located { call: Span::new(7, 8), definitions: Vec::new() });
    let tail = expansion.text.find("tail").unwrap();
    assert_eq!(expansion.map.locate(Span::new(tail, tail + 4)).call.text(query), "tail");
    let end = expansion.map.locate(Span::new(expansion.text.len(), expansion.text.len()));
    assert_eq!(end.call, Span::new(query.len(), query.len()));
}

use crate::source_map::{DefinitionFrame, Located};

#[test]
fn locates_text_of_definitions() {
    let table = table(&["outer(x)=where `inner($x$)` ok", "inner(y)=lower($y$)"]);
    let query = "a | `outer(name)` | b";
    let expansion = table.expand(query, &no_eval).unwrap();
    assert_eq!(expansion.text, "a | where lower(name) ok | b");
    let at = |needle: &str| {
        let start = expansion.text.find(needle).unwrap();
        expansion.map.locate(Span::new(start, start + needle.len()))
    };
    let lower = at("lower");
    assert_eq!(lower.call.text(query), "`outer(name)`");
    let shown: Vec<_> = lower.definitions.iter().map(|f| (f.macro_name.as_str(), f.span.text(&f.definition))).collect();
    assert_eq!(shown, [("outer(1)", "`inner($x$)`"), ("inner(1)", "lower")]);
    let name = at("name");
    assert_eq!(name.definitions[1].span.text(&name.definitions[1].definition), "$y$");
    let ok = at("ok");
    assert_eq!(
        ok.definitions,
        [DefinitionFrame {
            macro_name: "outer(1)".into(),
            definition: "where `inner($x$)` ok".into(),
            span: Span::new(19, 21),
            origin: Origin::CommandLine
        }]
    );
    let both = at("where lower(");
    assert_eq!(both.definitions.len(), 1);
    assert_eq!(both.definitions[0].span.text(&both.definitions[0].definition), "where `inner($x$)`");
    let across = at("| where");
    assert_eq!((across.call.text(query), across.definitions.len()), ("| `outer(name)`", 0));
}

#[test]
fn identity_map() {
    let map = SourceMap::identity("abc");
    assert_eq!(map.locate(Span::new(1, 2)), Located { call: Span::new(1, 2), definitions: Vec::new() });
    assert_eq!(map.locate(Span::new(3, 3)).call, Span::new(3, 3));
    assert_eq!(SourceMap::identity("").locate(Span::new(0, 0)).call, Span::new(0, 0));
}

#[test]
fn text_beyond_ascii() {
    let table = table(&["ü(a)=é$a$é"]);
    let expansion = table.expand("ö `ü(ß)` \\", &no_eval).unwrap();
    assert_eq!(expansion.text, "ö éßé \\");
    assert_eq!(expand(&table, "\\é `ü(\\ß)`"), "\\é é\\ßé");
}

#[test]
fn every_call_of_the_detections_resolves() {
    let content = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/security_content");
    if !content.is_dir() {
        return;
    }
    let mut table = MacroTable::built_in();
    for entry in std::fs::read_dir(content.join("macros")).unwrap() {
        let path = entry.unwrap().path();
        table.load_yaml(&std::fs::read_to_string(&path).unwrap(), &path.display().to_string()).unwrap();
    }
    let mut folders = vec![content.join("detections")];
    let (mut seen, mut failed) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            #[derive(serde::Deserialize)]
            struct Detection {
                search: String,
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let Ok(detection) = crate::yaml::from_str::<Detection>(&text) else {
                continue;
            };
            seen += 1;
            if let Err(problems) = table.expand(&detection.search, &no_eval) {
                // Asset and corporate domain lists of other Splunk products, which the content does not define either.
                let foreign = ["unknown macro `get_asset(1)`", "unknown macro `cim_corporate_web_domain_search(1)`"];
                if problems.iter().all(|problem| foreign.contains(&problem.message.as_str())) {
                    continue;
                }
                failed.push(format!("{}: {}", path.file_name().unwrap().to_string_lossy(), problems[0].message));
            }
        }
    }
    assert!(seen > 900, "only {seen} detections were read");
    assert!(failed.is_empty(), "{} of {seen}: {failed:#?}", failed.len());
}
