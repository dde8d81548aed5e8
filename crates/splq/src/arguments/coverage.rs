//! The command line of `splq coverage`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{EngineOptions, OutputOptions, SelectionOptions};

/// `splq coverage`
#[derive(Debug, Args)]
#[command(
    mut_arg("earliest", |argument| argument.hide(true)),
    mut_arg("latest", |argument| argument.hide(true)),
    after_help = "\
A detection runs on the logs when they have events where it reads them, and some of these fill each field that it reads:
  yes     events for all of it
  partly  a field that it reads is never filled, or a subsearch has no events
  no      no events, or none with a field that its conditions or by-clause need
  error   its search can't be planned
Without --data the techniques are held against the tests alone. Detections that are deprecated or removed are left out.
Examples:
  splq coverage detections/ --data logs/
  splq coverage detections/ --data logs/ --by field
  splq coverage . --data logs/ --html coverage.html --navigator layer.json
  splq coverage . --by technique --format csv -o techniques.csv"
)]
pub struct CoverageArguments {
    /// Detection .yml files, folders of them, globs, inside a content repository [default: `searches` of splq.toml]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// What a row tells of: detection, technique, or field that a detection reads
    #[arg(long, value_enum, value_name = "WHAT", default_value = "detection", hide_possible_values = true)]
    pub by: CoverageRows,
    /// Run no tests
    #[arg(long)]
    pub no_tests: bool,
    /// Folder of test data that were fetched [default: splq/attack_data in the user's folder for caches]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub cache: Option<PathBuf>,
    /// Write the ATT&CK matrix as one HTML page that needs no other file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub html: Option<PathBuf>,
    /// Write a layer for the ATT&CK Navigator (layer format 4.5)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub navigator: Option<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub selection: SelectionOptions,
    /// The logs, and knowledge objects beside those of the repository.
    #[command(flatten)]
    pub engine: EngineOptions,
    /// How the rows are written.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// What a row of `splq coverage` tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CoverageRows {
    /// A detection.
    Detection,
    /// A technique that a detection names.
    Technique,
    /// A field that a detection reads.
    Field,
}
