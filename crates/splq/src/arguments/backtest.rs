//! The command line of `splq backtest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{EngineOptions, OutputOptions, SelectionOptions};

/// `splq backtest`
#[derive(Debug, Args)]
#[command(
    mut_arg("earliest", |argument| argument.hide(true)),
    mut_arg("latest", |argument| argument.hide(true)),
    after_help = "\
Each detection runs at the times of its deployment's cron line over its window, as far as the data go. Throttling holds alerts back.
Risk events and findings are in index risk and notable for searches that run later. A saved search of an app runs as its own settings
say: without PATH those of the apps given with --app, and PATH may be the folder of an app.
Rows go to stdout: the timeline of risk events, findings and alerts, or what --view asks for (docs/backtest.md).
Examples:
  splq backtest detections/ --data logs/
  splq backtest detections/ --data logs/ --from 2025-03-12 --to 2025-03-13 --html report.html
  splq backtest --app apps/ours --data logs/ --view searches
  splq backtest . --data logs/ --view objects --format csv"
)]
pub struct BacktestArguments {
    /// Detection .yml files, folders of them, globs, folders of apps [default: `searches` of splq.toml, else the apps of --app]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Replay runs after this time: epoch seconds, RFC 3339 or a date [default: the oldest event]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// Replay runs until this time [default: when each search has seen the newest event]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// Begin each run at the end of its schedule window, as a busy server might
    #[arg(long)]
    pub late: bool,
    /// Take saved searches that are disabled or not scheduled too, when they have a cron line
    #[arg(long)]
    pub include_disabled: bool,
    /// Which rows go to stdout
    #[arg(long, value_enum, value_name = "VIEW", default_value = "timeline")]
    pub view: BacktestView,
    /// Searches that run at a time [default: one per thread]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Write the risk events and findings, and what went into summary indexes, one JSON object a line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub risk: Option<PathBuf>,
    /// Write one HTML page that needs no other file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Reports")]
    pub html: Option<PathBuf>,
    /// Which of them.
    #[command(flatten)]
    pub selection: SelectionOptions,
    /// What they run on.
    #[command(flatten)]
    pub engine: EngineOptions,
    /// How the rows are written.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Which rows go to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BacktestView {
    /// Risk events, findings and alerts, each with the delay from its event
    #[default]
    Timeline,
    /// How each search fared, one row each
    Searches,
    /// The risk of each object
    Objects,
}
