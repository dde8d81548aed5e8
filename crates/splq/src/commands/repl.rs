//! `splq repl`: searches typed one after another over loaded data.

mod approximation;
mod assistant;
mod colors;
mod completion;
mod dot_commands;
mod input;
mod position;
mod running;
mod surroundings;
mod tokens;
mod topics;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Cmd, CompletionType, Config, Editor, KeyCode, KeyEvent, Modifiers};
use spl_exec::{Engine, Failure, Results, Search, SearchClock};
use spl_functions::time::parse_time_modifier;
use spl_sources::{EventTable, FieldSelection, LoadReport};
use tokio::runtime::Runtime;

use crate::arguments::{DataOptions, ReplArguments};
use crate::commands::explain::{STAGES, write_counts};
use crate::commands::inspect::{Facts, field_rows, file_rows, sourcetype_rows};
use crate::commands::list::{data_model_rows, macro_rows};
use crate::commands::query::{duration, event_style, footer};
use crate::diagnostics::{report, report_failure};
use crate::empty;
use crate::files::at_home;
use crate::loading::Loading;
use crate::output::events::{self, EventStyle, EventView};
use crate::output::screen::{self, Screen};
use crate::output::{self, ENDINGS, Format, Layout, chart, part_of, table};
use crate::pager;
use crate::queries::read_search;
use crate::session;
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

use self::assistant::{Assistant, PROMPT};
use self::input::{DotCommand, format_named, read_command};
use self::running::{CANCELLED, Outcome, Runner};
use self::surroundings::EngineSurroundings;

/// What is said where there are no events.
const NO_DATA: &str = "no data is loaded; .load PATH loads some";
/// What is said where there is no result.
const NO_RESULT: &str = "there is no result yet; run a search first";
/// Rows that are shown of a result where it does not go to a terminal, unless `.limit` says otherwise.
const LIMIT: usize = 1000;

/// Reads searches until the end of input.
///
/// # Errors
/// Data and knowledge that can't be loaded at the start, a terminal that can't be read.
pub fn repl(arguments: &ReplArguments, runtime: &Runtime, terminal: &Terminal) -> Result<(), Stop> {
    if arguments.engine.data.data.iter().any(|path| path == "-") {
        return Err(Stop::Usage("the REPL reads searches from stdin, so --data - can't be used".to_owned()));
    }
    if matches!(arguments.format, Format::Parquet | Format::Svg | Format::Png) {
        return Err(Stop::Usage("the REPL prints rows; .save FILE writes Parquet, SVG and PNG".to_owned()));
    }
    let runner = Runner::new(runtime)?;
    let engine = session::engine_of(&arguments.engine, terminal)?;
    let mut repl = Repl {
        clock: engine.clock().clone(),
        engine: Arc::new(engine),
        data: arguments.engine.data.clone(),
        report: None,
        last: None,
        last_search: None,
        runner: &runner,
        terminal,
        format: arguments.format,
        limit: None,
        events: arguments.events,
        pages: false,
        timing: true,
        keeps_now: arguments.engine.settings.now.is_some(),
    };
    repl.load()?;
    let ended = repl.converse();
    if runner.is_busy() {
        // A search that was given up is not waited for.
        std::process::exit(if ended.is_ok() { 0 } else { 1 });
    }
    ended
}

/// Prints what is known of a command of the search language or of a function.
///
/// # Errors
/// A topic that is none, with the nearest one.
pub fn help(topic: &str) -> Result<(), Stop> {
    print(&topics::help(topic)?)
}

/// The state between two searches.
struct Repl<'a> {
    engine: Arc<Engine>,
    data: DataOptions,
    report: Option<LoadReport>,
    last: Option<Results>,
    last_search: Option<Search>,
    runner: &'a Runner<'a>,
    terminal: &'a Terminal,
    format: Format,
    /// Rows that are shown; none = as many as fit the terminal, 0 = all.
    limit: Option<usize>,
    /// How events are shown.
    events: Option<EventView>,
    /// What does not fit the terminal is paged at once.
    pages: bool,
    timing: bool,
    /// The clock of the next search.
    clock: SearchClock,
    /// `--now` was given: time stands still.
    keeps_now: bool,
}

impl<'a> Repl<'a> {
    /// Loads all fields of what the data options name.
    fn load(&mut self) -> Result<(), Stop> {
        if self.data.data.is_empty() {
            self.terminal.note(NO_DATA);
        }
        let started = Instant::now();
        let loading = Loading::new(&self.data, self.engine.settings(), FieldSelection::All, self.terminal)?;
        let Some(loading) = loading else {
            return Ok(());
        };
        let loading = Arc::new(loading.knowing(&self.engine));
        let read = {
            let loading = Arc::clone(&loading);
            self.runner.until_interrupted(move |_| Some(Ok(loading.read())))?
        };
        let loaded = match read {
            Outcome::Answer(Ok(loaded)) => loading.finish(loaded, self.terminal)?,
            Outcome::Answer(Err(failure)) => return Err(self.failed(&Source::new("data", ""), &failure)),
            Outcome::GivenUp => {
                loading.hide();
                return Err(cancelled());
            }
        };
        let (events, files) = (loaded.table.rows(), loaded.report.files.len());
        let bytes = loaded.report.bytes();
        self.set_data(loaded.table)?;
        self.report = Some(loaded.report);
        let files = if files == 1 { "1 file".to_owned() } else { format!("{} files", HumanCount(files as u64)) };
        self.terminal.note(format_args!(
            "{} events from {files}, {} in {}",
            HumanCount(events as u64),
            HumanBytes(bytes),
            duration(started.elapsed())
        ));
        Ok(())
    }

    fn set_data(&mut self, table: EventTable) -> Result<(), Stop> {
        let mut engine = self.engine.with_data(table).map_err(|problem| session::stop(self.terminal, &problem))?;
        session::find_summaries(&mut engine, &self.data);
        self.engine = Arc::new(engine);
        Ok(())
    }

    fn surroundings(&self) -> EngineSurroundings<'a> {
        EngineSurroundings::new(Arc::clone(&self.engine), self.clock.clone(), self.runner, self.data.data.clone())
    }

    fn converse(&mut self) -> Result<(), Stop> {
        let broken = |error: ReadlineError| Stop::Failed(format!("can't read the terminal: {error}"));
        let config = Config::builder()
            .history_ignore_space(true)
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .max_history_size(10_000)
            .map_err(broken)?;
        let mut editor: Editor<Assistant<'a>, FileHistory> = Editor::with_config(config.build()).map_err(broken)?;
        editor.set_helper(Some(Assistant::new(self.surroundings(), self.terminal.color_out)));
        // A line break where the search is complete already.
        editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), Cmd::Newline);
        let history = history_file();
        if let Some(path) = &history {
            // There is none at the first start.
            let _ = editor.load_history(path);
        }
        self.terminal.note("splq: type a search, .help for help, .quit or Ctrl-D to leave");
        loop {
            match editor.readline(PROMPT) {
                Ok(line) => {
                    if let Some(path) = &history {
                        let _ = editor.append_history(path);
                    }
                    if let Some(Ok(DotCommand::History(most))) = read_command(line.trim()) {
                        let all: Vec<&String> = editor.history().iter().collect();
                        let text: String =
                            all.iter().skip(all.len().saturating_sub(most)).map(|line| format!("{line}\n")).collect();
                        print(&text)?;
                        continue;
                    }
                    match self.answer(line.trim()) {
                        Ok(Next::Continue) => {}
                        Ok(Next::Changed) => {
                            if let Some(assistant) = editor.helper_mut() {
                                assistant.surroundings = self.surroundings();
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

    fn answer(&mut self, line: &str) -> Result<Next, Stop> {
        if line.is_empty() {
            return Ok(Next::Continue);
        }
        let command = match read_command(line) {
            None => {
                self.search(line, &Source::new("search", line))?;
                return Ok(Next::Continue);
            }
            Some(command) => command.map_err(Stop::Failed)?,
        };
        match command {
            DotCommand::Quit => return Ok(Next::Quit),
            DotCommand::Help(topic) => print(&topics::help(&topic)?)?,
            DotCommand::Load(paths) => {
                self.replace_data(|data| data.extend(paths))?;
                return Ok(Next::Changed);
            }
            DotCommand::Unload(paths) => {
                self.unload(paths)?;
                return Ok(Next::Changed);
            }
            DotCommand::Sources => self.sources()?,
            DotCommand::Fields(part) => self.fields(&part)?,
            DotCommand::Macros(part) => self.list(&macro_rows(self.engine.knowledge(), &part)?, "macro", &part)?,
            DotCommand::Macro(text) => return self.define_macro(&text),
            DotCommand::DataModels(part) => self.data_models(&part)?,
            DotCommand::Format(name) => self.format = format_named(&name)?,
            DotCommand::Limit(limit) => self.limit = limit,
            DotCommand::Events(view) => self.events = Some(view),
            DotCommand::Event(number) => self.event(number)?,
            DotCommand::Shell(text) => shell(&text)?,
            DotCommand::Edit => self.edit()?,
            DotCommand::Pager(None) => self.page_last()?,
            DotCommand::Pager(Some(on)) => self.pages = on,
            DotCommand::Row(number) => self.row(number)?,
            DotCommand::Why => self.why()?,
            // Answered where the history is.
            DotCommand::History(_) => {}
            DotCommand::ShowTime => self.show_times(),
            DotCommand::Time(earliest, latest) => {
                self.set_times(earliest, latest)?;
                return Ok(Next::Changed);
            }
            DotCommand::Timing(on) => self.timing = on,
            DotCommand::Explain(text) => self.explain(&text)?,
            DotCommand::Save(path) => self.save(Path::new(&at_home(&path)))?,
            DotCommand::Chart(None) => self.print_rows(self.last()?, Format::Chart)?,
            DotCommand::Chart(Some(path)) => self.save_chart(Path::new(&at_home(&path)))?,
            DotCommand::Run(path) => {
                let (text, source) = read_search(Path::new(&at_home(&path)))?;
                self.search(&text, &source)?;
            }
        }
        Ok(Next::Continue)
    }

    fn search(&mut self, text: &str, source: &Source) -> Result<(), Stop> {
        let started = Instant::now();
        // Relative times count from the moment of a search, not from the start of the session.
        if !self.keeps_now {
            self.clock.now = crate::settings::clock();
        }
        let search = self.compile(text, source)?;
        let results = self.wait(source, self.runner.run(&self.engine, &search)?)?;
        let elapsed = started.elapsed();
        report(self.terminal, source, Some(&search.expansion), &results.warnings);
        let footer = footer(&results, elapsed);
        let shown = self.show(&results, event_style(&self.engine, &search));
        self.last = Some(results);
        shown?;
        if self.timing {
            self.terminal.note(footer);
        }
        if self.last.as_ref().is_some_and(empty::is_nothing) && self.terminal.stderr && !self.terminal.quiet {
            for line in self.reasons(&search, empty::PATIENCE)? {
                self.terminal.note(line);
            }
        }
        self.last_search = Some(search);
        Ok(())
    }

    /// Why a search found nothing; nothing when it takes too long or Ctrl-C is pressed.
    fn reasons(&self, search: &Search, patience: Duration) -> Result<Vec<String>, Stop> {
        if self.engine.data().is_none_or(|data| data.rows() == 0) && self.data.data.is_empty() {
            return Ok(vec![NO_DATA.to_owned()]);
        }
        let (engine, search) = (Arc::clone(&self.engine), search.clone());
        let work =
            move |waiting: &running::Waiting| waiting.block_on(async { Ok(empty::reasons(&engine, &search, patience).await) });
        match self.runner.until_interrupted(work)? {
            Outcome::Answer(Ok(lines)) => Ok(lines),
            _ => Ok(Vec::new()),
        }
    }

    /// The rows behind each step of the last search, and why it found nothing.
    fn why(&self) -> Result<(), Stop> {
        let search = self.last_search.as_ref().ok_or_else(|| Stop::Failed(NO_RESULT.to_owned()))?;
        let source = Source::new("search", &search.text);
        let work = {
            let (engine, search) = (Arc::clone(&self.engine), search.clone());
            move |waiting: &running::Waiting| waiting.block_on(async { engine.row_counts(&search).await })
        };
        let counts = self.wait(&source, self.runner.until_interrupted(work)?)?;
        write_counts(&mut std::io::stdout(), &counts)?;
        if counts.last().is_some_and(|last| last.rows == 0) {
            for line in self.reasons(search, empty::ASKED)? {
                print(&format!("{line}\n"))?;
            }
        }
        Ok(())
    }

    /// Prints a result, its first rows when there are many; a result that is no chart is a table.
    fn show(&self, results: &Results, style: EventStyle) -> Result<(), Stop> {
        let rows = results.rows();
        let mut format = self.format;
        if format == Format::Chart && rows > 0 && chart::Chart::new(results, self.clock.time_zone).is_err() {
            self.terminal.note("no chart can be drawn of this result");
            format = Format::Table;
        }
        if format == Format::Table {
            return self.show_table(&self.screen(results, style));
        }
        let limit = self.limit.unwrap_or(LIMIT);
        let first = (limit > 0 && rows > limit && format != Format::Chart).then(|| part_of(results, 0, limit));
        if rows > 0 || format != Format::Chart {
            self.print_rows(first.as_ref().unwrap_or(results), format)?;
        }
        if first.is_some() {
            self.terminal.note(format_args!("the first {} are shown; .limit 0 shows all", HumanCount(limit as u64)));
        }
        Ok(())
    }

    fn screen<'r>(&self, results: &'r Results, style: EventStyle) -> Screen<'r> {
        let layout = Layout { numbered: self.terminal.stdout && results.rows() > 1, ..self.layout() };
        Screen { results, layout, events: screen::event_view(self.events, results, self.terminal), style }
    }

    /// Prints rows or events: as many as the terminal shows at once, unless `.limit` says how many, or all of them in the pager.
    fn show_table(&self, shown: &Screen<'_>) -> Result<(), Stop> {
        let rows = shown.results.rows();
        let room = screen::room(self.terminal).filter(|_| self.limit.is_none());
        let number = match room {
            Some(room) => {
                let (text, fitting) = shown.fitting(room)?;
                if fitting < rows && self.pages && self.terminal.can_page {
                    return self.page(shown);
                }
                self.runner.output().write_all(&text).map_err(|error| self.interrupted(error.into()))?;
                fitting
            }
            None => {
                let limit = self.limit.unwrap_or(LIMIT);
                let number = if limit == 0 { rows } else { rows.min(limit) };
                let mut output = self.runner.output();
                shown.write(&mut output, number, shown.layout).map_err(|stop| self.interrupted(stop))?;
                number
            }
        };
        std::io::stdout().flush()?;
        if let Some(more) = shown.more(number) {
            let one = if shown.events.is_some() { "; .event N shows one in full" } else { "" };
            let all = if self.terminal.can_page { ".pager shows all" } else { ".limit 0 shows all" };
            self.terminal.note(format_args!("{more}; {all}{one}"));
        }
        if self.terminal.stdout && shown.cuts(number)? {
            self.terminal.note("some values are cut; .row N shows row N in full");
        }
        Ok(())
    }

    /// Shows all rows in the pager.
    fn page(&self, shown: &Screen<'_>) -> Result<(), Stop> {
        let (text, paged) = shown.paged()?;
        pager::show(text)?;
        if let Some(more) = shown.more(paged) {
            self.terminal.note(format_args!("{more} than the pager shows; .save FILE writes all"));
        }
        Ok(())
    }

    /// Opens the last search in the user's editor and runs what comes back.
    fn edit(&mut self) -> Result<(), Stop> {
        let before = self.last_search.as_ref().map(|search| search.text.clone()).unwrap_or_default();
        let file = std::env::temp_dir().join(format!("splq-{}.spl", std::process::id()));
        crate::files::write_whole(&file, &format!("{before}\n"))?;
        let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let editor = editor.unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.to_owned());
        let mut words = input::words(&editor).into_iter();
        let mut command = std::process::Command::new(words.next().unwrap_or_default());
        let ended = command.args(words).arg(&file).status();
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        // The file has served.
        let _ = std::fs::remove_file(&file);
        let ended = ended.map_err(|error| Stop::Failed(format!("can't start {editor}: {error}")))?;
        let text = text.trim();
        if !ended.success() || text.is_empty() {
            return Err(Stop::Failed("nothing is run: the editor gave nothing back".to_owned()));
        }
        print(&format!("{text}\n"))?;
        self.search(text, &Source::new("search", text))
    }

    /// The last result in the pager.
    fn page_last(&self) -> Result<(), Stop> {
        if !self.terminal.can_page {
            return Err(Stop::Failed("the pager needs a terminal".to_owned()));
        }
        let last = self.last()?;
        self.page(&self.screen(last, self.style()))
    }

    /// An event of the last result in full, its fields in groups.
    fn event(&self, number: usize) -> Result<(), Stop> {
        let last = self.last()?;
        if !events::are_events(last) {
            return Err(Stop::Failed("the last result has no events; .row N shows a row in full".to_owned()));
        }
        self.has_row(last, number, "event")?;
        let mut output = std::io::stdout();
        events::write_fields(&mut output, &part_of(last, number - 1, 1), &self.style(), self.layout(), number, true)?;
        Ok(output.flush()?)
    }

    fn has_row(&self, last: &Results, number: usize, what: &str) -> Result<(), Stop> {
        let rows = last.rows();
        if number > rows {
            return Err(Stop::Failed(format!("there is no {what} {number}; the last result has {}", HumanCount(rows as u64))));
        }
        Ok(())
    }

    /// What an event list of the last search needs.
    fn style(&self) -> EventStyle {
        self.last_search.as_ref().map(|search| event_style(&self.engine, search)).unwrap_or_default()
    }

    fn interrupted(&self, stop: Stop) -> Stop {
        if self.runner.is_interrupted() { cancelled() } else { stop }
    }

    fn compile(&self, text: &str, source: &Source) -> Result<Search, Stop> {
        self.engine.compile_at(text, self.clock.clone()).map_err(|failure| self.failed(source, &failure))
    }

    fn failed(&self, source: &Source, failure: &Failure) -> Stop {
        report_failure(self.terminal, source, failure);
        Stop::Reported
    }

    fn wait<T>(&self, source: &Source, outcome: Outcome<T>) -> Result<T, Stop> {
        match outcome {
            Outcome::Answer(answer) => answer.map_err(|failure| self.failed(source, &failure)),
            Outcome::GivenUp => Err(cancelled()),
        }
    }

    fn last(&self) -> Result<&Results, Stop> {
        self.last.as_ref().ok_or_else(|| Stop::Failed(NO_RESULT.to_owned()))
    }

    /// Loads what is left after a change of the list of paths; when that fails everything stays as it was.
    fn replace_data(&mut self, change: impl FnOnce(&mut Vec<String>)) -> Result<(), Stop> {
        let before = self.data.clone();
        change(&mut self.data.data);
        let loaded = self.load();
        if loaded.is_err() {
            self.data = before;
        }
        loaded
    }

    fn unload(&mut self, paths: Option<Vec<String>>) -> Result<(), Stop> {
        if let Some(unknown) = paths.iter().flatten().find(|path| !self.data.data.contains(path)) {
            let loaded = if self.data.data.is_empty() { "nothing".to_owned() } else { self.data.data.join(", ") };
            return Err(Stop::Failed(format!("{unknown} was not loaded; loaded is {loaded}")));
        }
        let keeps = |path: &String| paths.as_ref().is_some_and(|paths| !paths.contains(path));
        if self.data.data.iter().any(keeps) {
            return self.replace_data(|data| data.retain(keeps));
        }
        self.data.data.clear();
        self.report = None;
        let schema = self.engine.data().map(|data| Arc::clone(&data.schema));
        if let Some(schema) = schema {
            self.set_data(EventTable { schema, batches: Vec::new() })?;
        }
        self.terminal.note(NO_DATA);
        Ok(())
    }

    fn sources(&self) -> Result<(), Stop> {
        let (Some(report), Some(data)) = (&self.report, self.engine.data()) else {
            return Err(no_data());
        };
        self.print_rows(&file_rows(report)?, Format::Table)?;
        print("\n")?;
        self.print_rows(&sourcetype_rows(&Facts::new(data)?, self.clock.time_zone)?, Format::Table)
    }

    fn fields(&self, part: &str) -> Result<(), Stop> {
        let data = self.engine.data().filter(|data| data.rows() > 0).ok_or_else(no_data)?;
        self.list(&field_rows(&Facts::new(data)?, part)?, "field", part)
    }

    /// Prints a list, or that nothing fits.
    fn list(&self, rows: &Results, what: &str, part: &str) -> Result<(), Stop> {
        if rows.rows() == 0 {
            return Err(Stop::Failed(format!("no {what} has `{part}` in its name")));
        }
        self.print_rows(rows, Format::Table)
    }

    fn data_models(&self, part: &str) -> Result<(), Stop> {
        let knowledge = self.engine.knowledge();
        self.list(&data_model_rows(knowledge, part)?, "data model", part)?;
        match knowledge.data_models.get(part) {
            Some(model) => print(&topics::model_fields(model, self.layout().width.unwrap_or(100))),
            None => Ok(()),
        }
    }

    fn define_macro(&mut self, text: &str) -> Result<Next, Stop> {
        let name = text.trim_matches('`');
        if !text.contains('=') {
            self.list(&macro_rows(self.engine.knowledge(), name)?, "macro", name)?;
            return Ok(Next::Continue);
        }
        let mut knowledge = self.engine.knowledge().clone();
        knowledge.macros.define(text).map_err(|problem| session::stop(self.terminal, &problem))?;
        let engine = self.engine.with_knowledge(knowledge).map_err(|problem| session::stop(self.terminal, &problem))?;
        self.engine = Arc::new(engine);
        Ok(Next::Changed)
    }

    fn show_times(&self) {
        match (&self.clock.earliest, &self.clock.latest) {
            (None, None) => self.terminal.note("searches cover all time"),
            (earliest, latest) => {
                let bound = |bound: &Option<String>, open: &str| bound.clone().unwrap_or_else(|| open.to_owned());
                self.terminal.note(format_args!("from {} to {}", bound(earliest, "the first event"), bound(latest, "now")));
            }
        }
    }

    fn set_times(&mut self, earliest: Option<String>, latest: Option<String>) -> Result<(), Stop> {
        for time in [&earliest, &latest].into_iter().flatten() {
            parse_time_modifier(time)
                .map_err(|message| Stop::Failed(format!("{message}; for example -24h@h, @d, 1700000000")))?;
        }
        self.clock.earliest = earliest;
        self.clock.latest = latest;
        self.show_times();
        Ok(())
    }

    fn explain(&self, text: &str) -> Result<(), Stop> {
        let source = Source::new("search", text);
        let search = Arc::new(self.compile(text, &source)?);
        for (_, stage, heading) in STAGES {
            let (engine, search) = (Arc::clone(&self.engine), Arc::clone(&search));
            let work = move |waiting: &running::Waiting| waiting.block_on(async { engine.explain(&search, stage).await });
            let text = self.wait(&source, self.runner.until_interrupted(work)?)?;
            print(&format!("── {heading} ──\n{}\n\n", text.trim_end()))?;
        }
        Ok(())
    }

    /// Shows a row of the last result in full.
    fn row(&self, number: usize) -> Result<(), Stop> {
        let last = self.last()?;
        self.has_row(last, number, "row")?;
        let mut output = std::io::stdout();
        table::write_whole(&mut output, &part_of(last, number - 1, 1), self.layout())?;
        Ok(output.flush()?)
    }

    fn save(&self, path: &Path) -> Result<(), Stop> {
        let last = self.last()?;
        let Some(format) = Format::of_extension(path) else {
            return Err(Stop::Failed(format!("the extension of {} tells no format; known are {ENDINGS}", path.display())));
        };
        // Nothing is written over by a result that can't be drawn.
        if matches!(format, Format::Svg | Format::Png) {
            chart::Chart::new(last, self.clock.time_zone)?;
        }
        let mut file = output::create(path)?;
        let layout = Layout { time_zone: self.clock.time_zone, width: None, color: false, numbered: false };
        output::write(&mut file, last, format, layout)?;
        file.flush()?;
        let rows = last.rows();
        self.terminal.note(format_args!(
            "{} {} written to {}",
            HumanCount(rows as u64),
            if rows == 1 { "row" } else { "rows" },
            path.display()
        ));
        Ok(())
    }

    fn save_chart(&self, path: &Path) -> Result<(), Stop> {
        match Format::of_extension(path) {
            Some(Format::Svg | Format::Png) => self.save(path),
            _ => Err(Stop::Failed(format!("a chart is written to .svg and .png, not to {}", path.display()))),
        }
    }

    fn layout(&self) -> Layout {
        // The terminal may have been resized since the start.
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).filter(|_| self.terminal.stdout);
        let width = width.or(self.terminal.width);
        Layout { time_zone: self.clock.time_zone, width, color: self.terminal.color_out, numbered: false }
    }

    fn print_rows(&self, results: &Results, format: Format) -> Result<(), Stop> {
        let mut output = self.runner.output();
        let written = output::write(&mut output, results, format, self.layout());
        written.map_err(|stop| if self.runner.is_interrupted() { cancelled() } else { stop })?;
        Ok(output.flush()?)
    }
}

/// What to do after a line.
enum Next {
    Continue,
    /// The same, but other things can be completed now.
    Changed,
    Quit,
}

fn cancelled() -> Stop {
    Stop::Failed(CANCELLED.to_owned())
}

fn no_data() -> Stop {
    Stop::Failed(NO_DATA.to_owned())
}

/// Runs a line in the shell of the user.
fn shell(text: &str) -> Result<(), Stop> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let ended = std::process::Command::new(shell).args([option, text]).status();
    let ended = ended.map_err(|error| Stop::Failed(format!("can't start {shell}: {error}")))?;
    if ended.success() { Ok(()) } else { Err(Stop::Failed(format!("the command ended with {ended}"))) }
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
