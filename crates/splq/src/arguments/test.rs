//! The command line of `splq test`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{KnowledgeOptions, OutputOptions, SelectionOptions, SettingOptions};

/// `splq test`
#[derive(Clone, Debug, Default, Args)]
#[command(
    mut_arg("earliest", |argument| argument.hide(true)),
    mut_arg("latest", |argument| argument.hide(true)),
    after_help = "\
Each test of a detection loads its attack data, runs the search over all time and judges the rows as contentctl does. Data are local
files or URLs. What a URL names is kept below base_directory_name of test_data_caches in contentctl.yml, or in --cache.
NAME.tests.yaml beside NAME.yml holds tests that contentctl does not know, and rows that must be found (docs/testing.md).
One row per test goes to stdout: detection, test, kind, status (pass, fail, skip, error), rows, elapsed_ms, message.
Examples:
  splq test detections/
  splq test detections/endpoint/new_service.yml --integration --risk risk.ndjson
  splq test . --changed-since origin/main --markdown comment.md --sarif splq.sarif
  splq test . --select T1569 --junit report.xml
  splq test detections/endpoint/ --download
  splq test detections/endpoint/new_service.yml --watch
  splq test detections/ --coverage"
)]
pub struct TestArguments {
    /// Detection .yml files, folders of them, globs, inside a content repository [default: `searches` of splq.toml]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Run integration tests too: the risk events and findings that the rows become [default: as contentctl.yml says]
    #[arg(long)]
    pub integration: bool,
    /// Change each condition of a search and run its tests again: rows tell which changes no test notices
    #[arg(long)]
    pub coverage: bool,
    /// Only detections that changed since a commit, or that use a macro, lookup, data source or data file that did
    #[arg(long, value_name = "COMMIT")]
    pub changed_since: Option<String>,
    /// Stop at the first detection that fails
    #[arg(long)]
    pub fail_fast: bool,
    /// Fetch test data that URLs name and that are not there; without it nothing is fetched
    #[arg(long)]
    pub download: bool,
    /// Folder of fetched data [default: splq/attack_data in the user's folder for caches]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub cache: Option<PathBuf>,
    /// With --download, trust the certificates in a PEM file in place of those that splq brings [default: SSL_CERT_FILE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub certificates: Option<PathBuf>,
    /// Run again whenever the detections, what they use or their data change, until Ctrl-C
    #[arg(long, conflicts_with_all = ["changed_since", "fail_fast", "junit", "sarif", "markdown", "html", "summary", "risk"])]
    pub watch: bool,
    /// Detections that are tested at a time [default: one per thread]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Write a JUnit report for a CI system
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub junit: Option<PathBuf>,
    /// Write what failed as SARIF 2.1.0, for code hosts and editors
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub sarif: Option<PathBuf>,
    /// Write a summary in Markdown, for a pull request
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub markdown: Option<PathBuf>,
    /// Write one HTML page that needs no other file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub html: Option<PathBuf>,
    /// Write the summary.yml of contentctl
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub summary: Option<PathBuf>,
    /// Write the risk events and findings of integration tests, one JSON object a line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports", requires = "integration")]
    pub risk: Option<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub selection: SelectionOptions,
    /// Knowledge objects, beside those of the repository.
    #[command(flatten)]
    pub knowledge: KnowledgeOptions,
    /// Times and limits.
    #[command(flatten)]
    pub settings: SettingOptions,
    /// How the rows are written.
    #[command(flatten)]
    pub output: OutputOptions,
}
