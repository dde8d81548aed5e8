//! Events of rows, in both layouts.
#![allow(clippy::unwrap_used)]

use spl_knowledge::Knowledge;

use super::*;
use crate::risk_definition::severity;
use crate::yaml::parse;

const V5: &str = "name: Odd Service\ntype: TTP\ndescription: Odd.\nrba:\n  message: $service$ on $dest$ by $user$\n  risk_objects:\n  - {field: \
                  dest, type: system, score: 40}\n  - {field: user, type: user, score: 60}\n  threat_objects:\n  - {field: service, type: \
                  service}\ntags:\n  analytic_story: [One, Two]\n  mitre_attack_id: [T1569.002]\n  security_domain: endpoint\n";

const V4: &str = "name: Odd Service\ntype: Anomaly\ntags:\n  confidence: 70\n  impact: 75\n  message: $dest$\n  mitre_attack_id: [T1021]\n  \
                  security_domain: network\n  observable:\n  - {name: dest, type: Hostname, role: [Victim]}\n  - {name: account, type: User Name, \
                  role: [Victim]}\n";

fn row(fields: &[(&str, &[&str])]) -> ResultRow {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    fields.iter().map(|(name, texts)| ((*name).to_owned(), values(texts))).collect()
}

fn facts(attack: &Attack) -> RunFacts<'_> {
    RunFacts {
        search_name: search_name(None, "Odd Service"),
        now: 1_700_000_000.0,
        info_min_time: "0.000".to_owned(),
        info_max_time: "+Infinity".to_owned(),
        attack,
    }
}

#[test]
fn a_risk_event_for_each_row_object_and_value() {
    let (detection, _) = Detection::read(&parse(V5).unwrap());
    let attack = Attack::of(&Knowledge::built_in());
    let rows = [
        row(&[
            ("_time", &["1"]),
            ("host", &["h"]),
            ("_cd", &["x"]),
            ("dest", &["a"]),
            ("user", &["u", "v"]),
            ("service", &["s"]),
        ]),
        row(&[("dest", &["b"]), ("service", &[" "])]),
    ];
    let events = risk_events(&RiskDefinition::of(&detection, &attack), &facts(&attack), &rows);
    let told: Vec<_> = events
        .iter()
        .map(|risk| {
            let one = |field: &str| risk.event.values(field).join("|");
            (risk.row, one("risk_object"), one("risk_object_type"), one("risk_score"), one("risk_message"))
        })
        .collect();
    let expected = [
        (0, "a", "system", "40", "s on a by u, v"),
        (0, "u", "user", "60", "s on a by u, v"),
        (0, "v", "user", "60", "s on a by u, v"),
        (1, "b", "system", "40", "  on b by $user$"),
    ];
    let expected = expected.map(|(row, object, kind, score, message)| {
        (row, object.to_owned(), kind.to_owned(), score.to_owned(), message.to_owned())
    });
    assert_eq!(told, expected);
    assert_eq!(
        (events[3].message.missing.as_slice(), events[3].message.blank.as_slice()),
        (&["user".to_owned()][..], &["service".to_owned()][..])
    );
    let first = events[0].event.json();
    assert_eq!(first["_time"], 1_700_000_000);
    assert_eq!(
        (&first["index"], &first["sourcetype"], &first["source"]),
        (&"risk".into(), &"stash".into(), &"ESCU - Odd Service - Rule".into())
    );
    assert_eq!((&first["risk_score"], &first["orig_time"], &first["orig_host"]), (&40.into(), &"1".into(), &"h".into()));
    assert!(first.get("_cd").is_none() && first.get("host").is_none());
    assert_eq!((&first["threat_object"], &first["threat_object_type"]), (&"s".into(), &"service".into()));
    assert_eq!(first["analyticstories"], serde_json::json!(["One", "Two"]));
    assert_eq!(first["annotations.mitre_attack"], "T1569.002");
    assert_eq!(first["annotations.mitre_attack.mitre_tactic"], "Execution");
    assert_eq!(first["annotations.mitre_attack.mitre_technique"], "Service Execution");
    assert_eq!((&first["annotations.kill_chain_phases"], &first["annotations.nist"]), (&"Installation".into(), &"DE.CM".into()));
    assert_eq!(first["annotations._frameworks"], serde_json::json!(["mitre_attack", "kill_chain_phases", "nist", "cis20"]));
    assert_eq!(first["contributing_events_search"], "| savedsearch \"ESCU - Odd Service - Rule\" | search dest=\"a\"");
}

#[test]
fn scores_of_layout_4() {
    let (detection, _) = Detection::read(&parse(V4).unwrap());
    let attack = Attack::default();
    let events =
        risk_events(&RiskDefinition::of(&detection, &attack), &facts(&attack), &[row(&[("dest", &["a"]), ("account", &["x"])])]);
    let told: Vec<_> = events.iter().map(|risk| risk.event.json()).collect();
    assert_eq!((&told[0]["risk_score"], &told[0]["risk_object_type"]), (&52.into(), &"system".into()));
    assert_eq!((&told[1]["risk_object"], &told[1]["risk_object_type"]), (&"x".into(), &"other".into()));
    assert_eq!((&told[0]["annotations.cis20"], &told[0]["annotations.nist"]), (&"CIS 13".into(), &"DE.AE".into()));
}

#[test]
fn findings_are_titled() {
    let (detection, _) = Detection::read(&parse(V5).unwrap());
    let deployment = "name: D\nalert_action:\n  rba: {enabled: true}\n  notable: {rule_title: '%name% on $dest$', rule_description: '%description%', nes_fields: [dest, user]}\n";
    let (deployment, _) = Deployment::read(&parse(deployment).unwrap());
    let actions = Actions::of(&detection, Some(&deployment));
    assert!(actions.makes_risk);
    let attack = Attack::default();
    let found = notables(
        &RiskDefinition::of(&detection, &attack),
        &actions.notable.unwrap(),
        &facts(&attack),
        &[row(&[("dest", &["a"])])],
    );
    let found = found[0].json();
    assert_eq!((&found["index"], &found["rule_title"]), (&"notable".into(), &"Odd Service on a".into()));
    assert_eq!((&found["rule_description"], &found["severity"]), (&"Odd.".into(), &"medium".into()));
    assert_eq!(found["nes_fields"], "dest,user");
    // Without deployments the type decides.
    let hunting = V5.replace("TTP", "Hunting");
    let (hunting, _) = Detection::read(&parse(&hunting).unwrap());
    assert_eq!(Actions::of(&hunting, None), Actions::default());
    assert!(Actions::of(&detection, None).notable.is_some());
}

#[test]
fn scores_have_severities() {
    let scores = [None, Some(20), Some(21), Some(60), Some(80), Some(81)];
    assert_eq!(scores.map(severity), ["high", "informational", "low", "medium", "high", "critical"]);
}
