//! `splq coverage`: rows, reports, what is left out.

use serde_json::{Value, json};

use super::Folder;

fn repository() -> Folder {
    let folder = Folder::new();
    folder.write("contentctl.yml", "app: {label: OURS}\n");
    folder.write("macros/web.yml", "name: web\ndefinition: sourcetype=web\n");
    let detection = |name: &str, status: &str, search: &str, technique: &str| {
        let file = format!("detections/{}.yml", name.to_lowercase());
        let text = format!(
            "name: {name}\ntype: Hunting\nstatus: {status}\nsearch: '{search}'\ntags: {{mitre_attack_id: [{technique}]}}\ntests:\n- name: T\n  attack_data:\n  - {{data: data/web.ndjson, source: s, sourcetype: web}}\n"
        );
        folder.write(&file, &text);
    };
    detection("Found", "production", "`web` user=ann | stats count by user", "T1570");
    detection("Unfilled", "production", "`web` | stats count values(agent) by user", "T1105");
    detection("Elsewhere", "production", "sourcetype=dns query=*", "T1570");
    detection("Wrong", "production", "`no_such_macro`", "T9999");
    detection("Given_up", "deprecated", "`web`", "T1001");
    folder.write("data/web.ndjson", "{\"_time\": 1, \"user\": \"ann\"}\n");
    folder.write("logs/web.ndjson", "{\"_time\": 1, \"sourcetype\": \"web\", \"user\": \"ann\"}\n{\"_time\": 2, \"sourcetype\": \"web\", \"user\": \"bob\"}\n");
    folder
}

#[test]
fn detections_techniques_and_fields() {
    let folder = repository();
    let printed = folder.run(&["coverage", "detections", "--data", "logs"]);
    let rows = printed.rows();
    let told: Vec<(&Value, &Value, &Value)> = rows.iter().map(|row| (&row["detection"], &row["runs"], &row["tests"])).collect();
    assert_eq!(
        told,
        [
            (&json!("Elsewhere"), &json!("no"), &json!("fail")),
            (&json!("Found"), &json!("yes"), &json!("pass")),
            (&json!("Unfilled"), &json!("partly"), &json!("pass")),
            (&json!("Wrong"), &json!("error"), &json!("fail")),
        ]
    );
    assert_eq!(rows[2]["never_filled"], json!("agent"));
    assert_eq!(rows[0]["reason"], json!("no event of `sourcetype=dns`"));
    assert!(printed.err.contains("1 detections that are deprecated or removed left out"), "{}", printed.err);
    assert!(
        printed.err.contains("4 detections: 1 can run, 1 partly, 1 can't, 1 with errors, 2 pass their tests"),
        "{}",
        printed.err
    );
    assert!(
        printed.err.contains("3 techniques are named, 2 by detections that can run, 2 by tests that pass"),
        "{}",
        printed.err
    );

    let techniques = folder.run(&["coverage", "detections", "--data", "logs", "--by", "technique", "-q"]).rows();
    assert_eq!(techniques[1]["technique"], json!("T1570"));
    assert_eq!(
        (&techniques[1]["coverage"], &techniques[1]["detections"], &techniques[1]["can_run"]),
        (&json!("runs and tested"), &json!(2), &json!(1))
    );
    assert_eq!((&techniques[2]["technique"], &techniques[2]["coverage"]), (&json!("T9999"), &json!("written")));
    assert!(techniques[2].get("name").is_none());

    let fields = folder.run(&["coverage", "detections", "--data", "logs", "--by", "field", "--no-tests", "-q"]).rows();
    let agent = fields.iter().find(|row| row["field"] == "agent").unwrap();
    assert_eq!(
        (&agent["source"], &agent["events"], &agent["filled"], &agent["fill"]),
        (&json!("sourcetype=web"), &json!(2), &json!(0), &json!(0))
    );

    // The same when the logs are read part by part.
    let line =
        "{\"_time\": 1, \"sourcetype\": \"web\", \"user\": \"ann\", \"text\": \"0123456789012345678901234567890123456789\"}\n";
    folder.write("big/web.ndjson", &line.repeat(30_000));
    let parts = folder.run(&["coverage", "detections", "--data", "big", "--memory-limit", "8M", "--no-tests", "-q"]);
    let told: Vec<(Value, Value)> = parts.rows().into_iter().map(|row| (row["runs"].clone(), row["events"].clone())).collect();
    assert_eq!(
        told,
        [
            (json!("no"), Value::Null),
            (json!("yes"), json!(30_000)),
            (json!("partly"), json!(30_000)),
            (json!("error"), Value::Null)
        ]
    );
}

#[test]
fn reports_and_wrong_usage() {
    let folder = repository();
    let printed = folder.run(&["coverage", "detections", "--html", "out/page.html", "--navigator", "out/layer.json", "-q"]);
    assert!(printed.rows().iter().all(|row| row.get("runs").is_none() || row["runs"] == "error"));
    let layer: Value = serde_json::from_str(&folder.read("out/layer.json")).unwrap();
    assert_eq!(layer["versions"]["layer"], json!("4.5"));
    let scores: Vec<&Value> = layer["techniques"].as_array().unwrap().iter().map(|one| &one["score"]).collect();
    assert_eq!(scores, [&json!(1), &json!(1), &json!(0)]);
    assert!(folder.read("out/page.html").contains("In no tactic"));
    folder.run(&["coverage", "detections", "--earliest", "-1d"]).fails(2, "coverage looks at all events");
    folder.run(&["coverage", "detections/given_up.yml"]).fails(1, "all of them are deprecated or removed");
}
