//! The tests of a detection as its file says them, and how tests end.

use spl_parser::Span;
use spl_parser::span::Spanned;

use crate::detection_type::Layout;
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
