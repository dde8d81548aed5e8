//! Test data that are named by URL: where they are kept, and which of them are missing.

use std::path::{Component, Path, PathBuf};

use crate::detection::Detection;
use crate::detection_test::TestKind;
use crate::repository::Repository;
use crate::test_plan::{TestOptions, plan};
use crate::tests_file::{TestsFile, all_tests};

/// A URL and the file that its data belong into.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Download {
    /// Where the data are.
    pub url: String,
    /// Where they are kept.
    pub file: PathBuf,
}

impl Repository {
    /// Where the data of a URL are kept: in the cache that `contentctl.yml` names for the beginning of the URL, else in the
    /// folder of fetched data. None for what is no URL, for URLs that lead out of the folder, and without a folder.
    pub fn kept_file(&self, url: &str) -> Option<PathBuf> {
        let settings = self.settings.as_ref().and_then(|file| file.value.as_ref());
        let caches = settings.into_iter().flat_map(|settings| &settings.test_data_caches);
        for cache in caches {
            if let Some(rest) = url.strip_prefix(cache.base_url.as_str()) {
                return below(&self.root.join(&cache.base_directory_name), rest.trim_start_matches('/'));
            }
        }
        below(self.fetched.as_deref()?, &place(url)?)
    }

    /// The data that tests of a detection need, which a URL names and which are not there. Tests that are not run need none.
    pub fn downloads(&self, detection: &Detection, file: Option<&TestsFile>, options: TestOptions) -> Vec<Download> {
        // What is wrong with the file is told where its tests are run.
        let Ok(tests) = all_tests(detection, file) else { return Vec::new() };
        let planned = plan(detection, &tests, options).into_iter();
        let runs = planned.filter(|test| test.decided.is_none() && matches!(test.kind, TestKind::Unit | TestKind::Own));
        let data = runs.flat_map(|test| &tests[test.entry].attack_data).map(|data| data.data.value.as_str());
        let missing = data.filter(|data| is_url(data) && self.data_file(data).is_none());
        missing.filter_map(|url| Some(Download { url: url.to_owned(), file: self.kept_file(url)? })).collect()
    }
}

/// Whether data are named by URL.
pub fn is_url(data: &str) -> bool {
    data.starts_with("https://") || data.starts_with("http://")
}

/// A path below a folder; none for one that leads out of it.
fn below(folder: &Path, rest: &str) -> Option<PathBuf> {
    let is_plain = Path::new(rest).components().all(|component| matches!(component, Component::Normal(_)));
    (is_plain && !rest.is_empty()).then(|| folder.join(rest))
}

/// The place of a URL below the folder of fetched data: host and path, with `_` in place of what no file name should have. Two
/// URLs that would have one place are kept apart by a number made of the URL.
fn place(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    // Without a name at its end a URL names no file.
    if rest.rsplit_once('/').is_none_or(|(_, name)| name.is_empty()) {
        return None;
    }
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_' | '/');
    let plain: String = rest.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    match plain == rest {
        true => Some(plain),
        false => {
            // FNV-1a: the same number on every machine and in every version.
            let number =
                url.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
            let (folders, name) = plain.rsplit_once('/').unwrap_or(("", &plain));
            Some(format!("{folders}/{number:016x}_{name}"))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn urls_have_places() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("contentctl.yml"),
            "test_data_caches: [{base_url: 'https://a.example/data', base_directory_name: external_repos/a}]\n",
        )
        .unwrap();
        let mut repository = Repository::open(folder.path());
        let kept = |repository: &Repository, url: &str| {
            let file = repository.kept_file(url)?;
            Some(file.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned())
        };
        assert_eq!(kept(&repository, "https://a.example/data/x/y.log").as_deref(), Some("external_repos/a/x/y.log"));
        assert_eq!(kept(&repository, "https://a.example/data/../../y.log"), None);
        assert_eq!(kept(&repository, "https://b.example/y.log"), None);
        repository.fetched = Some(folder.path().join("kept"));
        assert_eq!(kept(&repository, "https://b.example/x/y.log").as_deref(), Some("kept/b.example/x/y.log"));
        assert_eq!(kept(&repository, "https://b.example/../../etc/passwd"), None);
        assert_eq!(kept(&repository, "https://b.example//"), None);
        let odd = kept(&repository, "https://b.example:8080/x?y=\u{e9}").unwrap();
        assert!(odd.starts_with("kept/b.example_8080/") && odd.ends_with("_x_y__"), "{odd}");
        assert_ne!(kept(&repository, "https://b.example/x?y=1"), kept(&repository, "https://b.example/x?y:1"));
    }

    #[test]
    fn only_what_is_missing_and_needed() {
        let folder = tempfile::tempdir().unwrap();
        let mut repository = Repository::open(folder.path());
        repository.fetched = Some(folder.path().to_owned());
        std::fs::create_dir_all(folder.path().join("a.example")).unwrap();
        std::fs::write(folder.path().join("a.example/there.log"), "x").unwrap();
        let data = "attack_data:\n  - {data: 'https://a.example/there.log', source: s, sourcetype: t}\n  - {data: 'https://a.example/b.log', source: s, sourcetype: t}\n  - {data: c.log, source: s, sourcetype: t}\n";
        let missing = |status: &str| {
            let text = format!("name: D\ntype: TTP\nstatus: {status}\nsearch: x\ntests:\n- name: T\n  {data}");
            let (detection, _) = Detection::read(&yaml::parse(&text).unwrap());
            repository.downloads(&detection, None, TestOptions::default())
        };
        let file = folder.path().join("a.example/b.log");
        assert_eq!(missing("production"), [Download { url: "https://a.example/b.log".to_owned(), file }]);
        assert_eq!(missing("experimental"), []);
    }
}
