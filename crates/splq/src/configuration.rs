//! splq.toml: defaults of the command line's options, found in the current folder or the nearest one above it.

mod values;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use spl_exec::limits::LIMITS;
use spl_parser::{Diagnostic, Span};
use toml::de::{DeTable, DeValue};

use values::{Problem, Value, boolean, span, table, text, texts, unknown, whole_number, wrong};

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

/// A key that the file may have.
struct Key {
    name: &'static str,
    read: fn(&mut Configuration, &Value<'_>) -> Result<(), Problem>,
}

/// All keys, as docs/configuration.md describes them.
const KEYS: &[Key] = &[
    Key {
        name: "searches",
        read: |to, value| {
            to.searches = texts(value)?.iter().map(|path| to.path(path)).collect();
            Ok(())
        },
    },
    Key {
        name: "data",
        read: |to, value| {
            let paths = texts(value)?;
            if paths.iter().any(|path| path == "-") {
                return Err(wrong(value, "stdin is named on the command line only"));
            }
            to.data.data = paths.iter().map(|path| to.path(path).display().to_string()).collect();
            Ok(())
        },
    },
    Key {
        name: "format-in",
        read: |to, value| {
            to.data.format_in = Some(text(value)?.parse().map_err(|error: String| wrong(value, &error))?);
            Ok(())
        },
    },
    Key {
        name: "sourcetype",
        read: |to, value| {
            to.data.sourcetype = Some(text(value)?);
            Ok(())
        },
    },
    Key {
        name: "source",
        read: |to, value| {
            to.data.source = Some(text(value)?);
            Ok(())
        },
    },
    Key {
        name: "host",
        read: |to, value| {
            to.data.host = Some(text(value)?);
            Ok(())
        },
    },
    Key {
        name: "index",
        read: |to, value| {
            to.data.index = Some(text(value)?);
            Ok(())
        },
    },
    Key {
        name: "strict",
        read: |to, value| {
            to.data.strict = boolean(value)?;
            Ok(())
        },
    },
    Key {
        name: "app",
        read: |to, value| {
            to.knowledge.app = texts(value)?.iter().map(|path| to.path(path)).collect();
            Ok(())
        },
    },
    Key {
        name: "content",
        read: |to, value| {
            to.knowledge.content = texts(value)?.iter().map(|path| to.path(path)).collect();
            Ok(())
        },
    },
    Key {
        name: "lookup",
        read: |to, value| {
            for (name, file) in table(value)? {
                let file = to.path(&text(file)?);
                to.knowledge.lookup.push((name.get_ref().to_string(), file));
            }
            Ok(())
        },
    },
    Key {
        name: "macro",
        read: |to, value| {
            for (name, definition) in table(value)? {
                let definition = format!("{}={}", name.get_ref(), text(definition)?);
                spl_macros::MacroTable::new()
                    .define(&definition)
                    .map_err(|problem| Problem { span: span(name), ..wrong(value, &problem.message) })?;
                to.knowledge.macros.push(definition);
            }
            Ok(())
        },
    },
    Key {
        name: "no-pack",
        read: |to, value| {
            to.knowledge.no_pack = boolean(value)?;
            Ok(())
        },
    },
    Key {
        name: "earliest",
        read: |to, value| {
            to.settings.configured_times.0 = Some(text(value)?);
            Ok(())
        },
    },
    Key {
        name: "latest",
        read: |to, value| {
            to.settings.configured_times.1 = Some(text(value)?);
            Ok(())
        },
    },
    Key { name: "now", read: |to, value| setting(to, value, |settings, text| settings.now = Some(text)) },
    Key { name: "tz", read: |to, value| setting(to, value, |settings, text| settings.tz = Some(text)) },
    Key { name: "memory-limit", read: |to, value| setting(to, value, |settings, text| settings.memory_limit = Some(text)) },
    Key {
        name: "threads",
        read: |to, value| match whole_number(value)? {
            threads @ 1..=1024 => {
                to.settings.threads = Some(threads as u16);
                Ok(())
            }
            other => Err(wrong(value, &format!("`{other}` is not a number of threads; expected 1 to 1024"))),
        },
    },
    Key {
        name: "geoip",
        read: |to, value| {
            to.settings.geoip = Some(to.path(&text(value)?));
            Ok(())
        },
    },
    Key {
        name: "csv-dir",
        read: |to, value| {
            to.settings.csv_dir = Some(to.path(&text(value)?));
            Ok(())
        },
    },
    Key {
        name: "limits",
        read: |to, value| {
            for (name, number) in table(value)? {
                if !LIMITS.iter().any(|limit| limit.name == name.get_ref().as_ref()) {
                    return Err(unknown("limit", name, LIMITS.iter().map(|limit| limit.name)));
                }
                to.settings.limit.push(format!("{}={}", name.get_ref(), whole_number(number)?));
            }
            Ok(())
        },
    },
    Key {
        name: "format",
        read: |to, value| {
            let name = text(value)?;
            to.format = Some(Format::from_str(&name, true).map_err(|_| {
                let formats = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
                let names: Vec<String> = formats.map(|format| format.get_name().to_owned()).collect();
                wrong(value, &format!("`{name}` is not a format; expected one of {}", names.join(", ")))
            })?);
            Ok(())
        },
    },
    Key {
        name: "lints",
        read: |to, value| {
            for (name, codes) in table(value)? {
                let list = match name.get_ref().as_ref() {
                    "allow" => &mut to.lints.allow,
                    "deny" => &mut to.lints.deny,
                    _ => return Err(unknown("key of `lints`", name, ["allow", "deny"])),
                };
                let deny = name.get_ref() == "deny";
                for code in texts(codes)? {
                    lints::resolve(&code, deny).map_err(|message| wrong(codes, &message))?;
                    list.push(code);
                }
            }
            Ok(())
        },
    },
];

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
        let mut configuration = Self { folder, ..Self::default() };
        let document = DeTable::parse(text).map_err(|error| {
            let span = error.span().map_or(Span::new(0, 0), |span| Span::new(span.start, span.end));
            Diagnostic::error("config/syntax", error.message().trim().replace('\n', "; "), span)
        })?;
        for (name, value) in document.get_ref() {
            let read = match KEYS.iter().find(|key| key.name == name.get_ref().as_ref()) {
                Some(key) => (key.read)(&mut configuration, value),
                None => Err(unknown("key", name, KEYS.iter().map(|key| key.name))),
            };
            read.map_err(|problem| Diagnostic {
                help: problem.help,
                ..Diagnostic::error(problem.code, problem.message, problem.span)
            })?;
        }
        Ok(configuration)
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
                arguments.lints.deny.extend_from_slice(&self.lints.deny);
            }
            Command::Test(arguments) => {
                self.fill_searches(&mut arguments.paths);
                self.fill(&mut arguments.knowledge, &mut arguments.settings);
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

/// A setting as the command line takes it, checked as it is there.
fn setting(to: &mut Configuration, value: &Value<'_>, set: fn(&mut SettingOptions, String)) -> Result<(), Problem> {
    let text = match value.get_ref() {
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Datetime(time) => time.to_string(),
        _ => text(value)?,
    };
    let mut alone = SettingOptions::default();
    set(&mut alone, text.clone());
    if let Err(Stop::Usage(message)) = settings(&alone) {
        let message = message.split_once(": ").map_or(message.as_str(), |(_, message)| message);
        return Err(wrong(value, message));
    }
    set(&mut to.settings, text);
    Ok(())
}

#[cfg(test)]
mod tests;
