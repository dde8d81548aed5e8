//! Stanzas of props.conf: what is read, what is refused, and which stanza wins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn read(text: &str) -> (Vec<PropsStanza>, Vec<String>, Vec<String>) {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let stanzas = read_props(&Conf::parse(text, "p.conf").unwrap(), &mut problems, &mut warnings);
    let messages = |list: Vec<Diagnostic>| list.into_iter().map(|d| d.message).collect();
    (stanzas, messages(problems), messages(warnings))
}

fn resolved(text: &str, sourcetype: &str, source: &str, host: &str) -> ResolvedProps {
    let (stanzas, problems, warnings) = read(text);
    assert!(problems.is_empty() && warnings.is_empty(), "{problems:?} {warnings:?}");
    resolve(stanzas.iter().filter(|stanza| stanza.matcher.matches(sourcetype, source, host)))
}

#[test]
fn every_kind_of_definition() {
    let props = resolved(
        "[st]\nEXTRACT-b = x=(?<x>\\d+) in message\nEXTRACT-a = y=(?<y> in )\nREPORT-r = one, two\nFIELDALIAS-f = a AS b c ASNEW \"d e\"\nEVAL-z = if(a=1, \"x\", \"y\")\nEVAL-k = 1\nLOOKUP-l = users uid AS user, host OUTPUTNEW name AS user_name mail\nLOOKUP-m = all key\nKV_MODE = json\nTIME_FORMAT = %s\nMAX_TIMESTAMP_LOOKAHEAD = 20\nSHOULD_LINEMERGE = false\nTZ = UTC\n",
        "st",
        "",
        "",
    );
    let extractions: Vec<_> =
        props.extractions.iter().map(|e| (e.class.as_str(), e.regex.as_str(), e.source_field.as_deref())).collect();
    assert_eq!(extractions, [("a", "y=(?<y> in )", None), ("b", "x=(?<x>\\d+)", Some("message"))]);
    assert_eq!((props.reports.len(), &props.reports[0].class), (1, &"r".to_owned()));
    assert_eq!(props.reports[0].transforms, ["one", "two"]);
    let aliases: Vec<_> = props.aliases.iter().map(|a| (a.from.as_str(), a.to.as_str(), a.as_new)).collect();
    assert_eq!(aliases, [("a", "b", false), ("c", "d e", true)]);
    assert_eq!(props.calculated.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["k", "z"]);
    let lookup = &props.lookups[0];
    assert_eq!((lookup.table.as_str(), lookup.overwrite), ("users", false));
    assert_eq!(lookup.inputs[0], LookupField { lookup: "uid".into(), event: "user".into() });
    assert_eq!(lookup.inputs[1].event, "host");
    assert_eq!(lookup.outputs[0], LookupField { lookup: "name".into(), event: "user_name".into() });
    assert!(props.lookups[1].overwrite && props.lookups[1].outputs.is_empty());
    assert_eq!(props.kv_mode, Some(KvMode::Json));
    assert_eq!(props.index_time.time_format.as_deref(), Some("%s"));
    assert_eq!(props.index_time.max_timestamp_lookahead, Some(20));
    assert_eq!(props.index_time.should_linemerge, Some(false));
}

#[test]
fn stanza_precedence() {
    let text = "[default]\nEVAL-a = 0\nEVAL-only = 0\n[st]\nEVAL-a = 1\nEVAL-b = 1\n[host::h*]\nEVAL-a = 2\nEVAL-b = 2\n[source::...a...]\nEVAL-a = 3\nEVAL-c = 3\n[source::...z...]\nEVAL-a = 4\nEVAL-c = 4\nEVAL-d = 4\n[source::az]\nEVAL-d = 5\n";
    let props = resolved(text, "st", "az", "h1");
    let values: Vec<_> = props.calculated.iter().map(|c| (c.name.as_str(), c.expression.as_str())).collect();
    assert_eq!(values, [("a", "3"), ("b", "2"), ("c", "3"), ("d", "5"), ("only", "0")]);
    let raised = text.replace("[source::...z...]", "[source::...z...]\npriority = 10");
    assert_eq!(resolved(&raised, "st", "az", "h1").calculated[0].expression, "4");
}

#[test]
fn an_empty_value_switches_off() {
    let props = resolved("[st]\nEVAL-a = 1\n[source::x]\nEVAL-a =\n", "st", "x", "");
    assert!(props.calculated.is_empty());
}

#[test]
fn problems_and_warnings() {
    let (_, problems, warnings) = read(
        "[a]\nFIELDALIAS-x = a AS\nLOOKUP-x =  t\nKV_MODE = jsn\npriority = high\n[b]\nFIELDALIAS-x = a AS\nLOOKUP-x = t\nKV_MODE = jsn\nTIMEFORMAT = x\nTRANSFORMS-y = z\ndescription = fine\nEVAL- = 1\n[source::(]\n",
    );
    assert_eq!(problems.len(), 9, "{problems:#?}");
    assert_eq!(problems[0], "p.conf:5: `priority` is not a whole number");
    assert_eq!(warnings[0], "p.conf:10: unknown setting `TIMEFORMAT` of a props stanza; did you mean `TIME_FORMAT`?");
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
}

#[test]
fn the_pack_lies_below_every_other_stanza() {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut conf = Conf::parse_built_in(
        "[source::...s...]\nEVAL-a = 1\nEVAL-b = 1\nEXTRACT-x = (?<x>a)\nKV_MODE = none\n[st]\nKV_MODE = json\nEVAL-c = 1\n",
    )
    .unwrap();
    conf.layer(Conf::parse("[st]\nEVAL-a = 2\nEVAL-c =\nKV_MODE = auto\n", "p.conf").unwrap());
    let stanzas = read_props(&conf, &mut problems, &mut warnings);
    let props = resolve(stanzas.iter().filter(|stanza| stanza.matcher.matches("st", "a/s", "h")));
    let names =
        |props: &ResolvedProps| props.calculated.iter().map(|one| format!("{}={}", one.name, one.expression)).collect::<Vec<_>>();
    assert_eq!(names(&props), ["a=2"]);
    assert_eq!(props.kv_mode, Some(KvMode::Auto));
    let pack = props.pack.unwrap();
    assert_eq!(names(&pack), ["b=1"]);
    assert_eq!((pack.extractions.len(), pack.kv_mode), (1, None));
}
