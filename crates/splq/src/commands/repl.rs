//! `splq repl`: searches typed one after another over loaded data.

mod assistant;
mod input;

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use indicatif::HumanCount;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};
use spl_exec::{Engine, Failure, Results, Search};
use spl_parser::commands::lookup;
use spl_sources::FieldSelection;
use tokio::runtime::Runtime;

use crate::arguments::{DataOptions, ReplArguments};
use crate::commands::explain::STAGES;
use crate::commands::inspect::{Facts, field_rows};
use crate::commands::list::{macro_rows, status};
use crate::commands::query::footer;
use crate::diagnostics::{report, report_failure};
use crate::loading;
use crate::output::{self, Format, Layout};
use crate::session;
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

use self::assistant::{Assistant, Words};
use self::input::{DotCommand, HELP, format_named, read_command};

/// Rows that are shown of a result unless `.limit` says otherwise.
const LIMIT: usize = 1000;

/// Reads searches until the end of input.
///
/// # Errors
/// Data and knowledge that can't be loaded at the start, a terminal that can't be read.
pub fn repl(arguments: &ReplArguments, runtime: &Runtime, terminal: &Terminal) -> Result<(), Stop> {
    if arguments.engine.data.data.iter().any(|path| path == "-") {
        return Err(Stop::Usage("the REPL reads searches from stdin, so --data - can't be used".to_owned()));
    }
    let engine = session::engine_of(&arguments.engine, terminal)?;
    let mut repl = Repl {
        engine,
        data: arguments.engine.data.clone(),
        runtime,
        terminal,
        format: arguments.format,
        limit: LIMIT,
        timing: true,
    };
    repl.load()?;
    repl.converse()
}

/// The state between two searches.
struct Repl<'a> {
    engine: Engine,
    data: DataOptions,
    runtime: &'a Runtime,
    terminal: &'a Terminal,
    format: Format,
    limit: usize,
    timing: bool,
}

impl Repl<'_> {
    /// Loads all fields of what the data options name.
    fn load(&mut self) -> Result<(), Stop> {
        if self.data.data.is_empty() {
            self.terminal.note("no data is loaded; .load PATH loads some");
        }
        let Some(loaded) = loading::load(&self.data, self.engine.settings(), FieldSelection::All, self.terminal)? else {
            return Ok(());
        };
        let (events, files) = (loaded.table.rows(), loaded.report.files.len());
        self.engine.set_data(loaded.table).map_err(|problem| session::stop(self.terminal, &problem))?;
        let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        self.terminal.note(format_args!("{} events from {files}", HumanCount(events as u64)));
        Ok(())
    }

    fn converse(&mut self) -> Result<(), Stop> {
        let broken = |error: ReadlineError| Stop::Failed(format!("can't read the terminal: {error}"));
        let config =
            Config::builder().history_ignore_space(true).auto_add_history(true).max_history_size(10_000).map_err(broken)?;
        let mut editor: Editor<Assistant, FileHistory> = Editor::with_config(config.build()).map_err(broken)?;
        editor.set_helper(Some(Assistant::new(self.words(), self.terminal.color_out)));
        let history = history_file();
        if let Some(path) = &history {
            // There is none at the first start.
            let _ = editor.load_history(path);
        }
        self.terminal.note("splq: type a search, .help for help, .quit or Ctrl-D to leave");
        loop {
            match editor.readline("spl> ") {
                Ok(line) => {
                    if let Some(path) = &history {
                        let _ = editor.append_history(path);
                    }
                    match self.answer(line.trim()) {
                        Ok(Next::Continue) => {}
                        Ok(Next::NewWords) => {
                            if let Some(assistant) = editor.helper_mut() {
                                assistant.words = self.words();
                            }
                        }
                        Ok(Next::Quit) | Err(Stop::OutputClosed) => return Ok(()),
                        Err(stop) => {
                            let _ = stop.report();
                        }
                    }
                }
                // A line that is given up; the session goes on.
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(()),
                Err(error) => return Err(broken(error)),
            }
        }
    }

    /// What can be completed now.
    fn words(&self) -> Words {
        let fields = self.engine.data().map(|data| data.schema.fields().iter().map(|field| field.name().clone()).collect());
        let macros = self.engine.knowledge().macros.iter().map(|definition| definition.name.clone()).collect();
        Words::new(fields.unwrap_or_default(), macros)
    }

    fn answer(&mut self, line: &str) -> Result<Next, Stop> {
        if line.is_empty() {
            return Ok(Next::Continue);
        }
        match read_command(line) {
            None => self.search(line)?,
            Some(Err(message)) => return Err(Stop::Failed(message)),
            Some(Ok(DotCommand::Quit)) => return Ok(Next::Quit),
            Some(Ok(DotCommand::Help(topic))) => print(&help(&topic)?)?,
            Some(Ok(DotCommand::Load(paths))) => {
                let before = self.data.clone();
                self.data.data.extend(paths);
                if let Err(stop) = self.load() {
                    self.data = before;
                    return Err(stop);
                }
                return Ok(Next::NewWords);
            }
            Some(Ok(DotCommand::Fields(part))) => self.fields(&part)?,
            Some(Ok(DotCommand::Macros(part))) => {
                let rows = macro_rows(self.engine.knowledge(), &part)?;
                self.print_rows(&rows, Format::Table)?;
            }
            Some(Ok(DotCommand::Format(name))) => self.format = format_named(&name)?,
            Some(Ok(DotCommand::Limit(limit))) => self.limit = limit,
            Some(Ok(DotCommand::Time(earliest, latest))) => self.set_times(earliest, latest)?,
            Some(Ok(DotCommand::Timing(on))) => self.timing = on,
            Some(Ok(DotCommand::Explain(text))) => self.explain(&text)?,
        }
        Ok(Next::Continue)
    }

    fn search(&self, text: &str) -> Result<(), Stop> {
        let source = Source::new("search", text);
        let started = Instant::now();
        let search = self.compile(text, &source)?;
        let results = self.wait(&source, self.engine.run(&search))?;
        let elapsed = started.elapsed();
        report(self.terminal, &source, Some(&search.expansion), &results.warnings);
        let rows = results.rows();
        let footer = footer(&results, elapsed);
        if self.limit > 0 && rows > self.limit {
            self.print_rows(&first_rows(results, self.limit), self.format)?;
            self.terminal.note(format_args!("the first {} are shown; .limit 0 shows all", HumanCount(self.limit as u64)));
        } else {
            self.print_rows(&results, self.format)?;
        }
        if self.timing {
            self.terminal.note(footer);
        }
        Ok(())
    }

    fn compile(&self, text: &str, source: &Source) -> Result<Search, Stop> {
        self.engine.compile(text).map_err(|failure| self.failed(source, &failure))
    }

    fn failed(&self, source: &Source, failure: &Failure) -> Stop {
        report_failure(self.terminal, source, failure);
        Stop::Reported
    }

    /// Waits for an answer of the engine; Ctrl-C gives it up.
    fn wait<T>(&self, source: &Source, answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Stop> {
        self.runtime.block_on(async {
            tokio::select! {
                answer = answer => answer.map_err(|failure| self.failed(source, &failure)),
                _ = tokio::signal::ctrl_c() => Err(Stop::Failed("cancelled".to_owned())),
            }
        })
    }

    fn explain(&self, text: &str) -> Result<(), Stop> {
        let source = Source::new("search", text);
        let search = self.compile(text, &source)?;
        for (_, stage, heading) in STAGES {
            let text = self.wait(&source, self.engine.explain(&search, stage))?;
            print(&format!("── {heading} ──\n{}\n\n", text.trim_end()))?;
        }
        Ok(())
    }

    fn fields(&self, part: &str) -> Result<(), Stop> {
        let Some(data) = self.engine.data() else {
            return Err(Stop::Failed("no data is loaded; .load PATH loads some".to_owned()));
        };
        let rows = field_rows(&Facts::new(data)?, part)?;
        if rows.rows() == 0 {
            return Err(Stop::Failed(format!("no field has `{part}` in its name")));
        }
        self.print_rows(&rows, Format::Table)
    }

    fn set_times(&mut self, earliest: Option<String>, latest: Option<String>) -> Result<(), Stop> {
        let mut settings = self.engine.settings().clone();
        settings.earliest = earliest;
        settings.latest = latest;
        let knowledge = self.engine.knowledge().clone();
        self.engine.reconfigure(knowledge, settings).map_err(|problem| session::stop(self.terminal, &problem))
    }

    fn print_rows(&self, results: &Results, format: Format) -> Result<(), Stop> {
        // The terminal may have been resized since the start.
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).filter(|_| self.terminal.stdout);
        let width = width.or(self.terminal.width);
        let layout = Layout { time_zone: self.engine.settings().time_zone, width, color: self.terminal.color_out };
        let mut output = std::io::stdout();
        output::write(&mut output, results, format, layout)?;
        Ok(output.flush()?)
    }
}

/// What to do after a line.
enum Next {
    Continue,
    /// The same, but there are other fields to complete now.
    NewWords,
    Quit,
}

/// The first rows of a result.
fn first_rows(results: Results, limit: usize) -> Results {
    let mut left = limit;
    let batches = results
        .batches
        .iter()
        .map_while(|batch| {
            let rows = batch.num_rows().min(left);
            left -= rows;
            (rows > 0).then(|| batch.slice(0, rows))
        })
        .collect();
    Results { batches, ..results }
}

/// All of help, or what is known of a command of the search language.
fn help(topic: &str) -> Result<String, Stop> {
    if topic.is_empty() {
        return Ok(HELP.to_owned());
    }
    let Some(spec) = lookup(topic) else {
        return Err(Stop::Failed(format!("`{topic}` is no command of the search language; splq commands lists them")));
    };
    let mut text = format!("{}: {}\n{}\n", spec.name, spec.summary, spec.syntax);
    for option in spec.options {
        let default = if option.default.is_empty() { String::new() } else { format!(" [default: {}]", option.default) };
        text.push_str(&format!("  {}  {}{default}\n", option.name, option.summary));
    }
    text.push_str(&format!("status: {}\n", status(spec.status)));
    Ok(text)
}

fn print(text: &str) -> Result<(), Stop> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// Where typed searches are kept: in the folder for state of the user, made when it is missing.
fn history_file() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local").join("state")))
        .or_else(|| variable("LOCALAPPDATA"))?
        .join("splq");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
