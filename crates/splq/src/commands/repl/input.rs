//! What can be typed: commands that begin with a dot, and whether a search is complete.

use clap::ValueEnum;

use super::dot_commands::{self, DOT_COMMANDS, Wanted, usage};
use super::tokens::{Kind, Token, tokens};
use crate::output::Format;
use crate::output::events::EventView;
use crate::stop::Stop;

/// A command of the REPL.
#[derive(Debug, PartialEq, Eq)]
pub enum DotCommand {
    /// Leave.
    Quit,
    /// All of help, or on a topic.
    Help(String),
    /// Load more data.
    Load(Vec<String>),
    /// Forget data; none = all.
    Unload(Option<Vec<String>>),
    /// What was loaded.
    Sources,
    /// Fields whose name contains a text.
    Fields(String),
    /// Macros whose name contains a text.
    Macros(String),
    /// Define a macro, or show one.
    Macro(String),
    /// Data models whose name contains a text.
    DataModels(String),
    /// Format of the rows.
    Format(String),
    /// Most rows to show; 0 = all, none = as many as fit the terminal.
    Limit(Option<usize>),
    /// How events are shown.
    Events(EventView),
    /// Show an event of the last result in full, from 1.
    Event(usize),
    /// Show the last result in the pager, or say whether results that don't fit are paged at once.
    Pager(Option<bool>),
    /// Show a row of the last result in full, from 1.
    Row(usize),
    /// Show why the last search found nothing.
    Why,
    /// Run a line in the shell.
    Shell(String),
    /// Open the last search in the editor, then run it.
    Edit,
    /// Show so many of the last lines that were typed.
    History(usize),
    /// Show the times that are searched.
    ShowTime,
    /// Earliest and latest time.
    Time(Option<String>, Option<String>),
    /// Whether the time that a search took is shown.
    Timing(bool),
    /// Show how a search would be run.
    Explain(String),
    /// Write the last result to a file.
    Save(String),
    /// Draw the last result, on the terminal or into a file.
    Chart(Option<String>),
    /// Run the search in a file.
    Run(String),
}

/// Reads a line that begins with a dot and a letter, or one of the words that people leave and ask for help with; none for a search.
pub fn read_command(line: &str) -> Option<Result<DotCommand, String>> {
    match line.trim_end_matches(';') {
        "exit" | "quit" => return Some(Ok(DotCommand::Quit)),
        "help" => return Some(Ok(DotCommand::Help(String::new()))),
        _ => {}
    }
    let rest =
        line.strip_prefix('.').filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '?'))?;
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some(command(name, argument.trim()))
}

fn command(name: &str, argument: &str) -> Result<DotCommand, String> {
    let Some(spec) = dot_commands::find(name) else {
        let known = DOT_COMMANDS.iter().map(|spec| spec.name);
        let near = spl_parser::diagnostic::nearest(name, known).map(|near| format!("; did you mean .{near}?"));
        return Err(format!("unknown command .{name}{}", near.unwrap_or_else(|| "; .help lists them".to_owned())));
    };
    let wanted = |what: &str| {
        if argument.is_empty() { Err(format!(".{} needs {what}: {}", spec.name, usage(spec))) } else { Ok(argument.to_owned()) }
    };
    let only = |command: DotCommand| {
        if argument.is_empty() { Ok(command) } else { Err(format!(".{} takes no argument", spec.name)) }
    };
    let one = |what: &str| match words(&wanted(what)?).as_slice() {
        [word] => Ok(word.clone()),
        _ => Err(format!(".{} takes one argument; a path with blanks goes in quotes", spec.name)),
    };
    match spec.name {
        "quit" => only(DotCommand::Quit),
        "help" => Ok(DotCommand::Help(argument.to_owned())),
        "load" => Ok(DotCommand::Load(words(&wanted("a path")?))),
        "unload" => {
            let paths = words(&wanted("a path, or `all`")?);
            let all = matches!(paths.as_slice(), [word] if word.eq_ignore_ascii_case("all"));
            Ok(DotCommand::Unload((!all).then_some(paths)))
        }
        "sources" => only(DotCommand::Sources),
        "why" => only(DotCommand::Why),
        "shell" => Ok(DotCommand::Shell(wanted("a command")?)),
        "edit" => only(DotCommand::Edit),
        "history" if argument.is_empty() => Ok(DotCommand::History(20)),
        "history" => argument.parse().map(DotCommand::History).map_err(|_| format!("`{argument}` is not a number of lines")),
        "fields" => Ok(DotCommand::Fields(argument.to_owned())),
        "macros" => Ok(DotCommand::Macros(argument.trim_matches('`').to_owned())),
        "macro" => Ok(DotCommand::Macro(wanted("a definition")?)),
        "datamodels" => Ok(DotCommand::DataModels(argument.to_owned())),
        "format" => Ok(DotCommand::Format(wanted("a format")?)),
        "limit" if argument.eq_ignore_ascii_case("auto") => Ok(DotCommand::Limit(None)),
        "limit" => wanted("a number")?
            .parse()
            .map(|limit| DotCommand::Limit(Some(limit)))
            .map_err(|_| format!("`{argument}` is not a number of rows")),
        "events" => EventView::from_str(&wanted("a view")?, true)
            .map(DotCommand::Events)
            .map_err(|_| format!("`{argument}` is no view of events; known are {}", dot_commands::VIEWS.join(", "))),
        "event" if argument.is_empty() => Ok(DotCommand::Event(1)),
        "event" => match argument.parse() {
            Ok(number) if number > 0 => Ok(DotCommand::Event(number)),
            _ => Err(format!("`{argument}` is not the number of an event; they count from 1")),
        },
        "pager" => match argument {
            "" => Ok(DotCommand::Pager(None)),
            "on" => Ok(DotCommand::Pager(Some(true))),
            "off" => Ok(DotCommand::Pager(Some(false))),
            _ => Err(".pager takes on or off, or nothing for the last result".to_owned()),
        },
        "row" if argument.is_empty() => Ok(DotCommand::Row(1)),
        "row" => match argument.parse() {
            Ok(number) if number > 0 => Ok(DotCommand::Row(number)),
            _ => Err(format!("`{argument}` is not the number of a row; they count from 1")),
        },
        "time" => {
            let mut parts = argument.split_whitespace().map(str::to_owned);
            match (parts.next(), parts.next(), parts.next()) {
                (None, _, _) => Ok(DotCommand::ShowTime),
                (Some(all), None, _) if all.eq_ignore_ascii_case("all") => Ok(DotCommand::Time(None, None)),
                (earliest, latest, None) => Ok(DotCommand::Time(earliest, latest)),
                _ => Err(".time takes an earliest and a latest time, without blanks inside".to_owned()),
            }
        }
        "timing" => match argument {
            "on" => Ok(DotCommand::Timing(true)),
            "off" => Ok(DotCommand::Timing(false)),
            _ => Err(".timing takes on or off".to_owned()),
        },
        "explain" => Ok(DotCommand::Explain(wanted("a search")?)),
        "save" => Ok(DotCommand::Save(one("a file")?)),
        "chart" if argument.is_empty() => Ok(DotCommand::Chart(None)),
        "chart" => Ok(DotCommand::Chart(Some(one("a file")?))),
        "run" => Ok(DotCommand::Run(one("a file")?)),
        other => Err(format!(".{other} is not known")),
    }
}

/// Words separated by blanks; quotes and backslashes keep blanks in a word.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut started = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                started = true;
            }
            (None, '\\') if characters.peek().is_some_and(|next| next.is_whitespace() || matches!(next, '"' | '\'' | '\\')) => {
                word.extend(characters.next());
                started = true;
            }
            (None, blank) if blank.is_whitespace() => {
                if started {
                    words.push(std::mem::take(&mut word));
                    started = false;
                }
            }
            (_, other) => {
                word.push(other);
                started = true;
            }
        }
    }
    if started {
        words.push(word);
    }
    words
}

/// The format of a name.
///
/// # Errors
/// A name that is none, and formats that are nothing to look at.
pub fn format_named(name: &str) -> Result<Format, Stop> {
    match Format::from_str(name, true) {
        Ok(Format::Parquet | Format::Svg | Format::Png) => Err(Stop::Failed(format!(
            "{name} is not for a terminal; .save FILE.{} writes the last result",
            name.to_ascii_lowercase()
        ))),
        Ok(format) => Ok(format),
        Err(_) => Err(Stop::Failed(format!("unknown format `{name}`; known are {}", dot_commands::FORMATS.join(", ")))),
    }
}

/// Whether more is to come: something is open, or the search ends with a pipe. An empty last line ends any search.
pub fn is_incomplete(text: &str) -> bool {
    let mut search = text.trim_start();
    if search.is_empty() || text.ends_with('\n') {
        return false;
    }
    if read_command(search).is_some() {
        let Some((name, argument)) = search.split_once(char::is_whitespace) else {
            return false;
        };
        if dot_commands::find(name).is_none_or(|spec| spec.wanted != Wanted::Search) {
            return false;
        }
        search = argument;
    }
    let all = tokens(search);
    let depth = all.iter().fold(0i64, |depth, token| match token.kind {
        Kind::Open => depth + 1,
        Kind::Close => depth - 1,
        _ => depth,
    });
    let last = all.iter().rev().find(|token| token.counts());
    depth > 0 || all.iter().any(|token: &Token| !token.closed) || last.is_some_and(|token| token.kind == Kind::Pipe)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn open_ends() {
        for open in [
            "foo |",
            "foo [ search bar",
            "eval x=\"a",
            "`macro(",
            "where (a=1",
            "``` comment",
            "foo \"a\\\"",
            ".explain foo |",
            "| ``` c ```",
        ] {
            assert!(is_incomplete(open), "{open}");
        }
        for closed in
            ["foo", "foo | head 5", "foo [search bar]", "x=\"(\"", "`m(1)` | x", ".load (", "foo |\n", "", "a)", "a \\(", "it's"]
        {
            assert!(!is_incomplete(closed), "{closed}");
        }
    }

    #[test]
    fn dot_commands() {
        assert_eq!(read_command(".quit"), Some(Ok(DotCommand::Quit)));
        assert_eq!(read_command("exit"), Some(Ok(DotCommand::Quit)));
        assert_eq!(read_command("help"), Some(Ok(DotCommand::Help(String::new()))));
        assert!(read_command("exit code").is_none());
        assert_eq!(read_command(".history 5"), Some(Ok(DotCommand::History(5))));
        assert_eq!(read_command(".load a 'b c' d\\ e"), Some(Ok(DotCommand::Load(vec!["a".into(), "b c".into(), "d e".into()]))));
        assert_eq!(read_command(".time -1h now"), Some(Ok(DotCommand::Time(Some("-1h".to_owned()), Some("now".to_owned())))));
        assert_eq!(read_command(".time all"), Some(Ok(DotCommand::Time(None, None))));
        assert_eq!(read_command(".time"), Some(Ok(DotCommand::ShowTime)));
        assert_eq!(read_command(".unload all"), Some(Ok(DotCommand::Unload(None))));
        assert_eq!(read_command(".chart a.svg"), Some(Ok(DotCommand::Chart(Some("a.svg".to_owned())))));
        assert_eq!(read_command(".row"), Some(Ok(DotCommand::Row(1))));
        assert!(read_command(".foo").unwrap().is_err());
        assert!(read_command(".limit x").unwrap().is_err());
        assert!(read_command(".row 0").unwrap().is_err());
        assert!(read_command(".save a b").unwrap().is_err());
        assert!(read_command(".quit now").unwrap().is_err());
        assert!(read_command(".5 error").is_none());
        assert!(read_command("index=main").is_none());
        for spec in DOT_COMMANDS {
            // Each has its arm.
            let read = read_command(&format!(".{} 1", spec.name)).unwrap();
            assert!(!read.is_err_and(|message| message.contains("is not known")), "{}", spec.name);
        }
    }
}
