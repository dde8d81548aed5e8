//! The command line of what works on folders of searches: run, watch, check.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{CheckFormat, DataOptions, EngineOptions, KnowledgeOptions, OutputOptions, SettingOptions};
use crate::output::Format;

/// `splq run`
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal the hits come first, then errors by their cause. Elsewhere, and with --format, one summary row per search goes
to stdout: query, status, rows, elapsed_ms, error. A search that fails stops no other.
Examples:
  splq run --data logs/ detections/ --out results/
  splq run --data events.ndjson 'queries/*.spl' --show
  splq run --data logs/ detections/ --select T1059 --exclude 'tag:*Deprecated*' --slowest 20
  splq run --data logs/ detections/ --fail-on hit --junit report.xml
  splq run --data logs/ detections/ --report hits.html
  splq run --data logs/ queries/ --format ndjson | jq -r 'select(.rows > 0).query'")]
pub struct RunArguments {
    /// .spl files, detection .yml files, folders of them, globs [default: `searches` of splq.toml]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Write the rows of each search to a file of its name in DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Format of the files in --out DIR; their extension follows it [default: ndjson]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub out_format: Option<Format>,
    /// Print the rows of each search as a table before the summary
    #[arg(long)]
    pub show: bool,
    /// When to exit with 1: a search failed; a search failed or found rows (searches with `expect:` aside); never
    #[arg(long, value_enum, value_name = "WHEN", default_value = "error")]
    pub fail_on: FailOn,
    /// Write a JUnit report for a CI system
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// Write a report for people: .html is one page with the hits, their rows and times; .md is for pull requests
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Vec<PathBuf>,
    /// Write the risk events and findings that the rows of detections become, one JSON object a line, for index `risk` and
    /// index `notable`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub risk: Option<PathBuf>,
    /// Leave lookups as they are: run no baselines before the detections that need them
    #[arg(long)]
    pub no_baselines: bool,
    /// Name so many of the slowest searches at the end; 0 = none
    #[arg(long, value_name = "N", default_value = "5")]
    pub slowest: usize,
    /// Searches that run at a time [default: one per thread]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Which of them.
    #[command(flatten)]
    pub selection: SelectionOptions,
    /// What they run on.
    #[command(flatten)]
    pub engine: EngineOptions,
    /// How the summary is written.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Which searches of those found.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionOptions {
    /// Only searches whose name, tag or ATT&CK technique matches; `*` is a wildcard, `name:`, `tag:`, `technique:` in front
    /// compare only that
    #[arg(long, value_name = "PATTERN")]
    pub select: Vec<String>,
    /// All but such searches
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
}

/// When `splq run` exits with 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A search failed
    #[default]
    Error,
    /// A search failed or found rows
    Hit,
    /// Never
    None,
}

/// `splq watch`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Rows of one search, or a summary of several, are printed each time a search, the data, a lookup, an app or splq.toml change.
After a change of a search only that search runs again; the data stay loaded.
Examples:
  splq watch --data logs/ detection.spl
  splq watch --data events.ndjson queries/ --select 'lateral*'")]
pub struct WatchArguments {
    /// .spl files, detection .yml files, folders of them, globs [default: `searches` of splq.toml]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Print no more rows of a search than this; 0 = all
    #[arg(long, value_name = "N", default_value = "20")]
    pub rows: usize,
    /// The splq.toml that was read.
    #[arg(skip)]
    pub configuration: Option<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub selection: SelectionOptions,
    /// What they run on.
    #[command(flatten)]
    pub engine: EngineOptions,
}

/// `splq check`
#[derive(Debug, Args)]
#[command(after_help = "\
One row per search goes to stdout when it is no terminal: query, file, status (ok, error), code, message; what is doubtful is a
further row with status warning and does not change the exit code unless it is denied.
Examples:
  splq check detections/
  splq check --content . detections/ --deny warnings
  splq check detections/ --allow lint/leading-wildcard --format sarif > splq.sarif
  splq check detections/ --data logs/             # also: by-fields that no event has
  splq check --app apps/ours                      # the files of a Splunk app itself
  splq check --explain lint/bare-word")]
pub struct CheckArguments {
    /// .spl files, detection .yml files, folders of them, globs [default: `searches` of splq.toml]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Lints.
    #[command(flatten)]
    pub lints: LintOptions,
    /// Which of them.
    #[command(flatten)]
    pub selection: SelectionOptions,
    /// Where events come from; without them nothing is run.
    #[command(flatten)]
    pub data: DataOptions,
    /// Knowledge objects.
    #[command(flatten)]
    pub knowledge: KnowledgeOptions,
    /// Times and limits.
    #[command(flatten)]
    pub settings: SettingOptions,
    /// Format of the rows, or sarif [default: ndjson; none on a terminal]
    #[arg(long, value_name = "FORMAT", value_parser = CheckFormat::parser(), help_heading = "Output")]
    pub format: Option<CheckFormat>,
    /// Write to a file; without --format its extension tells the format
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// Which lints count, and how much.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Lints")]
pub struct LintOptions {
    /// Switch a lint off; a comment ```splq: allow CODE``` in a search does it for that search
    #[arg(long, value_name = "CODE")]
    pub allow: Vec<String>,
    /// Tell of a lint that is quiet, or of all that are `quiet`
    #[arg(long, value_name = "CODE")]
    pub warn: Vec<String>,
    /// Make a lint, or all `warnings`, an error
    #[arg(long, value_name = "CODE")]
    pub deny: Vec<String>,
    /// Print what a lint is about
    #[arg(long, value_name = "CODE")]
    pub explain: Option<String>,
    /// List the lints
    #[arg(long)]
    pub list_lints: bool,
}
