//! docs/reference: one page per command and function, whose head comes from the registry and whose examples are run;
//! an index, and the coverage of what Splunk documents.
//!
//! `SPLQ_BLESS=1 cargo test -p splq --test documents reference` writes heads, outputs, index and coverage anew, and a
//! skeleton for each page that is missing: prose and an example are then to be written.

mod coverage;
mod head;
mod page;
mod settings;

use std::path::PathBuf;

use spl_exec::expression::is_user_function;
use spl_functions::{aggregate, scalar};
use spl_parser::commands;
use spl_parser::spec::{CommandSpec, Status};

use crate::{documents_lock, root, updating};
use page::Page;

/// What stands around generated parts; between them nothing is edited by hand.
const BEGIN: &str = "<!-- generated: SPLQ_BLESS=1 cargo test -p splq --test documents reference -->";
const END: &str = "<!-- end -->";

/// How to make it right, for messages.
const BLESS: &str = "SPLQ_BLESS=1 cargo test -p splq --test documents reference";

/// A registered command or function.
#[derive(Clone, Copy)]
enum Entry {
    Command(&'static CommandSpec),
    Function(&'static scalar::FunctionSpec),
    Statistic(&'static aggregate::AggregateSpec),
}

/// How much of an entry is built, and what is missing or why.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Built {
    /// full, partial, refused, planned
    status: &'static str,
    missing: String,
}

impl Entry {
    fn name(&self) -> &'static str {
        match self {
            Self::Command(spec) => spec.name,
            Self::Function(spec) => spec.name,
            Self::Statistic(spec) => spec.name,
        }
    }

    fn aliases(&self) -> &'static [&'static str] {
        match self {
            Self::Command(spec) => spec.aliases,
            Self::Function(_) => &[],
            Self::Statistic(spec) => spec.aliases,
        }
    }

    /// Whether this is one of its names.
    fn is_called(&self, name: &str) -> bool {
        self.name() == name || self.aliases().contains(&name)
    }

    /// As the first column of surface.csv says it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Function(_) => "eval",
            Self::Statistic(_) => "stats",
        }
    }

    /// The folder of its page.
    fn folder(&self) -> &'static str {
        match self {
            Self::Command(_) => "commands",
            Self::Function(_) => "functions",
            Self::Statistic(_) => "statistics",
        }
    }

    fn summary(&self) -> &'static str {
        match self {
            Self::Command(spec) => spec.summary,
            Self::Function(spec) => spec.summary,
            Self::Statistic(spec) => spec.summary,
        }
    }

    fn built(&self) -> Built {
        let built = |status, missing: &str| Built { status, missing: missing.to_owned() };
        match self {
            Self::Command(spec) => match spec.status {
                Status::Full => built("full", ""),
                Status::Partial(missing) => built("partial", missing),
                Status::Planned => built("planned", ""),
                Status::Refused(reason) => built("refused", reason),
            },
            Self::Function(scalar::FunctionSpec { status, .. }) | Self::Statistic(aggregate::AggregateSpec { status, .. }) => {
                match status {
                    aggregate::Status::Full => built("full", ""),
                    aggregate::Status::Partial(missing) => built("partial", missing),
                    aggregate::Status::Planned => built("planned", ""),
                }
            }
        }
    }

    /// Whether it must have a page: all but what is only planned.
    fn has_page(&self) -> bool {
        self.built().status != "planned"
    }

    fn path(&self) -> String {
        format!("{}/{}.md", self.folder(), self.name())
    }
}

/// Everything that is registered, commands first, by name. Operators and the parts of commands that are planned as
/// functions are not the user's.
fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = commands::all().map(Entry::Command).collect();
    entries.extend(scalar::all().filter(|spec| is_user_function(spec)).map(Entry::Function));
    entries.extend(aggregate::all().map(Entry::Statistic));
    entries.sort_by_key(|entry| (entry.kind(), entry.name()));
    entries
}

fn folder() -> PathBuf {
    root().join("docs/reference")
}

/// Text with its first letter as a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let rest = characters.as_str();
    format!("{first}{rest}{}", if text.ends_with('.') { "" } else { "." })
}

/// Text as a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Text as code in a cell of a Markdown table.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {} ``", cell(text)) } else { format!("`{}`", cell(text)) }
}

/// Compares a file's generated part (or the whole file) with what it should be, or writes it.
fn current(path: PathBuf, wanted: &str, problems: &mut Vec<String>) {
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if found == wanted {
        return;
    }
    if updating() {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let line = found.lines().zip(wanted.lines()).position(|(found, wanted)| found != wanted);
    let line = line.unwrap_or_else(|| found.lines().count().min(wanted.lines().count()));
    problems.push(format!(
        "{}:{}: not what the registry says\n--- shown\n{}\n--- should be\n{}",
        path.display(),
        line + 1,
        found.lines().nth(line).unwrap_or_default(),
        wanted.lines().nth(line).unwrap_or_default()
    ));
}

/// Text with its part between the markers replaced; none when it has no markers.
fn with_generated(text: &str, generated: &str) -> Option<String> {
    let begin = text.find(BEGIN)?;
    let end = begin + text[begin..].find(END)?;
    Some(format!("{}{BEGIN}\n{generated}\n{}", &text[..begin], &text[end..]))
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "{}\n\n{BLESS}\nwrites what is generated", problems.join("\n\n"));
}

/// Each registered command and function has a page with a current head, prose and an example that prints what is shown.
#[test]
fn reference_pages_are_current() {
    let pages: Vec<Entry> = entries().into_iter().filter(Entry::has_page).collect();
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
    let mut problems: Vec<String> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| {
                let mine: Vec<Entry> = pages.iter().skip(part).step_by(threads).copied().collect();
                scope.spawn(move || mine.into_iter().flat_map(|entry| Page::open(entry).check()).collect::<Vec<String>>())
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    for name in ["commands", "functions", "statistics"] {
        for file in std::fs::read_dir(folder().join(name)).unwrap() {
            let path = file.unwrap().path();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            if !pages.iter().any(|entry| entry.folder() == name && entry.name() == stem) {
                problems.push(format!("{}: nothing of this name is registered, or it is only planned", path.display()));
            }
        }
    }
    problems.sort();
    report(&problems);
}

/// Index, coverage and the README's totals are those of the registry.
#[test]
fn reference_index_and_coverage_are_current() {
    let _lock = documents_lock();
    let mut problems = Vec::new();
    let entries = entries();
    let surface = coverage::Surface::read(&entries, &mut problems);
    current(folder().join("README.md"), &coverage::index(&entries), &mut problems);
    current(folder().join("coverage.md"), &surface.page(&entries), &mut problems);
    current(folder().join("settings.md"), &settings::page(), &mut problems);
    let readme = root().join("README.md");
    let text = std::fs::read_to_string(&readme).unwrap();
    match with_generated(&text, &surface.totals()) {
        Some(wanted) => current(readme, &wanted, &mut problems),
        None => problems.push(format!("README.md has no lines {BEGIN} and {END}")),
    }
    report(&problems);
}
