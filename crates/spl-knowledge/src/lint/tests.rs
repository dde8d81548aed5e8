//! Findings about small apps, written into a folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use super::*;

fn compile(source: &str) -> Result<Vec<Option<String>>, String> {
    let regex =
        regex::Regex::new(source).map_err(|error| error.to_string().lines().last().unwrap_or_default().replace("error: ", ""))?;
    Ok(regex.capture_names().map(|name| name.map(str::to_owned)).collect())
}

fn lint(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let problems = lint_app(folder.path(), &Knowledge::built_in(), &compile);
    problems
        .into_iter()
        .map(|problem| {
            let file = problem.file.strip_prefix(folder.path()).unwrap_or(&problem.file).display().to_string();
            let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
            let help = problem.help.map_or_else(String::new, |help| format!(" ({help})"));
            format!("{file}{line} {} {}{help}", problem.code, problem.message)
        })
        .collect()
}

#[test]
fn a_clean_app_has_no_findings() {
    let found = lint(&[
        (
            "default/props.conf",
            "[web]\nEXTRACT-user = user=(?<user>\\w+)\nREPORT-pairs = pairs\nEVAL-app = \"x\"\nLOOKUP-a = codes code OUTPUT text\n",
        ),
        (
            "default/transforms.conf",
            "[pairs]\nREGEX = (\\w+):(\\w+)\nFORMAT = $1::$2\n[codes]\nfilename = codes.csv\nmatch_type = WILDCARD(code)\n",
        ),
        ("lookups/codes.csv", "code,text\n1*,one\n"),
        ("default/eventtypes.conf", "[web_login]\nsearch = sourcetype=web login\n"),
        ("default/tags.conf", "[eventtype=web_login]\nauthentication = enabled\n"),
        ("default/macros.conf", "[web]\ndefinition = sourcetype=web\n"),
        ("default/savedsearches.conf", "[Logins]\nsearch = `web` | stats count by user\n"),
    ]);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn names_that_nothing_defines() {
    let found = lint(&[
        ("default/props.conf", "[web]\nREPORT-pairs = pair\nLOOKUP-a = kodes code OUTPUT text\n"),
        ("default/transforms.conf", "[pairs]\nREGEX = (\\w+):(\\w+)\nFORMAT = $1::$3\n[codes]\nfilename = gone.csv\n"),
        ("local/tags.conf", "[eventtype=web_logon]\nauthentication = enabled\n"),
        ("default/eventtypes.conf", "[web_login]\nsearch = `nosuchmacro` login\n"),
    ]);
    assert_eq!(
        found,
        [
            "default/eventtypes.conf:2 knowledge/search the search of event type `web_login` can't be read: unknown macro `nosuchmacro`",
            "default/props.conf:2 knowledge/unknown-transform `REPORT-pairs` names transform `pair`, which nothing defines (did you mean `pairs`?)",
            "default/props.conf:3 lookup/unknown `LOOKUP-a` names lookup `kodes`, which nothing defines (did you mean `codes`?)",
            "default/transforms.conf:1 knowledge/transform `FORMAT` of transform `pairs` uses $3, but its `REGEX` has 2 groups",
            "default/transforms.conf:4 lookup/source file `gone.csv` of lookup `codes` is in no lookups folder",
            "local/tags.conf:2 knowledge/unknown-eventtype tag `authentication` is for event type `web_logon`, which nothing defines (did you mean `web_login`?)",
        ]
    );
}

#[test]
fn texts_that_cannot_be_read() {
    let found = lint(&[
        (
            "default/props.conf",
            "[web]\nEXTRACT-a = (\nEXTRACT-b = plain\nEVAL-c = if(\nEXTARCT-d = x\npriority = high\n[web]\nEXTRACT-b = (?<x>y)\nnonsense\n",
        ),
        ("default/data/models/M.json", "{\n  \"modelName\": \"M\",\n  \"objects\": [{}]\n}\n"),
        ("default/transforms.conf", "[t]\nREGEX = x\n[l]\nfilename = l.csv\nmatch_type = CIDR(nets)\n"),
        ("lookups/l.csv", "net,name\n10.0.0.0/8,inside\n"),
    ]);
    let starts: Vec<&str> = found.iter().map(|line| line.rsplit_once(": ").map_or(line.as_str(), |(start, _)| start)).collect();
    assert_eq!(
        starts,
        [
            "default/data/models/M.json:3 knowledge/data-model missing field `objectName` at line 3 column 16",
            "default/props.conf:2 knowledge/regex the regular expression of `EXTRACT-a` can't be read",
            "default/props.conf:4 knowledge/expression `EVAL-c` can't be read",
            "default/props.conf:5 knowledge/unknown-setting unknown setting `EXTARCT-d` of a props stanza",
            "default/props.conf:6 knowledge/props `priority` is not a whole number",
            "default/props.conf:7 conf/duplicate-stanza stanza `[web]` stands on line 1 already; the settings of both are combined",
            "default/props.conf:8 conf/duplicate-setting `EXTRACT-b` of `[web]` is set on line 3 already; this line wins",
            "default/props.conf:9 conf/setting `nonsense` is neither a stanza, a setting nor a comment (write `key = value`; comment lines start with `#`)",
            "default/transforms.conf:1 knowledge/no-groups transform `t` names no field",
            "default/transforms.conf:3 lookup/unknown-field `match_type` of lookup `l` names field `nets`, which its table has not (did you mean `net`?)",
        ]
    );
    let found = lint(&[(
        "default/props.conf",
        "[web]\nEXTRACT-a = (\nEXTRACT-b = plain\nEVAL-c = if(\nEXTARCT-d = x\nSHOULD_LINEMERGE = perhaps\n",
    )]);
    let starts: Vec<&str> = found.iter().map(|line| line.rsplit_once(": ").map_or(line.as_str(), |(start, _)| start)).collect();
    assert_eq!(
        starts,
        [
            "default/props.conf:2 knowledge/regex the regular expression of `EXTRACT-a` can't be read",
            "default/props.conf:3 knowledge/no-groups `EXTRACT-b` names no field",
            "default/props.conf:4 knowledge/expression `EVAL-c` can't be read",
            "default/props.conf:5 knowledge/unknown-setting unknown setting `EXTARCT-d` of a props stanza",
            "default/props.conf:6 knowledge/props `SHOULD_LINEMERGE` is neither true nor false",
        ]
    );
}

#[test]
fn a_missing_folder_is_a_finding() {
    let problems = lint_app(Path::new("/no/such/folder"), &Knowledge::new(), &compile);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "no such folder");
}
