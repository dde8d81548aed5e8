//! What can be typed: commands that begin with a dot, and whether a search is complete.

use clap::ValueEnum;

use crate::output::Format;
use crate::stop::Stop;

/// What `.help` prints.
pub const HELP: &str = "\
A line is a search; it goes on over several lines while a quote, bracket or backtick is open or it ends with a pipe.
An empty line ends it in any case. Tab completes commands, functions, fields and macros. Ctrl-C cancels a search.

  .help [COMMAND]           this text, or the syntax of a command
  .load PATH...             load more data
  .fields [PART]            fields of the data, those whose name contains PART
  .macros [PART]            search macros
  .format FORMAT            table, ndjson, json, csv, markdown, raw
  .limit N                  show at most N rows of a result (0 = all)
  .time EARLIEST [LATEST]   search only this time, as in .time -24h; .time all searches all time
  .timing on|off            the line with row count and time
  .explain SEARCH           how a search would be run
  .quit                     leave (also Ctrl-D)
";

/// A command of the REPL.
#[derive(Debug, PartialEq, Eq)]
pub enum DotCommand {
    /// Leave.
    Quit,
    /// All of help, or a command's syntax.
    Help(String),
    /// Load more data.
    Load(Vec<String>),
    /// Fields whose name contains a text.
    Fields(String),
    /// Macros whose name contains a text.
    Macros(String),
    /// Format of the rows.
    Format(String),
    /// Most rows to show; 0 = all.
    Limit(usize),
    /// Earliest and latest time.
    Time(Option<String>, Option<String>),
    /// Whether the time that a search took is shown.
    Timing(bool),
    /// Show how a search would be run.
    Explain(String),
}

/// Reads a line that begins with a dot and a letter; none for a search.
pub fn read_command(line: &str) -> Option<Result<DotCommand, String>> {
    let rest = line.strip_prefix('.').filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic()))?;
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let argument = argument.trim();
    Some(command(&name.to_ascii_lowercase(), argument))
}

fn command(name: &str, argument: &str) -> Result<DotCommand, String> {
    let wanted = |what: &str| {
        if argument.is_empty() { Err(format!(".{name} needs {what}")) } else { Ok(argument.to_owned()) }
    };
    match name {
        "quit" | "exit" | "q" => Ok(DotCommand::Quit),
        "help" | "h" => Ok(DotCommand::Help(argument.to_owned())),
        "load" => Ok(DotCommand::Load(words(&wanted("a path")?))),
        "fields" => Ok(DotCommand::Fields(argument.to_owned())),
        "macros" => Ok(DotCommand::Macros(argument.to_owned())),
        "format" => Ok(DotCommand::Format(wanted("a format")?)),
        "limit" => {
            wanted("a number")?.parse().map(DotCommand::Limit).map_err(|_| format!("`{argument}` is not a number of rows"))
        }
        "time" => {
            let mut parts = argument.split_whitespace().map(str::to_owned);
            match (parts.next(), parts.next(), parts.next()) {
                (None, _, _) => Err(".time needs an earliest time, or `all`".to_owned()),
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
        _ => {
            let known = ["quit", "help", "load", "fields", "macros", "format", "limit", "time", "timing", "explain"];
            let near = spl_parser::diagnostic::nearest(name, known).map(|near| format!("; did you mean .{near}?"));
            Err(format!("unknown command .{name}{}", near.unwrap_or_else(|| "; .help lists them".to_owned())))
        }
    }
}

/// Words separated by blanks; quotes keep blanks in a word.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut started = false;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
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
/// A name that is none, and Parquet, which is nothing to look at.
pub fn format_named(name: &str) -> Result<Format, Stop> {
    match Format::from_str(name, true) {
        Ok(Format::Parquet) => Err(Stop::Failed("Parquet is not written to a terminal; splq query -o FILE writes it".to_owned())),
        Ok(format) => Ok(format),
        Err(_) => Err(Stop::Failed(format!("unknown format `{name}`; known are table, ndjson, json, csv, markdown, raw"))),
    }
}

/// Whether more is to come: something is open, or the search ends with a pipe. An empty last line ends any search.
pub fn is_incomplete(text: &str) -> bool {
    if read_command(text.trim_start()).is_some() || text.ends_with('\n') || text.trim().is_empty() {
        return false;
    }
    let mut open = 0i64;
    let mut last = ' ';
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        if !character.is_whitespace() {
            last = character;
        }
        rest = match character {
            '`' if rest.starts_with("```") => match rest[3..].find("```") {
                Some(end) => &rest[3 + end + 3..],
                None => return true,
            },
            '"' => match end_of_quoted(after) {
                Some(end) => &after[end..],
                None => return true,
            },
            '`' => match after.find('`') {
                Some(end) => &after[end + 1..],
                None => return true,
            },
            '\\' => after.strip_prefix(|_: char| true).unwrap_or(after),
            '[' | '(' => {
                open += 1;
                after
            }
            ']' | ')' => {
                open -= 1;
                after
            }
            _ => after,
        };
    }
    open > 0 || last == '|'
}

/// Where a text in double quotes ends, behind the quote.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(position + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn open_ends() {
        for open in ["foo |", "foo [ search bar", "eval x=\"a", "`macro(", "where (a=1", "``` comment", "foo \"a\\\""] {
            assert!(is_incomplete(open), "{open}");
        }
        for closed in
            ["foo", "foo | head 5", "foo [search bar]", "x=\"(\"", "`m(1)` | x", ".load (", "foo |\n", "", "a)", "a \\("]
        {
            assert!(!is_incomplete(closed), "{closed}");
        }
    }

    #[test]
    fn dot_commands() {
        assert_eq!(read_command(".quit"), Some(Ok(DotCommand::Quit)));
        assert_eq!(read_command(".load a 'b c'"), Some(Ok(DotCommand::Load(vec!["a".to_owned(), "b c".to_owned()]))));
        assert_eq!(read_command(".time -1h now"), Some(Ok(DotCommand::Time(Some("-1h".to_owned()), Some("now".to_owned())))));
        assert_eq!(read_command(".time all"), Some(Ok(DotCommand::Time(None, None))));
        assert!(read_command(".foo").unwrap().is_err());
        assert!(read_command(".limit x").unwrap().is_err());
        assert!(read_command(".5 error").is_none());
        assert!(read_command("index=main").is_none());
    }
}
