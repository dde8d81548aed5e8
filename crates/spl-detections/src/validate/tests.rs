//! A repository without fault, and one fault after another.
#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

const HEAD: &str = "version: 1\ndate: '2025-03-20'\nauthor: A\ndescription: D\n";

fn files() -> Vec<(&'static str, String)> {
    let id = |last: u32| format!("id: 9f0b7a4e-5b1c-4d43-9a53-0d5a7c1b0e{last:02}\n");
    let both = "references:\n- https://example.org/x\ntype: TTP\nstatus: production\nhow_to_implement: some text\nknown_false_positives: none\n";
    let tags = "  analytic_story:\n  - Hosts\n  asset_type: Endpoint\n  mitre_attack_id:\n  - T1570\n  product:\n  - Splunk Cloud\n  security_domain: endpoint\n";
    let tests = "tests:\n- name: T\n  attack_data:\n  - {data: x.log, source: s, sourcetype: t}\n";
    let drilldowns = "drilldown_searches:\n- {name: first one, search: '%original_detection_search%', earliest_offset: '1', latest_offset: '2'}\n- {name: second one, search: index=risk, earliest_offset: '1', latest_offset: '2'}\n";
    vec![
        ("x.log", "x\n".to_owned()),
        ("contentctl.yml", "app: {label: OURS}\n".to_owned()),
        ("macros/ours.yml", "name: ours\ndefinition: index=x\ndescription: D\n".to_owned()),
        ("lookups/hosts.yml", format!("name: hosts\n{}{HEAD}lookup_type: csv\n", id(1))),
        ("lookups/hosts.csv", "host,owner\na,b\n".to_owned()),
        (
            "stories/hosts.yml",
            format!(
                "name: Hosts\n{}{HEAD}narrative: Of hosts\nstatus: production\ntags: {{category: [Malware], product: [Splunk Cloud], usecase: Other}}\n",
                id(2)
            ),
        ),
        ("data_sources/sysmon.yml", format!("name: Sysmon\n{}{HEAD}source: s\nsourcetype: t\noutput_fields: [dest]\n", id(3))),
        (
            "deployments/escu_default_configuration_ttp.yml",
            format!(
                "name: ESCU Default Configuration TTP\n{}date: '2025-03-20'\nauthor: A\ndescription: D\ntype: TTP\nscheduling: {{cron_schedule: 0 * * * *, earliest_time: -1h, latest_time: now, schedule_window: auto}}\nalert_action: {{rba: {{enabled: true}}}}\n",
                id(4)
            ),
        ),
        (
            "baselines/seen_hosts.yml",
            format!(
                "name: Seen Hosts\n{}{HEAD}type: Baseline\nstatus: production\nsearch: '`ours` | outputlookup hosts'\nhow_to_implement: some text\nknown_false_positives: none\ntags: {{analytic_story: [Hosts], detections: [Odd Host], product: [Splunk Cloud], security_domain: endpoint}}\n",
                id(5)
            ),
        ),
        (
            "detections/odd_host.yml",
            format!(
                "name: Odd Host\n{}{HEAD}{both}data_source: [Sysmon]\nsearch: '`ours` | lookup hosts host | table dest | `odd_host_filter`'\nrba:\n  message: $dest$\n  risk_objects:\n  - {{field: dest, type: system, score: 5}}\n  threat_objects:\n  - {{field: host, type: system}}\ntags:\n{tags}{tests}{drilldowns}",
                id(6)
            ),
        ),
        (
            "detections/old_host.yml",
            format!(
                "name: Old Host\n{}{HEAD}{both}data_source: [Sysmon]\nsearch: '`ours` | table dest | `old_host_filter`'\nanything: goes\ntags:\n{tags}  confidence: 50\n  impact: 50\n  message: $dest$\n  required_fields: [dest]\n  observable:\n  - {{name: dest, type: Hostname, role: [Victim]}}\n{tests}{drilldowns}",
                id(7)
            ),
        ),
    ]
}

/// The problems of the repository with one text replaced by another in one file: code, message and text of the place.
fn problems(file: &str, before: &str, after: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = if name == file {
            assert!(text.contains(before), "{file}: {before}");
            text.replacen(before, after, 1)
        } else {
            text
        };
        fs::write(path, text).unwrap();
    }
    let found = validate(folder.path(), "2025-06-01");
    let all = found.iter().flat_map(|file| file.problems.iter());
    all.map(|problem| (problem.code.to_owned(), problem.message.clone())).collect()
}

#[test]
fn a_repository_without_fault() {
    assert_eq!(problems("", "", ""), Vec::new());
}

#[test]
fn each_rule_is_known() {
    assert!(RULES.is_sorted_by_key(|(code, _)| *code));
}

#[test]
fn layout_4_accepts_what_layout_5_refuses() {
    const V4: &str = "detections/old_host.yml";
    assert_eq!(problems(V4, "- T1570", "- T1570\n  - T1570.001"), Vec::new());
    assert_eq!(problems("detections/odd_host.yml", "`ours`", "`ours` | `other_filter`"), Vec::new(), "layout 5 makes them");
    let named_twice = problems(V4, "  - Hosts\n", "  - Hosts\n  - Hosts\n");
    assert_eq!(named_twice, Vec::new());
    let deployment = "deployments/escu_default_configuration_ttp.yml";
    let without = problems(deployment, "alert_action: {rba: {enabled: true}}\n", "");
    assert!(without.iter().all(|(code, _)| code == "content/risk"), "{without:?}");
}

#[test]
fn one_fault_after_another() {
    const V5: &str = "detections/odd_host.yml";
    const V4: &str = "detections/old_host.yml";
    for (file, before, after, code, message) in [
        (V5, "name: Odd Host", "name: Other Host", "content/file-name", "must be named other_host.yml"),
        (V5, "0d5a7c1b0e06", "0d5a7c1b0e", "content/value", "is no UUID"),
        (V5, "0d5a7c1b0e06", "0d5a7c1b0e05", "content/unique", "is that of baselines/seen_hosts.yml too"),
        (V5, "version: 1", "version: -1", "content/value", "is below 0"),
        (V5, "version: 1", "version: one", "content/type", "`version` is no whole number"),
        (V5, "2025-03-20", "2025-02-30", "content/value", "is no date"),
        (V5, "2025-03-20", "2025-06-02", "content/value", "lies in the future"),
        (V5, "author: A\n", "", "content/missing", "`author` is missing"),
        (V5, "https://example.org/x", "example.org", "content/value", "is no URL"),
        (V5, "type: TTP", "type: Ttp", "content/value", "`type: Ttp` is unknown"),
        (V5, "status: production", "status: validation", "content/value", "is none of this layout"),
        (V5, "some text", "abc", "content/value", "fewer than 4"),
        (V5, "data_source: [Sysmon]", "data_source: [Sysmon AND Other]", "content/reference", "no data source `Other`"),
        (V5, "`odd_host_filter`", "`odd_filter`", "content/filter-macro", "does not call `odd_host_filter`"),
        (V5, "`ours`", "`theirs`", "content/macro", "no file defines the macro `theirs`"),
        (V5, "`ours`", "````ours`", "content/macro", "four backticks"),
        (V5, "lookup hosts", "lookup local=true users", "content/reference", "no file defines the lookup `users`"),
        (V5, "message: $dest$", "message: $user$", "content/risk", "`$user$` of the risk message"),
        (V5, "field: dest", "field: dst", "content/risk", "the field `dst` does not occur"),
        (V5, "score: 5", "score: 101", "content/value", "out of range"),
        (V5, "field: host, type: system", "field: host, type: machine", "content/value", "no type of a threat object"),
        (V5, "rba:\n", "rbas:\n", "content/unknown-key", "did you mean `rba`?"),
        (V5, "- Hosts", "- Hostz", "content/reference", "there is no story `Hostz`"),
        (V5, "- Hosts", "- Hosts\n  - Hosts", "content/reference", "named twice"),
        (V5, "asset_type: Endpoint", "asset_type: Laptop", "content/value", "`asset_type: Laptop` is unknown"),
        (V5, "- T1570", "- T157", "content/value", "is no technique"),
        (V5, "- T1570", "- T1570\n  - T1570.001", "content/value", "are both named"),
        (V5, "- Splunk Cloud", "- Splunk Light", "content/value", "`Splunk Light` is no product"),
        (V5, "security_domain: endpoint", "security_domain: Endpoint", "content/value", "`security_domain: Endpoint` is unknown"),
        (V5, "tags:\n", "tags:\n  cve: [CVE-24-1]\n", "content/value", "is no CVE"),
        (V5, "tags:\n", "tags:\n  atomic_guid: [abc]\n", "content/value", "`abc` is no UUID"),
        (
            V5,
            "tags:\n",
            "tags:\n  throttling: {fields: [gone], period: 1d}\n",
            "content/throttling",
            "`gone` has a blank or does not occur",
        ),
        (V5, "tags:\n", "tags:\n  throttling: {fields: [dest], period: 1d}\n", "content/throttling", "`period: 1d` is none"),
        (V5, "tags:\n", "tags:\n  impact: 5\n  impacts: 5\n", "content/unknown-key", "no key `tags.impacts`"),
        (V5, "tags:\n", "tags:\n  impact: 5\n", "content/unknown-key", "no key `tags.impact`: it is one of layout 4"),
        (V5, "%original_detection_search%", "index=x", "content/drilldown", "no drilldown search holds"),
        (V5, "first one", "one", "content/value", "fewer than 5"),
        (V5, "tests:\n", "tests: []\nexplanation:\n", "content/test", "needs a test"),
        (V5, "data: x.log", "data: y.log", "content/test", "`y.log` is neither a URL nor a file"),
        (V5, "sourcetype: t}", "source_type: t}", "content/missing", "sourcetype` is missing"),
        (V5, "status: production", "status: experimental\nenabled_by_default: true", "content/enabled", "only production"),
        (V5, "name: Odd Host", "name: __UPDATE__", "content/file", "__UPDATE__"),
        (V4, "data_source: [Sysmon]", "data_source: [Gone]", "content/reference", "no data source `Gone`"),
        (V4, "confidence: 50", "confidence: 500", "content/value", "out of range"),
        (V4, "  impact: 50\n", "", "content/missing", "`tags.impact` is missing"),
        (V4, "type: Hostname", "type: Host", "content/value", "no type of an observable"),
        (V4, "role: [Victim]", "role: [Attacker]", "content/risk", "with the role Victim"),
        (V4, "{name: dest", "{name: user", "content/risk", "the observable `user`"),
        (V4, "message: $dest$", "message: $user$", "content/risk", "`$user$`"),
        ("lookups/hosts.csv", "a,b\n", "a,b,c\n", "content/lookup-table", "row 2 has 3 columns, the header 2"),
        ("lookups/hosts.csv", "host,owner\na,b\n", "", "content/lookup-table", "no header"),
        ("lookups/hosts.yml", "lookup_type: csv", "lookup_type: table", "content/value", "`lookup_type: table` is unknown"),
        ("lookups/hosts.yml", "lookup_type: csv", "lookup_type: kvstore\nfields: [a]", "content/value", "must begin with `_key`"),
        ("lookups/hosts.yml", "lookup_type: csv", "lookup_type: csv\nmax_matches: 0", "content/value", "out of range"),
        (
            "lookups/hosts.yml",
            "lookup_type: csv",
            "lookup_type: csv\nmatch_type: [EXACT(a)]",
            "content/value",
            "is no match type",
        ),
        ("lookups/hosts.yml", "lookup_type: csv", "filename: other.csv", "content/lookup-table", "other.csv is not there"),
        ("lookups/hosts.yml", "lookup_type: csv", "filename: other.csv", "content/lookup-table", "no lookup names this file"),
        ("macros/ours.yml", "definition: index=x\n", "", "content/missing", "`definition` is missing"),
        (
            "lookups/hosts.yml",
            "lookup_type: csv",
            "lookup_type: csv\ncollection: x",
            "content/unknown-key",
            "no key `collection`",
        ),
        ("stories/hosts.yml", "Malware", "Things", "content/value", "is no category"),
        ("stories/hosts.yml", "usecase: Other", "usecase: All", "content/value", "`usecase: All` is unknown"),
        ("stories/hosts.yml", "narrative: Of hosts\n", "", "content/missing", "`narrative` is missing"),
        ("baselines/seen_hosts.yml", "[Odd Host]", "[Even Host]", "content/reference", "there is no detection `Even Host`"),
        (
            "baselines/seen_hosts.yml",
            "detections: [Odd Host]",
            "detections: Odd Host",
            "content/type",
            "`tags.detections` is no list",
        ),
        ("baselines/seen_hosts.yml", ", product: [Splunk Cloud]", "", "content/missing", "`tags.product` is missing"),
        (
            "baselines/seen_hosts.yml",
            "security_domain: endpoint",
            "security_domain: host",
            "content/value",
            "`security_domain: host`",
        ),
        (
            "baselines/seen_hosts.yml",
            "security_domain",
            "impact: 5, security_domain",
            "content/unknown-key",
            "no key `tags.impact`",
        ),
        ("baselines/seen_hosts.yml", "[Hosts]", "[Hosts, Hosts]", "content/reference", "named twice"),
        ("baselines/seen_hosts.yml", "outputlookup hosts", "outputlookup gone", "content/reference", "the lookup `gone`"),
        ("stories/hosts.yml", "product: [Splunk Cloud]", "product: []", "content/missing", "`tags.product` names none"),
        (
            "data_sources/sysmon.yml",
            "output_fields: [dest]",
            "output_fields: [dest, src]",
            "content/output-fields",
            "`Sysmon`: src",
        ),
        (
            "data_sources/sysmon.yml",
            "output_fields: [dest]",
            "supported_TA: [{name: x}]",
            "content/missing",
            "`supported_TA.version`",
        ),
        ("baselines/seen_hosts.yml", "type: Baseline", "type: TTP", "content/value", "expected Baseline"),
        ("data_sources/sysmon.yml", "sourcetype: t\n", "", "content/missing", "`sourcetype` is missing"),
        (
            "deployments/escu_default_configuration_ttp.yml",
            "name: ESCU",
            "name: Our",
            "content/reference",
            "no deployment `ESCU Default Configuration TTP`",
        ),
        (
            "deployments/escu_default_configuration_ttp.yml",
            "enabled: true",
            "enabled: false",
            "content/risk",
            "`rba` must be left out",
        ),
        (
            "deployments/escu_default_configuration_ttp.yml",
            ", latest_time: now",
            "",
            "content/missing",
            "`scheduling.latest_time` is missing",
        ),
        (
            "deployments/escu_default_configuration_ttp.yml",
            "alert_action: {",
            "alert_action: {notabel: {}, notable: {rule_title: x},",
            "content/unknown-key",
            "no key `alert_action.notabel`; did you mean `notable`?",
        ),
        (
            "deployments/escu_default_configuration_ttp.yml",
            "alert_action: {",
            "alert_action: {notable: {rule_title: x, rule_description: 5, nes_fields: [a]},",
            "content/type",
            "`alert_action.notable.rule_description` is no text",
        ),
        (V5, "tests:\n", "deployment: {alert_action: {}}\ntests:\n", "content/missing", "`deployment.scheduling` is missing"),
        (V5, "  threat_objects:\n  - {field: host, type: system}\n", "", "content/missing", "`rba.threat_objects` is missing"),
        (V5, ", latest_offset: '2'", "", "content/missing", "no `latest_offset`"),
        (V4, ", latest_offset: '2'", "", "content/missing", "no `latest_offset`"),
        (V4, "%original_detection_search%", "index=x", "content/drilldown", "no drilldown search holds"),
        (V4, "`ours`", "`ours` `other_filter`", "content/macro", "no file defines the macro `other_filter`"),
        ("macros/ours.yml", "name: ours", "name: [", "content/file", ""),
        ("macros/ours.yml", "name: ours\ndefinition: index=x\ndescription: D\n", "", "content/file", "is empty"),
    ] {
        let found = problems(file, before, after);
        let told = found.iter().any(|(known, text)| known == code && text.contains(message));
        assert!(told, "{file}: {before} -> {after}: {code} {message}\n{found:#?}");
        assert!(found.iter().all(|(known, _)| RULES.iter().any(|(rule, _)| rule == known)), "{found:?}");
    }
}
