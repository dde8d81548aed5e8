//! `splq fmt`: the canonical layout of .spl files - each pipe on its own line. Words, quotes, macro calls and comments
//! stay as they are; only blanks and line breaks between them change.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::arguments::FormatArguments;
use crate::queries::{has_extension, search_files};
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Formats files in place, or stdin to stdout.
///
/// # Errors
/// Files that can't be read or written, open quotes; with `--check` files whose layout is another.
pub fn fmt(arguments: &FormatArguments, terminal: &Terminal) -> Result<(), Stop> {
    if arguments.paths.iter().any(|path| path == Path::new("-")) {
        return standard_input(arguments);
    }
    let (mut changed, mut failed) = (0, 0);
    let files = files(&arguments.paths, terminal)?;
    for file in &files {
        let path = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| Stop::Failed(format!("can't read {path}: {error}")))?;
        let formatted = match layout(&text) {
            Ok(formatted) => formatted,
            Err(message) => {
                terminal.error_text(&format!("error: {path}: {message}\n"));
                failed += 1;
                continue;
            }
        };
        if formatted == text {
            continue;
        }
        changed += 1;
        if arguments.check {
            writeln!(std::io::stdout(), "{path}")?;
        } else {
            std::fs::write(file, formatted).map_err(|error| Stop::Failed(format!("can't write {path}: {error}")))?;
        }
    }
    let verb = if arguments.check { "would be changed" } else { "changed" };
    terminal.note(format_args!("{changed} of {} files {verb}", files.len()));
    if failed > 0 || (arguments.check && changed > 0) { Err(Stop::Reported) } else { Ok(()) }
}

fn standard_input(arguments: &FormatArguments) -> Result<(), Stop> {
    if arguments.paths.len() > 1 {
        return Err(Stop::Usage("`-` stands alone: stdin is formatted to stdout".to_owned()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Stop::Failed(format!("can't read stdin: {error}")))?;
    let formatted = layout(&text).map_err(Stop::Failed)?;
    if arguments.check {
        return if formatted == text { Ok(()) } else { Err(Stop::Failed("stdin is not in the canonical layout".to_owned())) };
    }
    Ok(std::io::stdout().write_all(formatted.as_bytes())?)
}

/// The .spl files that the paths name.
fn files(paths: &[PathBuf], terminal: &Terminal) -> Result<Vec<PathBuf>, Stop> {
    let mut files = Vec::new();
    let mut skipped = 0;
    for path in paths {
        if path.is_dir() {
            let found = search_files(path)?;
            let before = found.len();
            let kept = files.len();
            files.extend(found.into_iter().filter(|file| has_extension(file, &["spl"])));
            skipped += before - (files.len() - kept);
        } else if !path.exists() {
            return Err(Stop::Failed(format!("no such file or folder: {}", path.display())));
        } else if !has_extension(path, &["spl"]) {
            return Err(Stop::Failed(format!("{} is not a .spl file; searches inside YAML are not formatted", path.display())));
        } else {
            files.push(path.clone());
        }
    }
    if skipped > 0 {
        terminal.note(format_args!("{skipped} YAML files skipped: only .spl files are formatted"));
    }
    Ok(files)
}

/// A piece of a search whose inside is left alone.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece<'a> {
    /// A word, quoted text, macro call, comment or bracket.
    Word(&'a str),
    /// Blanks without a line break.
    Blank,
    /// Blanks with a line break.
    Break,
    /// A pipe outside all brackets.
    Pipe,
}

/// The canonical layout of a search: pipes outside brackets begin lines, line breaks that stand elsewhere are kept with
/// their lines indented, blanks are single, the text ends with one line feed.
///
/// # Errors
/// An open quote, macro call or comment.
pub fn layout(text: &str) -> Result<String, String> {
    let pieces = pieces(text)?;
    let mut formatted = String::with_capacity(text.len() + 16);
    let mut depth = 0usize;
    let mut gap = None;
    // Something other than a comment has been seen.
    let mut started = false;
    for piece in pieces {
        match piece {
            Piece::Blank => gap = gap.or(Some(Piece::Blank)),
            Piece::Break => gap = Some(Piece::Break),
            Piece::Pipe => {
                if !formatted.is_empty() {
                    formatted.push('\n');
                }
                formatted.push('|');
                started = true;
                gap = Some(Piece::Blank);
            }
            Piece::Word(word) => {
                // A closing bracket stands as deep as its opening one.
                let indent = if word == "]" { depth.saturating_sub(1) } else { depth };
                match gap.take() {
                    Some(Piece::Break) if !formatted.is_empty() && !formatted.ends_with('\n') => {
                        formatted.push('\n');
                        // Comments, and the first command below one, are lines of their own.
                        let own_line = depth == 0 && (!started || word.starts_with("```"));
                        formatted.extend(std::iter::repeat_n(' ', if own_line { 0 } else { 4 * (indent + 1) }));
                    }
                    Some(_) if !formatted.is_empty() && !formatted.ends_with('\n') => formatted.push(' '),
                    _ => {}
                }
                started |= !word.starts_with("```");
                formatted.push_str(word);
                match word {
                    "[" => depth += 1,
                    "]" => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }
    let mut trimmed = String::with_capacity(formatted.len() + 1);
    trimmed.push_str(formatted.trim_end());
    if !trimmed.is_empty() {
        trimmed.push('\n');
    }
    Ok(trimmed)
}

/// Cuts a search into pieces.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut depth = 0usize;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            blank if blank.is_whitespace() => {
                let end = rest.find(|character: char| !character.is_whitespace()).unwrap_or(rest.len());
                pieces.push(if rest[..end].contains('\n') { Piece::Break } else { Piece::Blank });
                rest = &rest[end..];
                continue;
            }
            '|' if depth == 0 => {
                pieces.push(Piece::Pipe);
                rest = &rest[1..];
                continue;
            }
            '[' => {
                depth += 1;
                1
            }
            ']' => {
                depth = depth.saturating_sub(1);
                1
            }
            _ => word_length(rest, text, pieces.last())?,
        };
        pieces.push(Piece::Word(&rest[..length]));
        rest = &rest[length..];
    }
    Ok(pieces)
}

/// Bytes of the quoted text, macro call, comment or run of other characters that the text begins with.
fn word_length(rest: &str, text: &str, before: Option<&Piece<'_>>) -> Result<usize, String> {
    let open = |what: &str| {
        let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
        format!("{what} in line {line} is not closed")
    };
    if let Some(inside) = rest.strip_prefix("```") {
        return inside.find("```").map(|end| end + 6).ok_or_else(|| open("the comment"));
    }
    match rest.as_bytes().first() {
        Some(b'`') => rest[1..].find('`').map(|end| end + 2).ok_or_else(|| open("the macro call")),
        Some(b'"') => quoted_length(rest, b'"').ok_or_else(|| open("the quote")),
        // An apostrophe quotes a field name only where a word can begin and another one follows on the line.
        Some(b'\'') if !matches!(before, Some(Piece::Word(word)) if word.ends_with(char::is_alphanumeric)) => {
            let line = rest.lines().next().unwrap_or_default();
            Ok(quoted_length(line, b'\'').unwrap_or(1))
        }
        Some(b'\\') => Ok(1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
        Some(b'\'' | b'|') => Ok(1),
        _ => Ok(rest.find(|character: char| character.is_whitespace() || "|[]\"'`\\".contains(character)).unwrap_or(rest.len())),
    }
}

/// Bytes up to and with the closing quote; a backslash takes the next byte along.
fn quoted_length(text: &str, quote: u8) -> Option<usize> {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == quote => return Some(position + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let formatted = layout(text).unwrap();
        assert_eq!(formatted, expected);
        assert_eq!(layout(&formatted).unwrap(), expected, "not stable");
    }

    #[test]
    fn pipes_begin_lines() {
        check("index=main   user=ann|stats count by user |  head 5", "index=main user=ann\n| stats count by user\n| head 5\n");
        check("|makeresults|eval x=1\n\n", "| makeresults\n| eval x=1\n");
        check("  \n", "");
    }

    #[test]
    fn what_is_quoted_stays() {
        check("x=\"a  |  b\\\" c\" | rex \"(a|b)  [^]]\"", "x=\"a  |  b\\\" c\"\n| rex \"(a|b)  [^]]\"\n");
        check("`m(a |  b)`|eval 'my  field|x'=1", "`m(a |  b)`\n| eval 'my  field|x'=1\n");
        check("don't  stop | where isn't", "don't stop\n| where isn't\n");
        check("a ```note |\n  two``` | b", "a ```note |\n  two```\n| b\n");
        check("```first```\nindex=main|head 1", "```first```\nindex=main\n| head 1\n");
    }

    #[test]
    fn line_breaks_inside_commands_are_kept() {
        check("| tstats count\n  by  a\n  b | x", "| tstats count\n    by a\n    b\n| x\n");
        check("a [search b | fields c] | d", "a [search b | fields c]\n| d\n");
        check("a | join x [\nsearch b\n| fields c\n]", "a\n| join x [\n        search b\n        | fields c\n    ]\n");
    }

    #[test]
    fn open_ends_are_errors() {
        assert_eq!(layout("a\n| b \"c").unwrap_err(), "the quote in line 2 is not closed");
        assert!(layout("`a").is_err() && layout("```a").is_err());
    }
}
