//! The verdict of an integration test: whether the risk events and findings that a detection makes are those that it declares,
//! by the rule of `contentctl`.

use crate::detection::Detection;
use crate::detection_test::TestStatus;
use crate::detection_type::DetectionType;
use crate::risk_event::{Actions, CreatedEvent, RISK_INDEX, RiskEvent};

/// What a detection made of its rows.
#[derive(Clone, Debug, Default)]
pub struct Created {
    /// Risk events; none when it makes none.
    pub risk: Vec<RiskEvent>,
    /// Findings.
    pub notables: Vec<CreatedEvent>,
}

/// Why an integration test is not run: the type of the detection, or a detection that makes neither risk nor findings.
pub fn skipped(detection: &Detection, actions: &Actions) -> Option<String> {
    match detection.kind() {
        Some(kind @ (DetectionType::Hunting | DetectionType::Correlation)) => {
            Some(format!("detections of type `{}` have no integration tests", kind.name()))
        }
        _ if !actions.makes_risk && actions.notable.is_none() => {
            Some("the deployment of the detection makes neither risk events nor findings".to_owned())
        }
        _ => None,
    }
}

/// Decides an integration test: pass or fail, and why in one sentence.
///
/// With a risk action there must be a risk event, the message of each must be filled in, and every risk object must have an
/// event. With a notable action there must be a finding, and none of them may be a risk event too.
pub fn decide(detection: &Detection, actions: &Actions, created: &Created) -> (TestStatus, String) {
    let mut good = Vec::new();
    if actions.makes_risk {
        if let Some(wrong) = wrong_risk(detection, created) {
            return (TestStatus::Fail, wrong);
        }
        good.push(counted(created.risk.len(), "risk event"));
    }
    if actions.notable.is_some() {
        if created.notables.is_empty() {
            return (TestStatus::Fail, "no finding is made".to_owned());
        }
        if created.notables.iter().any(|notable| notable.index == RISK_INDEX) {
            return (TestStatus::Fail, "a finding is among the risk events".to_owned());
        }
        good.push(counted(created.notables.len(), "finding"));
    }
    (TestStatus::Pass, good.join(", "))
}

fn wrong_risk(detection: &Detection, created: &Created) -> Option<String> {
    let objects = detection.risk().risk_objects;
    if created.risk.is_empty() {
        return Some(match objects.is_empty() {
            true => "no risk event is made: the detection has no risk objects".to_owned(),
            false => "no risk event is made: no row has a value in a risk object".to_owned(),
        });
    }
    for (place, object) in objects.iter().enumerate() {
        if objects[..place].iter().any(|other| other.field.value == object.field.value) {
            return Some(format!("two risk objects name the field `{}`", object.field.value));
        }
    }
    for risk in &created.risk {
        if let Some(field) = risk.message.missing.first() {
            return Some(format!("`${field}$` of the risk message stays unfilled: row {} has no `{field}`", risk.row + 1));
        }
        if let Some(field) = risk.message.blank.first() {
            return Some(format!("`${field}$` of the risk message is blank in row {}", risk.row + 1));
        }
    }
    let unmet = objects.iter().enumerate().find(|(place, _)| !created.risk.iter().any(|risk| risk.object == *place));
    unmet.map(|(_, object)| format!("no risk event is made for `{}`, which is a risk object", object.field.value))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::attack::Attack;
    use crate::risk_definition::RiskDefinition;
    use crate::risk_event::{RunFacts, notables, risk_events};
    use crate::rows::ResultRow;
    use crate::yaml::parse;

    const DETECTION: &str = "name: D\ntype: TTP\nrba:\n  message: $dest$ $process$\n  risk_objects:\n  - {field: dest, type: system, score: 40}\n  - \
                             {field: user, type: user, score: 60}\n  threat_objects: []\n";

    fn decided(yaml: &str, rows: &[&[(&str, &str)]]) -> (TestStatus, String) {
        let (detection, _) = Detection::read(&parse(yaml).unwrap());
        let one = |row: &&[(&str, &str)]| -> ResultRow {
            row.iter().map(|(field, value)| ((*field).to_owned(), vec![(*value).to_owned()])).collect()
        };
        let rows: Vec<ResultRow> = rows.iter().map(one).collect();
        let attack = Attack::default();
        let facts = RunFacts {
            search_name: "S".to_owned(),
            now: 0.0,
            info_min_time: String::new(),
            info_max_time: String::new(),
            attack: &attack,
        };
        let actions = Actions::of(&detection, None);
        let definition = RiskDefinition::of(&detection, &attack);
        let notables = actions.notable.iter().flat_map(|notable| notables(&definition, notable, &facts, &rows)).collect();
        let created = Created { risk: risk_events(&definition, &facts, &rows), notables };
        decide(&detection, &actions, &created)
    }

    #[test]
    fn each_way_to_end() {
        use TestStatus::{Fail, Pass};
        let whole = [("dest", "a"), ("user", "u"), ("process", "p")].as_slice();
        for (rows, status, told) in [
            (vec![whole], Pass, "2 risk events, 1 finding"),
            (vec![], Fail, "no risk event is made: no row has a value in a risk object"),
            (vec![whole, &[("dest", "b")]], Fail, "`$process$` of the risk message stays unfilled: row 2 has no `process`"),
            (vec![&[("dest", "b"), ("user", "u"), ("process", " ")]], Fail, "`$process$` of the risk message is blank in row 1"),
            (vec![&[("dest", "b"), ("process", "p")]], Fail, "no risk event is made for `user`, which is a risk object"),
        ] {
            assert_eq!(decided(DETECTION, &rows), (status, told.to_owned()));
        }
        let twice = DETECTION.replace("field: user", "field: dest");
        assert_eq!(decided(&twice, &[whole]).1, "two risk objects name the field `dest`");
        let none = "name: D\ntype: TTP\n";
        assert_eq!(decided(none, &[whole]).1, "no risk event is made: the detection has no risk objects");
    }

    #[test]
    fn which_are_skipped() {
        let reason = |kind: &str, actions: &Actions| {
            let (detection, _) = Detection::read(&parse(&format!("type: {kind}\n")).unwrap());
            skipped(&detection, actions)
        };
        let risk = Actions { makes_risk: true, notable: None };
        assert_eq!(reason("Anomaly", &risk), None);
        assert!(reason("Hunting", &risk).unwrap().contains("`Hunting`"));
        assert!(reason("TTP", &Actions::default()).unwrap().contains("neither"));
    }
}
