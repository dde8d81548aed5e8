//! The command line as clap reads it: subcommands, data options, output options.

mod backtest;
mod batch;
mod check_format;
mod coverage;
mod test;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::output::Format;
use crate::output::events::EventView;

pub use backtest::{BacktestArguments, BacktestView};
pub use batch::{CheckArguments, FailOn, LintOptions, RunArguments, SelectionOptions, WatchArguments};
pub use check_format::CheckFormat;
pub use coverage::{CoverageArguments, CoverageRows};
pub use test::TestArguments;

/// What stands below the option list of `splq --help`.
const EXAMPLES: &str = "\
Examples:
  splq query --data events.ndjson 'error | stats count by host'
  zcat access.json.gz | splq query --data - '| stats avg(bytes) by status'
  splq run --data logs/ searches/ --out results/
  splq check detections/
  splq repl --data Security.evtx

A file splq.toml in this folder or above it holds defaults of these options (docs/configuration.md).
Exit codes: 0 ran; 1 a search failed to parse, plan or run; 2 wrong usage; 130 ended by Ctrl-C.";

/// Run Splunk searches (SPL) on files, without Splunk.
#[derive(Debug, Parser)]
#[command(name = "splq", version, about, after_help = EXAMPLES, disable_help_subcommand = true, max_term_width = 110)]
pub struct Arguments {
    /// What to do; without a command the REPL starts, when stdin is a terminal.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of every command.
    #[command(flatten)]
    pub terminal: TerminalOptions,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one search
    Query(QueryArguments),
    /// Run many searches over data that is loaded once
    Run(RunArguments),
    /// Run searches again whenever they or the data change
    Watch(WatchArguments),
    /// Find what is wrong or doubtful in searches without running them
    Check(CheckArguments),
    /// Run the tests of detections over their attack data
    Test(TestArguments),
    /// Show which detections can run on logs, and which ATT&CK techniques they cover
    Coverage(CoverageArguments),
    /// Replay the schedules of detections and saved searches over logs
    Backtest(BacktestArguments),
    /// Lay .spl files out: each command on its own line
    Fmt(FormatArguments),
    /// Show how a search would be run
    Explain(ExplainArguments),
    /// Show what is in the data: sources, sourcetypes, times, fields, the data models that it feeds
    Inspect(InspectArguments),
    /// Write events into a store of Parquet files, of which only the needed columns are read
    Ingest(IngestArguments),
    /// Write summaries of a data model into a store, for `tstats summariesonly=true`
    Accelerate(AccelerateArguments),
    /// Search interactively
    Repl(ReplArguments),
    /// Say what a command of the search language or a function is for
    Help(HelpArguments),
    /// List the commands of the search language
    Commands(ListArguments),
    /// List the functions of eval and stats
    Functions(ListArguments),
    /// List the search macros
    Macros(KnowledgeListArguments),
    /// List the data models and their datasets
    Datamodels(KnowledgeListArguments),
    /// List the limits that --limit sets
    Limits(ListArguments),
    /// Print the completion script of a shell
    Completions(CompletionsArguments),
    /// Print the manual page, or write one per command
    Man(ManArguments),
}

impl Command {
    /// Puts paths that were named without `--data` to those named with it. With `-f` all that is named are paths.
    pub fn take_paths(&mut self) {
        let (search, paths, data) = match self {
            Self::Query(arguments) => {
                let search = arguments.file.is_some().then(|| arguments.search.take()).flatten();
                (search, &mut arguments.paths, &mut arguments.engine.data)
            }
            Self::Explain(arguments) => {
                let search = arguments.file.is_some().then(|| arguments.search.take()).flatten();
                (search, &mut arguments.paths, &mut arguments.engine.data)
            }
            Self::Inspect(arguments) => (None, &mut arguments.paths, &mut arguments.engine.data),
            Self::Repl(arguments) => (None, &mut arguments.paths, &mut arguments.engine.data),
            _ => return,
        };
        data.data.extend(search.into_iter().chain(paths.drain(..)));
    }
}

/// Options of every command.
#[derive(Clone, Copy, Debug, Args)]
pub struct TerminalOptions {
    /// When to use colours: auto (on a terminal, unless NO_COLOR is set), always, never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: ColorChoice,
    /// Only results and errors: no warnings, notes, progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Read no splq.toml
    #[arg(long, global = true)]
    pub no_config: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where events come from.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Data")]
pub struct DataOptions {
    /// File, folder or glob with events (`-` = stdin); the format is found by content, gz, zst and zip are opened
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub data: Vec<String>,
    /// Format of the data, when it should not be found by content: ndjson, json, csv, tsv, parquet, evtx, xml, syslog,
    /// access, audit, cef, leef, zeek, w3c, text (see docs/formats.md)
    #[arg(long, value_name = "FORMAT")]
    pub format_in: Option<spl_sources::Format>,
    /// Sourcetype of all events
    #[arg(long, value_name = "NAME")]
    pub sourcetype: Option<String>,
    /// Source of all events, in place of the file's path
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Host of all events
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Index of all events [default: main]
    #[arg(long, value_name = "NAME")]
    pub index: Option<String>,
    /// Events that can't be read are errors
    #[arg(long)]
    pub strict: bool,
    /// The data are those of splq.toml: loaded only for searches that read events.
    #[arg(skip)]
    pub configured: bool,
}

/// Knowledge objects beside the built-in ones.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Knowledge")]
pub struct KnowledgeOptions {
    /// Splunk app folder: default/ and local/ .conf files, lookups/, data/models/
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub app: Vec<PathBuf>,
    /// Checkout of a detection repository laid out like security_content: macros/, lookups/
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub content: Vec<PathBuf>,
    /// Lookup table from a CSV file
    #[arg(long, value_name = "NAME=FILE", value_parser = name_and_file)]
    pub lookup: Vec<(String, PathBuf)>,
    /// Search macro
    #[arg(long = "macro", value_name = "NAME(ARG,..)=DEFINITION")]
    pub macros: Vec<String>,
    /// Without the fields, event types and tags that splq brings (docs/knowledge-pack.md); data models, macros and lookups stay
    #[arg(long)]
    pub no_pack: bool,
}

/// Times and limits.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Time and limits")]
pub struct SettingOptions {
    /// Earliest time of events: time modifier (`-24h@h`) or RFC 3339 [default: all time]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub earliest: Option<String>,
    /// Latest time of events, exclusive
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub latest: Option<String>,
    /// What `now` is: epoch seconds, RFC 3339 or a date [default: the clock]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub now: Option<String>,
    /// Time zone of times without one, and of output [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Most memory of a search: `512M`, `4G`; larger files are read part by part, sorts and aggregations go to disk
    #[arg(long, value_name = "SIZE")]
    pub memory_limit: Option<String>,
    /// A limit of searches, as `splq limits` lists them; 0 = no limit
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit: Vec<String>,
    /// Database of locations (MaxMind) that iplocation reads
    #[arg(long, value_name = "FILE.mmdb", value_hint = ValueHint::FilePath)]
    pub geoip: Option<PathBuf>,
    /// Folder of the CSV files of inputcsv and outputcsv [default: kept in the session]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub csv_dir: Option<PathBuf>,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Earliest and latest time of splq.toml, for searches that say nothing themselves.
    #[arg(skip)]
    pub configured_times: (Option<String>, Option<String>),
}

/// How results are written.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Format of the rows [default: table on a terminal, ndjson elsewhere]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write to a file; without --format its extension tells the format
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

/// Everything that an engine is made of.
#[derive(Clone, Debug, Default, Args)]
pub struct EngineOptions {
    /// Where events come from.
    #[command(flatten)]
    pub data: DataOptions,
    /// Knowledge objects.
    #[command(flatten)]
    pub knowledge: KnowledgeOptions,
    /// Times and limits.
    #[command(flatten)]
    pub settings: SettingOptions,
}

/// `splq query`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq query 'status>=500 | stats count by uri' events.ndjson
  splq query --data 'logs/*.evtx' -f detection.spl --format csv -o hits.csv
  cat events.ndjson | splq query --data - 'login | top user'
  splq query '| makeresults | eval x=1+1'")]
pub struct QueryArguments {
    /// The search
    #[arg(value_name = "SPL", required_unless_present = "file", allow_hyphen_values = true)]
    pub search: Option<String>,
    /// Files, folders and globs with events, as --data takes them
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Read the search from a file (`-` = stdin)
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// What it runs on.
    #[command(flatten)]
    pub engine: EngineOptions,
    /// How rows are written.
    #[command(flatten)]
    pub output: OutputOptions,
    /// How events are shown [default: list on a terminal; elsewhere as other rows]
    #[arg(long, value_enum, value_name = "VIEW", help_heading = "Output")]
    pub events: Option<EventView>,
    /// Print what does not fit the terminal, rather than page it
    #[arg(long, help_heading = "Output")]
    pub no_pager: bool,
}

/// `splq fmt`
#[derive(Debug, Args)]
#[command(after_help = "\
Words, quoted text, macro calls and comments stay as they are; blanks and line breaks between them change.
Examples:
  splq fmt queries/
  splq fmt --check queries/            # for CI: lists files that would change, exits with 1
  pbpaste | splq fmt -")]
pub struct FormatArguments {
    /// .spl files and folders of them, formatted in place; `-` formats stdin to stdout
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Change nothing; list the files whose layout is another and exit with 1
    #[arg(long)]
    pub check: bool,
}

/// `splq explain`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq explain --stage expanded '`security_content_ctime(_time)`'
  splq explain '| tstats count from datamodel=Endpoint.Processes by Processes.dest'
  splq explain --data events.ndjson -f detection.spl --stage physical")]
pub struct ExplainArguments {
    /// The search
    #[arg(value_name = "SPL", required_unless_present = "file", allow_hyphen_values = true)]
    pub search: Option<String>,
    /// Files, folders and globs with events, as --data takes them
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Read the search from a file (`-` = stdin)
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// What to show [default: everything]
    #[arg(long, value_enum, value_name = "STAGE")]
    pub stage: Vec<StageChoice>,
    /// Run it condition by condition and show how many rows each leaves, to find the one that removes the last
    #[arg(long, conflicts_with = "stage")]
    pub why_empty: bool,
    /// What it would run on.
    #[command(flatten)]
    pub engine: EngineOptions,
}

/// What `splq explain` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StageChoice {
    /// The text with macros expanded
    Expanded,
    /// The syntax tree
    Syntax,
    /// The logical plan
    Logical,
    /// The physical plan
    Physical,
}

/// `splq inspect`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq inspect logs/
  splq inspect --data Security.evtx --format ndjson | jq -r 'select(.field).field'")]
pub struct InspectArguments {
    /// Files, folders and globs with events, as --data takes them
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// What is shown.
    #[command(flatten)]
    pub engine: EngineOptions,
    /// How it is written.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// `splq ingest`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq ingest logs/ -o store/
  splq ingest 'archive/*.json.gz' --memory-limit 2GiB -o store/
  splq query --data store/ 'EventCode=7045 | stats count by ServiceName'")]
pub struct IngestArguments {
    /// File, folder or glob with events
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Folder that is made for the store
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Where events come from, and how files become events.
    #[command(flatten)]
    pub engine: EngineOptions,
}

/// `splq accelerate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq accelerate --datamodel Endpoint -o store/
  splq query --data store/ '| tstats summariesonly=true count from datamodel=Endpoint.Processes by Processes.dest'")]
pub struct AccelerateArguments {
    /// The data model
    #[arg(long, value_name = "NAME")]
    pub datamodel: String,
    /// The store that the summaries are written into; what they are made of, too, unless --data says otherwise
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// What its searches run on.
    #[command(flatten)]
    pub engine: EngineOptions,
}

/// `splq repl`
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  splq repl logs/
  splq repl --data Security.evtx --app apps/ours --tz Europe/Berlin
  splq repl --data events.ndjson < questions.txt")]
pub struct ReplArguments {
    /// Files, folders and globs with events, as --data takes them
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// What searches run on.
    #[command(flatten)]
    pub engine: EngineOptions,
    /// Format of the rows
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    /// How events are shown [default: list on a terminal; elsewhere as other rows]
    #[arg(long, value_enum, value_name = "VIEW")]
    pub events: Option<EventView>,
}

/// `splq help`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq help stats
  splq help strftime")]
pub struct HelpArguments {
    /// A command of the search language or a function; without one the commands of splq are listed
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
}

/// `splq commands`, `splq functions`, `splq limits`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq commands --format markdown
  splq functions --format ndjson | jq -r 'select(.category == \"text\").name'
  splq limits -o limits.csv")]
pub struct ListArguments {
    /// How it is written.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// `splq macros`, `splq datamodels`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq macros --content security_content
  splq datamodels --app apps/ours --format csv")]
pub struct KnowledgeListArguments {
    /// Knowledge objects.
    #[command(flatten)]
    pub knowledge: KnowledgeOptions,
    /// How it is written.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// `splq completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq completions bash > ~/.local/share/bash-completion/completions/splq
  splq completions zsh > ~/.zfunc/_splq
  splq completions fish > ~/.config/fish/completions/splq.fish")]
pub struct CompletionsArguments {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `splq man`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  splq man | man -l -
  splq man --out ~/.local/share/man/man1")]
pub struct ManArguments {
    /// Write a page for splq and for each of its commands
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

/// Reads `NAME=FILE`.
fn name_and_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.trim().is_empty() && !file.is_empty() => Ok((name.trim().to_owned(), PathBuf::from(file))),
        _ => Err("expected NAME=FILE, as in users=users.csv".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn definitions_are_consistent() {
        Arguments::command().debug_assert();
    }
}
