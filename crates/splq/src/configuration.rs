//! splq.toml: defaults of the command line's options, found in the current folder or the nearest one above it.

mod file;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use spl_exec::limits::LIMITS;
use spl_parser::Diagnostic;
use toml::Spanned;

use self::file::{File, Setting, Texts, span, unknown, wrong};
use crate::arguments::{Command, DataOptions, KnowledgeOptions, LintOptions, SettingOptions};
use crate::diagnostics::report;
use crate::lints;
use crate::output::Format;
use crate::settings::settings;
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// The file's name.
pub const FILE_NAME: &str = "splq.toml";

/// The environment variable that names another file; empty = no file.
const VARIABLE: &str = "SPLQ_CONFIG";

/// What the file says.
#[derive(Debug, Default)]
pub struct Configuration {
    /// The file.
    pub file: PathBuf,
    /// The folder that paths are relative to; empty for the current one.
    folder: PathBuf,
    searches: Vec<PathBuf>,
    data: DataOptions,
    knowledge: KnowledgeOptions,
    settings: SettingOptions,
    format: Option<Format>,
    lints: LintOptions,
}

impl Configuration {
    /// The file of the current folder or the nearest one above it, or the one that `SPLQ_CONFIG` names.
    ///
    /// # Errors
    /// A file that can't be read or says what can't be understood: drawn with its line, as wrong usage.
    pub fn find(terminal: &Terminal) -> Result<Option<Self>, Stop> {
        let (file, folder) = match std::env::var_os(VARIABLE) {
            Some(named) if named.is_empty() => return Ok(None),
            Some(named) => {
                let file = PathBuf::from(named);
                let folder = file.parent().unwrap_or(Path::new("")).to_path_buf();
                (file, folder)
            }
            None => match nearest_file() {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Stop::Usage(format!("can't read the configuration {}: {error}", file.display())))?;
        match Self::parse(&text, folder) {
            Ok(configuration) => Ok(Some(Self { file, ..configuration })),
            Err(problem) => {
                report(terminal, &Source::new(file.display().to_string(), text), None, &[problem]);
                Err(Stop::ReportedUsage)
            }
        }
    }

    fn parse(text: &str, folder: PathBuf) -> Result<Self, Diagnostic> {
        let file = file::read(text)?;
        let mut to = Self { folder, ..Self::default() };
        let paths = |texts: &Texts| -> Vec<PathBuf> { texts.0.iter().map(|path| to.path(path)).collect() };
        let (searches, app, content) = (paths(&file.searches), paths(&file.app), paths(&file.content));
        to.searches = searches;
        to.data = to.data_options(&file)?;
        to.knowledge.app = app;
        to.knowledge.content = content;
        to.knowledge.no_pack = file.no_pack;
        to.knowledge.lookup = file.lookup.iter().map(|(name, path)| (name.clone(), to.path(path))).collect();
        for (name, definition) in &file.r#macro {
            let text = format!("{}={}", name.get_ref(), definition.get_ref());
            spl_macros::MacroTable::new().define(&text).map_err(|problem| wrong(name, problem.message))?;
            to.knowledge.macros.push(text);
        }
        to.settings = to.setting_options(&file)?;
        if let Some(format) = &file.format {
            to.format = Some(Format::from_str(format.get_ref(), true).map_err(|_| {
                let formats = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
                let names: Vec<String> = formats.map(|format| format.get_name().to_owned()).collect();
                wrong(format, format!("`{}` is not a format; expected one of {}", format.get_ref(), names.join(", ")))
            })?);
        }
        let lists = [
            (&file.lints.allow, false, &mut to.lints.allow),
            (&file.lints.warn, true, &mut to.lints.warn),
            (&file.lints.deny, true, &mut to.lints.deny),
        ];
        for (codes, all, list) in lists {
            let Some(codes) = codes else { continue };
            for code in &codes.get_ref().0 {
                lints::resolve(code, all).map_err(|message| wrong(codes, message))?;
            }
            list.clone_from(&codes.get_ref().0);
        }
        Ok(to)
    }

    fn data_options(&self, file: &File) -> Result<DataOptions, Diagnostic> {
        let mut data = DataOptions { strict: file.strict, ..DataOptions::default() };
        if let Some(paths) = &file.data {
            if paths.get_ref().0.iter().any(|path| path == "-") {
                return Err(wrong(paths, "stdin is named on the command line only"));
            }
            data.data = paths.get_ref().0.iter().map(|path| self.path(path).display().to_string()).collect();
        }
        if let Some(format) = &file.format_in {
            data.format_in = Some(format.get_ref().parse().map_err(|message: String| wrong(format, message))?);
        }
        data.sourcetype.clone_from(&file.sourcetype);
        data.source.clone_from(&file.source);
        data.host.clone_from(&file.host);
        data.index.clone_from(&file.index);
        Ok(data)
    }

    fn setting_options(&self, file: &File) -> Result<SettingOptions, Diagnostic> {
        let mut settings =
            SettingOptions { configured_times: (file.earliest.clone(), file.latest.clone()), ..Default::default() };
        setting(&mut settings, &file.now, |settings, text| settings.now = Some(text))?;
        setting(&mut settings, &file.tz, |settings, text| settings.tz = Some(text))?;
        setting(&mut settings, &file.memory_limit, |settings, text| settings.memory_limit = Some(text))?;
        if let Some(threads) = &file.threads {
            let number = u16::try_from(*threads.get_ref()).ok().filter(|number| (1..=1024).contains(number));
            let message = || format!("`{}` is not a number of threads; expected 1 to 1024", threads.get_ref());
            settings.threads = Some(number.ok_or_else(|| wrong(threads, message()))?);
        }
        settings.geoip = file.geoip.as_ref().map(|path| self.path(path));
        settings.csv_dir = file.csv_dir.as_ref().map(|path| self.path(path));
        for (name, number) in &file.limits {
            if !LIMITS.iter().any(|limit| limit.name == name.get_ref()) {
                return Err(unknown("limit", name.get_ref(), span(name), LIMITS.iter().map(|limit| limit.name)));
            }
            settings.limit.push(format!("{}={number}", name.get_ref()));
        }
        Ok(settings)
    }

    /// A path of the file as seen from the current folder.
    fn path(&self, path: &str) -> PathBuf {
        if self.folder.as_os_str().is_empty() { PathBuf::from(path) } else { self.folder.join(path) }
    }

    /// Fills in what the command line did not say.
    pub fn apply(&self, command: &mut Command) {
        match command {
            Command::Query(arguments) => {
                self.fill_data(&mut arguments.engine.data);
                self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings);
                if arguments.output.output.is_none() {
                    arguments.output.format = arguments.output.format.or(self.format);
                }
            }
            Command::Run(arguments) => {
                self.fill_searches(&mut arguments.paths);
                self.fill_data(&mut arguments.engine.data);
                self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings);
                arguments.out_format = arguments.out_format.or(self.format);
            }
            Command::Watch(arguments) => {
                self.fill_searches(&mut arguments.paths);
                self.fill_data(&mut arguments.engine.data);
                self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings);
                arguments.configuration = Some(self.file.clone());
            }
            Command::Check(arguments) => {
                self.fill_searches(&mut arguments.paths);
                self.fill(&mut arguments.knowledge, &mut arguments.settings);
                arguments.lints.allow.extend_from_slice(&self.lints.allow);
                arguments.lints.warn.extend_from_slice(&self.lints.warn);
                arguments.lints.deny.extend_from_slice(&self.lints.deny);
            }
            Command::Test(arguments) => {
                self.fill_searches(&mut arguments.paths);
                self.fill(&mut arguments.knowledge, &mut arguments.settings);
                // Times of the file are for searches over logs.
                arguments.settings.configured_times = (None, None);
            }
            Command::Coverage(arguments) => {
                self.fill_searches(&mut arguments.paths);
                self.fill_data(&mut arguments.engine.data);
                self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings);
                // All events count, and tests have no window.
                arguments.engine.settings.configured_times = (None, None);
            }
            Command::Backtest(arguments) => {
                self.fill_searches(&mut arguments.paths);
                self.fill_data(&mut arguments.engine.data);
                self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings);
                // Each search has a window of its own.
                arguments.engine.settings.configured_times = (None, None);
            }
            Command::Explain(arguments) => {
                self.fill_data(&mut arguments.engine.data);
                self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings);
            }
            Command::Repl(arguments) => {
                self.fill_data(&mut arguments.engine.data);
                self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings);
            }
            Command::Inspect(arguments) => {
                self.fill_data(&mut arguments.engine.data);
                self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings);
                // All data are shown, whatever times searches have.
                arguments.engine.settings.configured_times = (None, None);
            }
            Command::Accelerate(arguments) => self.fill(&mut arguments.engine.knowledge, &mut arguments.engine.settings),
            Command::Ingest(arguments) => {
                // What is said about searches does not concern it.
                let mut settings = SettingOptions::default();
                self.fill(&mut arguments.engine.knowledge, &mut settings);
                let own = &mut arguments.engine.settings;
                own.now = own.now.take().or(settings.now);
                own.tz = own.tz.take().or(settings.tz);
                own.memory_limit = own.memory_limit.take().or(settings.memory_limit);
                own.threads = own.threads.or(settings.threads);
            }
            Command::Macros(arguments) | Command::Datamodels(arguments) => {
                self.fill(&mut arguments.knowledge, &mut SettingOptions::default());
            }
            Command::Fmt(_)
            | Command::Commands(_)
            | Command::Functions(_)
            | Command::Limits(_)
            | Command::Help(_)
            | Command::Completions(_)
            | Command::Man(_) => {}
        }
    }

    fn fill_searches(&self, paths: &mut Vec<PathBuf>) {
        if paths.is_empty() {
            paths.clone_from(&self.searches);
        }
    }

    /// The data of the file with all that is said about them, unless the command line names data.
    fn fill_data(&self, data: &mut DataOptions) {
        if !data.data.is_empty() {
            return;
        }
        let strict = data.strict || self.data.strict;
        let given = std::mem::replace(data, self.data.clone());
        data.configured = !data.data.is_empty();
        data.strict = strict;
        data.format_in = given.format_in.or(data.format_in);
        for (to, from) in [
            (&mut data.sourcetype, given.sourcetype),
            (&mut data.source, given.source),
            (&mut data.host, given.host),
            (&mut data.index, given.index),
        ] {
            if from.is_some() {
                *to = from;
            }
        }
    }

    /// Knowledge of the file goes first, so that what the command line defines wins.
    fn fill(&self, knowledge: &mut KnowledgeOptions, settings: &mut SettingOptions) {
        knowledge.no_pack |= self.knowledge.no_pack;
        prepend(&mut knowledge.app, &self.knowledge.app);
        prepend(&mut knowledge.content, &self.knowledge.content);
        prepend(&mut knowledge.lookup, &self.knowledge.lookup);
        prepend(&mut knowledge.macros, &self.knowledge.macros);
        prepend(&mut settings.limit, &self.settings.limit);
        settings.configured_times = self.settings.configured_times.clone();
        settings.threads = settings.threads.or(self.settings.threads);
        for (to, from) in [
            (&mut settings.now, &self.settings.now),
            (&mut settings.tz, &self.settings.tz),
            (&mut settings.memory_limit, &self.settings.memory_limit),
        ] {
            if to.is_none() {
                to.clone_from(from);
            }
        }
        for (to, from) in [(&mut settings.geoip, &self.settings.geoip), (&mut settings.csv_dir, &self.settings.csv_dir)] {
            if to.is_none() {
                to.clone_from(from);
            }
        }
    }
}

fn prepend<T: Clone>(list: &mut Vec<T>, first: &[T]) {
    list.splice(0..0, first.iter().cloned());
}

/// The nearest file and its folder as seen from the current one.
fn nearest_file() -> Option<(PathBuf, PathBuf)> {
    let current = std::env::current_dir().ok()?;
    let mut folder = PathBuf::new();
    for above in current.ancestors() {
        if above.join(FILE_NAME).is_file() {
            return Some((folder.join(FILE_NAME), folder));
        }
        folder.push("..");
    }
    None
}

/// Sets a value as the command line takes it, checked as it is there.
fn setting(
    to: &mut SettingOptions,
    value: &Option<Spanned<Setting>>,
    set: fn(&mut SettingOptions, String),
) -> Result<(), Diagnostic> {
    let Some(value) = value else { return Ok(()) };
    let text = value.get_ref().text();
    let mut alone = SettingOptions::default();
    set(&mut alone, text.clone());
    if let Err(Stop::Usage(message)) = settings(&alone) {
        let message = message.split_once(": ").map_or(message.as_str(), |(_, message)| message);
        return Err(wrong(value, message));
    }
    set(to, text);
    Ok(())
}

#[cfg(test)]
mod tests;
