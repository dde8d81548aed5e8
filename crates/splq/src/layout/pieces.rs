//! A search cut into words, quoted texts, comments, pipes and brackets.

use spl_parser::commands::lookup;

/// A piece of a search whose inside is left alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece<'a> {
    /// Other characters.
    Word(&'a str),
    /// Quoted text or a macro call.
    Quoted(&'a str),
    /// With its backticks.
    Comment(&'a str),
    /// Blanks without a line break.
    Blank,
    /// Blanks with a line break.
    Break,
    Pipe,
    /// The bracket that begins a subsearch.
    Open,
    /// Any closing bracket.
    Close,
}

/// Cuts a search into pieces.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // The command of each subsearch that is open, lower-case; none before its first word.
    let mut commands: Vec<Option<String>> = vec![None];
    let closing = text.matches(']').count();
    let (mut opened, mut closed) = (0, 0);
    while let Some(first) = rest.chars().next() {
        let command = commands.last().cloned().flatten().unwrap_or_default();
        let length = match first {
            blank if blank.is_whitespace() => {
                let end = rest.find(|character: char| !character.is_whitespace()).unwrap_or(rest.len());
                pieces.push(if rest[..end].contains('\n') { Piece::Break } else { Piece::Blank });
                rest = &rest[end..];
                continue;
            }
            '|' => {
                pieces.push(Piece::Pipe);
                if let Some(current) = commands.last_mut() {
                    *current = None;
                }
                1
            }
            '[' if begins_subsearch(&rest[1..], pieces.last()) && opened < closing => match template_length(rest, &command) {
                Some(length) => {
                    pieces.push(Piece::Quoted(&rest[..length]));
                    closed += rest[..length].matches(']').count();
                    length
                }
                None => {
                    pieces.push(Piece::Open);
                    commands.push(None);
                    opened += 1;
                    1
                }
            },
            ']' => {
                pieces.push(Piece::Close);
                if commands.len() > 1 {
                    commands.pop();
                }
                closed += 1;
                1
            }
            _ => {
                let (mut length, quoted) = word_length(rest, text, pieces.last())?;
                if !quoted && names_columns_by_text(&command) {
                    length = with_arguments(rest, length);
                }
                let word = &rest[..length];
                pieces.push(match quoted {
                    true if word.starts_with("```") => Piece::Comment(word),
                    true => Piece::Quoted(word),
                    false => Piece::Word(word),
                });
                if let Some(current @ None) = commands.last_mut()
                    && !word.starts_with("```")
                {
                    *current = Some(word.to_ascii_lowercase());
                }
                length
            }
        };
        rest = &rest[length..];
    }
    debug_assert!(closed <= closing);
    Ok(balanced(pieces))
}

/// Whether blanks in the functions of a command matter.
fn names_columns_by_text(command: &str) -> bool {
    lookup(command).is_some_and(|spec| spec.effects.names_columns_by_text())
}

/// The commands that `foreach` repeats are a text, which is left alone: bytes with its brackets.
fn template_length(rest: &str, command: &str) -> Option<usize> {
    if command != "foreach" {
        return None;
    }
    let mut depth = 0usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A function's name takes its arguments along: `count(eval(a=1))`.
fn with_arguments(rest: &str, length: usize) -> usize {
    let Some(open) = rest[..length].find('(').filter(|open| *open > 0) else { return length };
    let mut depth = 0usize;
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in rest.bytes().enumerate().skip(open) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'|' | b'`' if !quoted => return length,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return length.max(at + 1);
                }
            }
            _ => {}
        }
    }
    length
}

/// Opening brackets that nothing closes, and the closing ones of brackets inside words, are words.
fn balanced(mut pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (position, piece) in pieces.iter_mut().enumerate() {
        match piece {
            Piece::Open => open.push((position, true)),
            Piece::Word("[") => open.push((position, false)),
            Piece::Close if !matches!(open.pop(), Some((_, true))) => *piece = Piece::Word("]"),
            _ => {}
        }
    }
    for (position, subsearch) in open {
        if subsearch {
            pieces[position] = Piece::Word("[");
        }
    }
    pieces
}

/// Whether a bracket begins a subsearch: it stands where a word can, and commands follow.
fn begins_subsearch(rest: &str, before: Option<&Piece<'_>>) -> bool {
    let free = match before {
        None | Some(Piece::Blank | Piece::Break | Piece::Pipe | Piece::Open | Piece::Comment(_)) => true,
        Some(Piece::Word(word)) => word.ends_with(['=', '(', ',', '<', '>']),
        _ => false,
    };
    let inside = rest.trim_start();
    free && inside.starts_with(|first: char| first.is_alphabetic() || matches!(first, '|' | '`' | '"' | '(' | '*' | '_'))
}

/// Bytes of the quoted text, macro call, comment or run of other characters that the text begins with, and whether it is
/// one of the first three.
fn word_length(rest: &str, text: &str, before: Option<&Piece<'_>>) -> Result<(usize, bool), String> {
    let open = |what: &str| {
        let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
        format!("{what} in line {line} is not closed")
    };
    if let Some(inside) = rest.strip_prefix("```") {
        return inside.find("```").map(|end| (end + 6, true)).ok_or_else(|| open("the comment"));
    }
    match rest.as_bytes().first() {
        Some(b'`') => rest[1..].find('`').map(|end| (end + 2, true)).ok_or_else(|| open("the macro call")),
        Some(b'"') => quoted_length(rest, b'"').map(|length| (length, true)).ok_or_else(|| open("the quote")),
        // An apostrophe quotes a field name only where a word can begin and another one follows on the line.
        Some(b'\'') if !matches!(before, Some(Piece::Word(word)) if word.ends_with(char::is_alphanumeric)) => {
            let line = rest.lines().next().unwrap_or_default();
            Ok(quoted_length(line, b'\'').map_or((1, false), |length| (length, true)))
        }
        Some(b'\\') => Ok((1 + rest[1..].chars().next().map_or(0, char::len_utf8), false)),
        Some(b'\'' | b'[') => Ok((1, false)),
        _ => {
            let end = |character: char| character.is_whitespace() || "|[]\"'`\\".contains(character);
            Ok((rest.find(end).unwrap_or(rest.len()), false))
        }
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
