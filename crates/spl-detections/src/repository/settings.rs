//! What `contentctl.yml` says that matters for tests.

use spl_parser::Diagnostic;

use crate::yaml::{Node, Reader};

/// The settings of a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// What saved searches are named after: `<label> - <name> - Rule`.
    pub label: Option<String>,
    /// Integration tests run too.
    pub integration_tests: bool,
    /// Where test data are kept.
    pub test_data_caches: Vec<TestDataCache>,
}

/// A folder that holds what URLs with a common beginning name.
#[derive(Clone, Debug, PartialEq)]
pub struct TestDataCache {
    /// The beginning of the URLs.
    pub base_url: String,
    /// The folder, below the repository.
    pub base_directory_name: String,
}

impl Settings {
    /// Reads the file, and what is wrong with it.
    pub fn read(root: &Node) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader::new("repository/settings");
        let Some(file) = reader.document(root) else { return (Self::default(), reader.problems) };
        let app = reader.mapping(&file, "app");
        let label = app.and_then(|app| reader.text(&app, "label")).map(|label| label.value);
        let mut test_data_caches = Vec::new();
        for cache in reader.mappings(&file, "test_data_caches") {
            let base_url = reader.text(&cache, "base_url");
            let folder = reader.text(&cache, "base_directory_name");
            let base_url = reader.required(&cache, "base_url", base_url);
            let folder = reader.required(&cache, "base_directory_name", folder);
            if let Some((base_url, folder)) = base_url.zip(folder) {
                test_data_caches.push(TestDataCache { base_url: base_url.value, base_directory_name: folder.value });
            }
        }
        let integration_tests = reader.flag(&file, "enable_integration_testing") == Some(true);
        (Self { label, integration_tests, test_data_caches }, reader.problems)
    }
}
