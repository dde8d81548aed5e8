//! The tests of a detection: what its file says, and which of them run, are skipped or can't be run.

use spl_parser::Span;
use spl_parser::span::Spanned;

use crate::detection::{Detection, DetectionType, Layout, Status};
use crate::expected_rows::Expected;
use crate::yaml::{Mapping, Reader, UnknownKey};

/// One entry of `tests`.
#[derive(Clone, Debug, PartialEq)]
pub struct DetectionTest {
    /// Its name; none when the file does not say so.
    pub name: Option<Spanned<String>>,
    /// The data that the search must find something in.
    pub attack_data: Vec<AttackData>,
    /// Earliest time. `contentctl` reads it and searches all time nevertheless.
    pub earliest: Option<Spanned<String>>,
    /// Latest time; the same holds.
    pub latest: Option<Spanned<String>>,
    /// What its rows must be beyond the rule of `contentctl`.
    pub expected: Expected,
    /// What is expected stands in the file beside that of the detection.
    pub expected_in_own_file: bool,
    /// The newest event of its data is moved to now, all others with it.
    pub shift_to_now: bool,
    /// It stands in the file beside that of the detection: `contentctl` does not know it.
    pub is_own: bool,
    /// Where it stands in its file.
    pub span: Span,
}

/// The file that tests stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestHome {
    /// That of a detection.
    Detection(Layout),
    /// The one beside it.
    Beside,
}

/// A file of events, and as what they are taken in.
#[derive(Clone, Debug, PartialEq)]
pub struct AttackData {
    /// A URL or the path of a file.
    pub data: Spanned<String>,
    /// The `source` of the events.
    pub source: Option<Spanned<String>>,
    /// The `sourcetype` of the events.
    pub sourcetype: Option<Spanned<String>>,
    /// The index of the events; none = the one that tests use.
    pub custom_index: Option<Spanned<String>>,
    /// The `host` of the events; none = the one that tests use.
    pub host: Option<Spanned<String>>,
}

/// The index of test data without `custom_index`.
pub const TEST_INDEX: &str = "contentctl_testing_index";

/// The host of test data without `host`.
pub const TEST_HOST: &str = "CONTENTCTL_HOST";

/// What integration tests say that are switched off.
pub const INTEGRATION_OFF: &str = "integration tests are switched off";

impl AttackData {
    /// Where the events go.
    pub fn index(&self) -> &str {
        self.custom_index.as_ref().map_or(TEST_INDEX, |index| &index.value)
    }

    /// The host that they come from.
    pub fn host_name(&self) -> &str {
        self.host.as_ref().map_or(TEST_HOST, |host| &host.value)
    }
}

/// What a test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestKind {
    /// The rows of the search.
    Unit,
    /// The risk events and findings that the rows become.
    Integration,
    /// Whether the search can be planned.
    Validation,
    /// Something that a person has to do.
    Manual,
    /// The rows of the search over data that only splq knows of.
    Own,
}

impl TestKind {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Integration => "integration",
            Self::Validation => "validation",
            Self::Manual => "manual",
            Self::Own => "own",
        }
    }
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestStatus {
    /// It found what it must.
    Pass,
    /// It did not.
    Fail,
    /// It was not run.
    Skip,
    /// It could not be run.
    Error,
}

impl TestStatus {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Error => "error",
        }
    }

    /// The status of a detection from those of its tests: none or only skipped ones → skip; a failed or broken one → fail;
    /// else pass.
    pub fn of_detection(tests: impl IntoIterator<Item = TestStatus>) -> Self {
        tests.into_iter().fold(Self::Skip, |whole, test| match (whole, test) {
            (Self::Fail, _) | (_, Self::Fail | Self::Error) => Self::Fail,
            (Self::Pass, _) | (_, Self::Pass) => Self::Pass,
            _ => Self::Skip,
        })
    }

    /// Whether a test counts as good.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Pass | Self::Skip)
    }
}

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

/// Keys of a test that layout 5 refuses.
const KEYS_OF_SPLQ: [&str; 3] = ["expect", "rows", "shift_to_now"];

/// Reads `tests`. An entry with a problem stays: its test is an error, not forgotten. What splq alone reads is read in every
/// file, and unknown where `contentctl` refuses it.
pub(crate) fn read_tests(
    reading: &mut Reader,
    file: &Mapping<'_>,
    home: TestHome,
    unknown_keys: &mut Vec<UnknownKey>,
) -> Vec<DetectionTest> {
    let entries = reading.mappings(file, "tests");
    let mut known = vec!["name", "attack_data", "earliest_time", "latest_time"];
    if home == TestHome::Beside {
        known.retain(|key| !key.ends_with("_time"));
    }
    if home != TestHome::Detection(Layout::V5) {
        known.extend(KEYS_OF_SPLQ);
    }
    let read = |entry: &Mapping<'_>| {
        unknown_keys.extend(reading.unknown_keys(entry, &known));
        let name = reading.text(entry, "name");
        let files = reading.mappings(entry, "attack_data");
        if home != TestHome::Beside {
            reading.required(entry, "attack_data", (!files.is_empty()).then_some(()));
        }
        DetectionTest {
            name: reading.required(entry, "name", name),
            attack_data: files.iter().filter_map(|data| read_attack_data(reading, data, unknown_keys)).collect(),
            earliest: reading.text(entry, "earliest_time"),
            latest: reading.text(entry, "latest_time"),
            expected: Expected::read(reading, entry),
            expected_in_own_file: home == TestHome::Beside,
            shift_to_now: reading.flag(entry, "shift_to_now") == Some(true),
            is_own: home == TestHome::Beside,
            span: entry.span(),
        }
    };
    entries.iter().map(read).collect()
}

fn read_attack_data(reading: &mut Reader, data: &Mapping<'_>, unknown_keys: &mut Vec<UnknownKey>) -> Option<AttackData> {
    unknown_keys.extend(reading.unknown_keys(data, &["data", "source", "sourcetype", "custom_index", "host"]));
    let place = reading.text(data, "data");
    let source = reading.text(data, "source");
    let sourcetype = reading.text(data, "sourcetype");
    Some(AttackData {
        source: reading.required(data, "source", source),
        sourcetype: reading.required(data, "sourcetype", sourcetype),
        custom_index: reading.text(data, "custom_index"),
        host: reading.text(data, "host"),
        data: reading.required(data, "data", place)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detection_is_as_good_as_its_tests() {
        use TestStatus::{Error, Fail, Pass, Skip};
        for (tests, whole) in [
            (vec![], Skip),
            (vec![Skip, Skip], Skip),
            (vec![Skip, Pass], Pass),
            (vec![Pass, Skip], Pass),
            (vec![Pass, Fail, Pass], Fail),
            (vec![Error, Skip], Fail),
        ] {
            assert_eq!(TestStatus::of_detection(tests.clone()), whole, "{tests:?}");
        }
    }
}
