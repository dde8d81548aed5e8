//! The small file beside a detection, `NAME.tests.yaml`: tests that `contentctl` knows nothing of, and more that the tests of
//! the detection must find. `contentctl` reads `.yml` files only, so that it does not see it.

use std::path::{Path, PathBuf};

use spl_parser::Diagnostic;

use crate::content_file::{ContentFile, read_file};
use crate::detection::Detection;
use crate::detection_test::{DetectionTest, TestHome, read_tests};
use crate::yaml::{Node, Reader};

/// How the names of such files end.
pub const ENDING: &str = ".tests.yaml";

/// What such a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestsFile {
    /// Its tests, in the order written.
    pub tests: Vec<DetectionTest>,
}

impl TestsFile {
    /// Where the file of a detection stands.
    pub fn path(detection: &Path) -> PathBuf {
        let stem = detection.file_stem().unwrap_or_default().to_string_lossy();
        detection.with_file_name(format!("{stem}{ENDING}"))
    }

    /// Reads such a file; none when there is none.
    pub fn at(path: PathBuf) -> Option<ContentFile<Self>> {
        path.is_file().then(|| read_file(path, Self::read))
    }

    /// Reads such a file, and what is wrong with it.
    pub fn read(root: &Node) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader::new("tests/file");
        let Some(file) = reader.document(root) else { return (Self::default(), reader.problems) };
        let mut unknown = reader.unknown_keys(&file, &["tests"]);
        let tests = read_tests(&mut reader, &file, TestHome::Beside, &mut unknown);
        for key in unknown {
            let near = key.near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            reader.wrong(format!("unknown key `{}`{near}", key.path), key.span);
        }
        (Self { tests }, reader.problems)
    }
}

/// The tests of a detection with those of the file beside it: an entry with data is a test of its own, one without asks more
/// of the detection's test of its name.
///
/// # Errors
/// The name of an entry without data that is no test of the detection.
pub fn all_tests(detection: &Detection, file: Option<&TestsFile>) -> Result<Vec<DetectionTest>, String> {
    let mut tests = detection.tests.clone();
    for own in file.into_iter().flat_map(|file| &file.tests) {
        if !own.attack_data.is_empty() {
            tests.push(own.clone());
            continue;
        }
        let name = own.name.as_ref().map_or("", |name| name.as_str());
        let of_name = tests.iter_mut().find(|test| !test.is_own && test.name.as_ref().is_some_and(|known| known.value == name));
        let Some(test) = of_name else {
            return Err(format!("the detection has no test `{name}`, and `{name}` beside it names no data"));
        };
        test.expected = own.expected.clone();
        test.shift_to_now |= own.shift_to_now;
        test.expected_in_own_file = true;
    }
    Ok(tests)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    const DETECTION: &str =
        "name: D\ntests:\n- name: True Positive Test\n  attack_data: [{data: a.log, source: s, sourcetype: t}]\n";

    fn merged(file: &str) -> Result<Vec<DetectionTest>, String> {
        let (detection, _) = Detection::read(&parse(DETECTION).unwrap());
        let (file, problems) = TestsFile::read(&parse(file).unwrap());
        assert_eq!(problems, Vec::new());
        all_tests(&detection, Some(&file))
    }

    #[test]
    fn entries_are_tests_or_ask_more_of_one() {
        let tests = merged(
            "tests:\n- name: True Positive Test\n  expect: 2\n- name: Benign\n  expect: no rows\n  shift_to_now: true\n  attack_data: [{data: \
             b.log, source: s, sourcetype: t}]\n",
        )
        .unwrap();
        assert_eq!(tests.len(), 2);
        assert!(tests[0].expected.count.is_some() && !tests[0].is_own && !tests[0].shift_to_now);
        assert!(tests[1].expected.allows_none() && tests[1].is_own && tests[1].shift_to_now);
        assert!(merged("tests:\n- name: Other\n  expect: 2\n").unwrap_err().contains("no test `Other`"));
    }

    #[test]
    fn nothing_in_the_file_is_ignored() {
        let (_, problems) = TestsFile::read(&parse("test: []\ntests:\n- name: A\n  expects: 2\n").unwrap());
        let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            ["unknown key `test`; did you mean `tests`?", "unknown key `tests[0].expects`; did you mean `expect`?"]
        );
        assert_eq!(TestsFile::path(Path::new("a/b.yml")), Path::new("a/b.tests.yaml"));
    }
}
