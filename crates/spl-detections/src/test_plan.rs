//! Which tests of a detection run, are skipped or can't be run.

use crate::detection::Detection;
use crate::detection_test::{DetectionTest, TestKind, TestStatus};
use crate::detection_type::{DetectionType, Status};

/// What integration tests say that are switched off.
pub const INTEGRATION_OFF: &str = "integration tests are switched off";

/// A test that is to be run, or the reason why it is not.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedTest {
    /// The place of its entry among the tests: tests of one entry share its data.
    pub entry: usize,
    /// What it looks at.
    pub kind: TestKind,
    /// Its status and the reason when it is not run.
    pub decided: Option<(TestStatus, String)>,
}

/// What decides beside the detection's file which of its tests run.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestOptions {
    /// Integration tests run too.
    pub integration: bool,
    /// A baseline of the repository names the detection.
    pub has_baseline: bool,
}

/// The tests of a detection in the order of its file, as `contentctl` sets them up: a manual detection has only manual
/// tests; each entry of another gives a unit test and an integration test. Those of splq's own run unless the detection is
/// given up.
pub fn plan(detection: &Detection, tests: &[DetectionTest], options: TestOptions) -> Vec<PlannedTest> {
    let manual = detection.tags.manual_test.as_ref();
    let whole = skipped(detection);
    let given_up = matches!(detection.status(), Some(Status::Deprecated | Status::Removed));
    let mut planned = Vec::new();
    for (entry, test) in tests.iter().enumerate() {
        let skip = whole.clone().map(|reason| (TestStatus::Skip, reason));
        if test.is_own {
            planned.push(PlannedTest { entry, kind: TestKind::Own, decided: skip.filter(|_| given_up) });
            continue;
        }
        if let Some(reason) = manual {
            let decided = Some((TestStatus::Skip, format!("a manual test: {}", reason.value)));
            planned.push(PlannedTest { entry, kind: TestKind::Manual, decided });
            continue;
        }
        let baseline = options.has_baseline.then(|| {
            let reason = "a baseline names the detection, and baselines are not run; `manual_test` would say so";
            (TestStatus::Error, reason.to_owned())
        });
        let off = (!options.integration).then(|| (TestStatus::Skip, INTEGRATION_OFF.to_owned()));
        planned.push(PlannedTest { entry, kind: TestKind::Unit, decided: skip.clone().or(baseline) });
        planned.push(PlannedTest { entry, kind: TestKind::Integration, decided: skip.or(off) });
    }
    planned
}

/// Why none of the tests of a detection is run.
fn skipped(detection: &Detection) -> Option<String> {
    // A status that does not exist is wrong, and no reason to leave the tests out.
    if detection.status_text.is_some() && detection.status().is_none() {
        return None;
    }
    if detection.status() != Some(Status::Production) {
        let status = detection.status_text.as_ref().map_or("unknown", |text| text.as_str());
        return Some(format!("the status of the detection is `{status}`, not `production`"));
    }
    (detection.kind() == Some(DetectionType::Correlation)).then(|| "detections of type `Correlation` are not tested".to_owned())
}
