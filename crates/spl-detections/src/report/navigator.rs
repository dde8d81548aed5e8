//! A layer for the ATT&CK Navigator, in its layer format 4.5: each technique with a colour for how well it is covered.

use serde_json::{Value, json};

use crate::attack::VERSION;
use crate::log_coverage::{CoverageLevel, CoveredTechnique, LogCoverage};

/// The oldest Navigator that reads the format.
const NAVIGATOR: &str = "4.9.0";

/// How many detections the comment of a technique names.
const NAMED: usize = 20;

/// The colour of a level, of layers and pages.
pub(crate) fn color(level: CoverageLevel) -> &'static str {
    match level {
        CoverageLevel::Written => "#c9ced6",
        CoverageLevel::Tested => "#9ec5fe",
        CoverageLevel::Runs => "#ffd66b",
        CoverageLevel::RunsAndTested => "#7fcf9a",
    }
}

/// The layer. The score of a technique is the number of its detections that can run on the logs; without logs, of those that
/// pass their tests.
pub fn layer(coverage: &LogCoverage, name: &str, description: &str) -> Value {
    let techniques: Vec<Value> = coverage.techniques.iter().map(|one| technique(coverage, one)).collect();
    let most = coverage.techniques.iter().map(|one| score(coverage, one)).max().unwrap_or(0).max(1);
    let legend = CoverageLevel::legend(coverage.has_logs).iter();
    let legend: Vec<Value> = legend.map(|(level, meaning)| json!({"label": meaning, "color": color(*level)})).collect();
    json!({
        "name": name,
        "versions": {"attack": VERSION, "navigator": NAVIGATOR, "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": description,
        "sorting": 0,
        "layout": {"layout": "side", "showID": true, "showName": true, "expandedSubtechniques": "annotated"},
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": {"colors": ["#ffffff", color(CoverageLevel::RunsAndTested)], "minValue": 0, "maxValue": most},
        "legendItems": legend,
    })
}

fn score(coverage: &LogCoverage, one: &CoveredTechnique) -> usize {
    if coverage.has_logs { one.can_run } else { one.passing }
}

fn technique(coverage: &LogCoverage, one: &CoveredTechnique) -> Value {
    let names = one.detections.iter().filter_map(|place| Some(coverage.detections.get(*place)?.name.as_str()));
    let mut comment = names.take(NAMED).collect::<Vec<_>>().join("\n");
    if one.detections.len() > NAMED {
        comment.push_str(&format!("\nand {} more", one.detections.len() - NAMED));
    }
    let count = |name: &str, number: usize| json!({"name": name, "value": number.to_string()});
    json!({
        "techniqueID": one.id,
        "score": score(coverage, one),
        "color": color(one.level),
        "comment": comment,
        "enabled": true,
        "metadata": [
            {"name": "coverage", "value": one.level.name()},
            count("detections", one.detections.len()),
            count("can run", one.can_run),
            count("tests pass", one.passing),
        ],
        "showSubtechniques": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection_test::TestStatus;
    use crate::log_coverage::CoveredDetection;

    #[test]
    fn a_layer_has_what_the_format_asks_for() {
        let detection = |name: &str| CoveredDetection {
            name: name.to_owned(),
            techniques: vec!["T1570".to_owned()],
            tests: Some(TestStatus::Pass),
            ..CoveredDetection::default()
        };
        let detections = (0..22).map(|number| detection(&format!("D{number}"))).collect();
        let layer = layer(&LogCoverage::new(detections), "ours", "");
        assert_eq!((&layer["versions"]["layer"], &layer["domain"]), (&json!("4.5"), &json!("enterprise-attack")));
        let technique = &layer["techniques"][0];
        assert_eq!((&technique["techniqueID"], &technique["score"]), (&json!("T1570"), &json!(22)));
        assert!(technique["comment"].as_str().is_some_and(|text| text.starts_with("D0\n") && text.ends_with("and 2 more")));
        assert!(technique["metadata"].as_array().is_some_and(|all| all.iter().all(|one| one["value"].is_string())));
        assert_eq!(layer["gradient"]["maxValue"], json!(22));
    }
}
