//! The command line of `splq test`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{KnowledgeOptions, OutputOptions, SelectionOptions, SettingOptions};

/// `splq test`
#[derive(Debug, Args)]
#[command(after_help = "\
Each test of a detection loads its attack data, runs the search over all time and judges the rows as contentctl does. Data are local
files, or URLs below a base_url of test_data_caches in contentctl.yml; nothing is fetched.
One row per test goes to stdout: detection, test, kind, status (pass, fail, skip, error), rows, elapsed_ms, message.
Examples:
  splq test detections/
  splq test detections/endpoint/new_service.yml
  splq test . --select T1569 --junit report.xml")]
pub struct TestArguments {
    /// Detection .yml files, folders of them, globs, inside a content repository [default: `searches` of splq.toml]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Write a JUnit report for a CI system
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// Detections that are tested at a time [default: one per thread]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
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
