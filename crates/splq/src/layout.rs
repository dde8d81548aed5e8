//! The canonical layout of a search: each command on its own line, subsearches as indented blocks, long lines wrapped.
//! Words, quoted text, macro calls and comments stay as they are; only blanks and line breaks between them change.

mod pieces;

use pieces::{Piece, pieces};

/// Columns that a line may have before it is wrapped.
const WIDTH: usize = 100;

/// Columns that a subsearch may have on one line.
const FLAT: usize = 60;

/// Blanks of one level.
const STEP: usize = 4;

/// Subsearches inside each other.
const MOST_DEPTH: usize = 200;

/// The layout of a search. Line breaks that stand inside a command are kept, their lines indented; the text ends with
/// one line feed. Laying out what was laid out changes nothing.
///
/// # Errors
/// An open quote, macro call or comment.
pub fn layout(text: &str) -> Result<String, String> {
    let pieces = pieces(text)?;
    let (block, _) = block(&pieces, 0, 0)?;
    let mut writer = Writer { text: String::with_capacity(text.len() + text.len() / 8), column: 0 };
    write_block(&mut writer, &block, 0);
    let mut laid_out = writer.text;
    laid_out.truncate(laid_out.trim_end().len());
    if !laid_out.is_empty() {
        laid_out.push('\n');
    }
    Ok(laid_out)
}

/// What stands between two pipes, and whether a pipe stands in front.
#[derive(Debug, Default)]
struct Line<'a> {
    pipe: bool,
    items: Vec<Item<'a>>,
}

/// A piece of a command and what stood before it.
#[derive(Debug)]
struct Item<'a> {
    gap: Gap,
    kind: Kind<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Gap {
    None,
    Blank,
    Break,
}

#[derive(Debug)]
enum Kind<'a> {
    Word(&'a str),
    Quoted(&'a str),
    Comment(&'a str),
    /// A subsearch, and whether a line break stood in it.
    Block(Vec<Line<'a>>, bool),
}

/// Reads commands up to the bracket that closes the block; returns the place behind it.
fn block<'a>(pieces: &[Piece<'a>], mut at: usize, depth: usize) -> Result<(Vec<Line<'a>>, usize), String> {
    if depth > MOST_DEPTH {
        return Err(format!("subsearches are nested deeper than {MOST_DEPTH} levels"));
    }
    let mut lines = vec![Line::default()];
    let mut gap = Gap::None;
    while let Some(piece) = pieces.get(at) {
        at += 1;
        let kind = match piece {
            Piece::Blank => {
                gap = if gap == Gap::Break { Gap::Break } else { Gap::Blank };
                continue;
            }
            Piece::Break => {
                gap = Gap::Break;
                continue;
            }
            Piece::Pipe => {
                lines.push(Line { pipe: true, items: Vec::new() });
                gap = Gap::None;
                continue;
            }
            Piece::Close if depth > 0 => return Ok((lines, at)),
            Piece::Close => Kind::Word("]"),
            Piece::Word(text) => Kind::Word(text),
            Piece::Quoted(text) => Kind::Quoted(text),
            Piece::Comment(text) => Kind::Comment(text),
            Piece::Open => {
                let (inside, behind) = block(pieces, at, depth + 1)?;
                let broken = pieces[at..behind].contains(&Piece::Break);
                at = behind;
                Kind::Block(inside, broken)
            }
        };
        if let Some(line) = lines.last_mut() {
            line.items.push(Item { gap, kind });
        }
        gap = Gap::None;
    }
    Ok((lines, at))
}

struct Writer {
    text: String,
    column: usize,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.column = match text.rfind('\n') {
            Some(end) => text[end + 1..].chars().count(),
            None => self.column + text.chars().count(),
        };
    }

    fn new_line(&mut self, indent: usize) {
        let written = self.text.trim_end_matches(' ').len();
        self.text.truncate(written);
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.column = 0;
        self.push(&" ".repeat(indent));
    }
}

fn write_block(writer: &mut Writer, lines: &[Line<'_>], indent: usize) {
    let mut first = true;
    for line in lines {
        if line.items.is_empty() && !line.pipe {
            continue;
        }
        if !first || indent > 0 {
            writer.new_line(indent);
        }
        first = false;
        write_line(writer, line, indent);
    }
}

/// Items that no blank parts: they stay on one line.
struct Atom<'l, 'a> {
    items: &'l [Item<'a>],
    gap: Gap,
    /// Parentheses that are open in front.
    depth: usize,
    /// How much a line break in front is to be avoided.
    avoided: usize,
    /// Columns up to the first line break inside.
    width: usize,
    /// A subsearch in it is written as a block.
    block: bool,
}

impl Atom<'_, '_> {
    fn is_comment(&self) -> bool {
        matches!(self.items, [Item { kind: Kind::Comment(_), .. }])
    }

    fn word(&self) -> &str {
        match self.items {
            [Item { kind: Kind::Word(word), .. }] => word,
            _ => "",
        }
    }
}

/// Words that begin a part of a command: lines break in front of them rather than elsewhere.
const PARTS: [&str; 9] = ["by", "from", "where", "over", "and", "or", "xor", "output", "outputnew"];

fn atoms<'l, 'a>(items: &'l [Item<'a>]) -> Vec<Atom<'l, 'a>> {
    let mut atoms: Vec<Atom<'l, 'a>> = Vec::new();
    let mut depth = 0usize;
    let mut start = 0;
    while start < items.len() {
        let glued = items[start + 1..].iter().take_while(|item| item.gap == Gap::None).count();
        let end = start + 1 + glued;
        let members = &items[start..end];
        let block = members.iter().any(|item| is_block(&item.kind));
        let mut width = 0;
        for item in members {
            width += first_width(&item.kind);
            if is_block(&item.kind) || matches!(item.kind, Kind::Quoted(text) | Kind::Comment(text) if text.contains('\n')) {
                break;
            }
        }
        let atom = Atom { items: members, gap: items[start].gap, depth, avoided: 0, width, block };
        for item in members {
            if let Kind::Word(word) = item.kind {
                for byte in word.bytes() {
                    match byte {
                        b'(' => depth += 1,
                        b')' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
            }
        }
        atoms.push(atom);
        start = end;
    }
    for position in 0..atoms.len() {
        let word = atoms[position].word();
        let before = position.checked_sub(1).map_or("", |before| atoms[before].word());
        let is_as = |word: &str| word.eq_ignore_ascii_case("as");
        let is_sign = |word: &str| !word.is_empty() && word.chars().all(|sign| "=<>!+-*/%.".contains(sign));
        let is_prefix =
            |word: &str| ["by", "not", "where", "from", "and", "or", "in"].iter().any(|known| word.eq_ignore_ascii_case(known));
        atoms[position].avoided = if is_as(word) || is_as(before) || is_prefix(before) || word.eq_ignore_ascii_case("in") {
            8
        } else if is_sign(word) || is_sign(before) {
            4
        } else if PARTS.iter().any(|part| word.eq_ignore_ascii_case(part)) {
            0
        } else {
            1
        };
    }
    atoms
}

fn is_block(kind: &Kind<'_>) -> bool {
    match kind {
        Kind::Block(inside, broken) => *broken || flat(inside).is_none_or(|flat| flat.chars().count() > FLAT),
        _ => false,
    }
}

/// Columns up to the first line break inside.
fn first_width(kind: &Kind<'_>) -> usize {
    match kind {
        Kind::Word(text) | Kind::Quoted(text) | Kind::Comment(text) => {
            text.split('\n').next().unwrap_or_default().chars().count()
        }
        Kind::Block(inside, _) if !is_block(kind) => flat(inside).map_or(1, |flat| flat.chars().count()),
        Kind::Block(..) => 1,
    }
}

fn write_line(writer: &mut Writer, line: &Line<'_>, indent: usize) {
    if line.pipe {
        writer.push("|");
    }
    let atoms = atoms(&line.items);
    // Only comments stood here so far.
    let mut only_comments = !line.pipe;
    let mut at = 0;
    while at < atoms.len() {
        let first = &atoms[at];
        if at > 0 && first.gap == Gap::Break {
            let own_line = first.is_comment() || only_comments;
            writer.new_line(if own_line { indent } else { inner(indent, first) });
        } else if at > 0 || line.pipe {
            writer.push(" ");
        }
        // Up to the next line break that is there already, or that a block makes.
        let more = atoms[at + 1..].iter().zip(&atoms[at..]).take_while(|(atom, before)| atom.gap == Gap::Blank && !before.block);
        let end = at + 1 + more.count();
        let breaks = breaks(&atoms[at..end], writer.column, indent, only_comments);
        for (position, atom) in atoms[at..end].iter().enumerate() {
            if breaks.contains(&position) {
                writer.new_line(if only_comments { indent } else { inner(indent, atom) });
            } else if position > 0 {
                writer.push(" ");
            }
            only_comments &= atom.is_comment();
            write_atom(writer, atom, indent);
        }
        at = end;
    }
}

/// The column of a line that begins with this.
fn inner(indent: usize, atom: &Atom<'_, '_>) -> usize {
    if atom.is_comment() {
        return indent;
    }
    let closes = atom.word().starts_with(')');
    indent + STEP * (1 + atom.depth.saturating_sub(usize::from(closes)).min(2))
}

/// Where a row of atoms is broken so that each line fits: in front of parts and outside parentheses rather than inside.
fn breaks(atoms: &[Atom<'_, '_>], start: usize, indent: usize, only_comments: bool) -> Vec<usize> {
    // The first command behind comments stands where they do.
    let comments = if only_comments { atoms.iter().take_while(|atom| atom.is_comment()).count() } else { 0 };
    let begin = |at: usize| if at <= comments && only_comments { indent } else { inner(indent, &atoms[at]) };
    let mut breaks = Vec::new();
    let mut column = start + atoms[0].width;
    let mut line_start = 0;
    let mut columns = vec![start];
    let mut position = 1;
    while position < atoms.len() {
        columns.push(column + 1);
        column += 1 + atoms[position].width;
        if column <= WIDTH {
            position += 1;
            continue;
        }
        // Early breaks make ragged lines: only the later part of the line counts, unless nothing else can be.
        let candidates = line_start + 1..=position;
        let best = |from: usize| {
            let late = candidates.clone().filter(|at| columns[*at] >= from);
            late.min_by_key(|at| {
                (atoms[*at].depth + 2 * atoms[*at].avoided.saturating_sub(1), atoms[*at].avoided, std::cmp::Reverse(*at))
            })
        };
        match best(WIDTH * 2 / 5).filter(|at| atoms[*at].avoided <= 1).or_else(|| best(0)) {
            Some(at) if begin(at) < columns[at] => {
                breaks.push(at);
                line_start = at;
                column = begin(at) + atoms[at].width;
                columns.truncate(at);
                columns.push(begin(at));
                position = at + 1;
            }
            _ => position += 1,
        }
    }
    breaks
}

fn write_atom(writer: &mut Writer, atom: &Atom<'_, '_>, indent: usize) {
    for item in atom.items {
        match &item.kind {
            Kind::Word(text) | Kind::Quoted(text) | Kind::Comment(text) => writer.push(text),
            Kind::Block(inside, _) => match flat(inside).filter(|_| !is_block(&item.kind)) {
                Some(flat) => writer.push(&flat),
                None => {
                    writer.push("[");
                    let outer = indent + if is_continued(writer, indent) { STEP } else { 0 };
                    write_block(writer, inside, outer + STEP);
                    writer.new_line(outer);
                    writer.push("]");
                }
            },
        }
    }
}

/// Whether the current line is indented deeper than the command that it belongs to.
fn is_continued(writer: &Writer, indent: usize) -> bool {
    let line = writer.text.rsplit('\n').next().unwrap_or_default();
    line.len() - line.trim_start_matches(' ').len() > indent
}

/// A subsearch on one line; none when a comment of several lines stands in it.
fn flat(lines: &[Line<'_>]) -> Option<String> {
    let mut text = String::from("[");
    for (number, line) in lines.iter().enumerate() {
        if line.pipe {
            text.push_str(if number == 0 || text == "[" { "| " } else { " | " });
        }
        for (position, item) in line.items.iter().enumerate() {
            if item.gap != Gap::None && position > 0 {
                text.push(' ');
            }
            match &item.kind {
                Kind::Word(part) | Kind::Quoted(part) | Kind::Comment(part) if !part.contains('\n') => text.push_str(part),
                Kind::Block(inside, false) => text.push_str(&flat(inside)?),
                _ => return None,
            }
        }
    }
    text.push(']');
    Some(text)
}

#[cfg(test)]
mod tests;
