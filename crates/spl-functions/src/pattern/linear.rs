//! Patterns that mean the same in PCRE2 and in the linear-time engine, written anew for the latter.
//!
//! [`Linear::new`] reads a pattern by PCRE2's grammar and gives up at the first thing that is not certain to mean the same: look-around,
//! back references, atomic and possessive parts, recursion, verbs, case folding beyond ASCII, repetition of what can be empty. What it
//! accepts is written with classes of characters spelled out, so that nothing depends on how the other engine reads a shorthand.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::CharIndices;

use super::{Group, LONG_TEXT};

mod class;

use class::Class;

/// Most groups within groups.
const DEPTH: usize = 100;

/// A pattern of the linear-time engine.
#[derive(Debug)]
pub(super) struct Linear {
    regex: regex::Regex,
    /// `$`, `\Z` and `(?m)^` treat a line feed at the end of the text otherwise than this engine does.
    not_before_final_line_feed: bool,
    /// Whether a search for one of several matches may read far behind it.
    may_read_ahead: bool,
}

impl Linear {
    /// The pattern, where it means the same.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let mut translator = Translator {
            rest: pattern.char_indices().peekable(),
            pattern,
            written: String::with_capacity(pattern.len() + 16),
            flags: Flags::default(),
            quoted: false,
            not_before_final_line_feed: false,
            may_read_ahead: false,
        };
        translator.alternatives(0)?;
        if translator.rest.next().is_some() {
            return None;
        }
        let regex = regex::RegexBuilder::new(&translator.written).size_limit(32 << 20).build().ok()?;
        Some(Self {
            regex,
            not_before_final_line_feed: translator.not_before_final_line_feed,
            may_read_ahead: translator.may_read_ahead,
        })
    }

    /// Whether it means the same for this text.
    pub(super) fn holds_for(&self, text: &str) -> bool {
        !(self.not_before_final_line_feed && text.ends_with('\n'))
    }

    /// Whether it matches anywhere.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Calls `visit` with the groups of each match; false when the text is too long for this pattern.
    pub(super) fn each_match(&self, text: &str, limit: usize, visit: &mut dyn FnMut(&[Group])) -> bool {
        if limit > 1 && self.may_read_ahead && text.len() > LONG_TEXT {
            return false;
        }
        let mut groups = Vec::with_capacity(self.regex.captures_len());
        for captures in self.regex.captures_iter(text).take(limit) {
            groups.clear();
            groups.extend(captures.iter().map(|group| group.map(|found| (found.start(), found.end()))));
            visit(&groups);
        }
        true
    }

    /// The end of the first match, if there is one; none when the text is too long for this pattern.
    pub(super) fn first_end(&self, text: &str) -> Option<Option<usize>> {
        if self.may_read_ahead && text.len() > LONG_TEXT {
            return None;
        }
        Some(self.regex.find(text).map(|found| found.end()))
    }

    /// Calls `visit` with the range of each match; false when the text is too long for this pattern.
    pub(super) fn each_range(&self, text: &str, visit: &mut dyn FnMut(usize, usize)) -> bool {
        if self.may_read_ahead && text.len() > LONG_TEXT {
            return false;
        }
        for found in self.regex.find_iter(text) {
            visit(found.start(), found.end());
        }
        true
    }
}

/// What `(?ims)` and the like switch.
#[derive(Clone, Copy, Default)]
struct Flags {
    /// `i`
    caseless: bool,
    /// `m`
    multi_line: bool,
    /// `s`
    dot_all: bool,
    /// `x`
    extended: bool,
    /// `U`
    ungreedy: bool,
}

/// What is known of a part of a pattern.
#[derive(Clone, Copy, Default)]
struct Shape {
    /// It can match the empty text.
    can_be_empty: bool,
    /// It ends with a repetition without an upper bound, or with empty parts behind one.
    is_open: bool,
    /// It has a repetition without an upper bound behind which something is required.
    must_go_on: bool,
}

/// One part of a sequence.
enum Item {
    /// Something that takes characters; may be repeated.
    Part(Shape),
    /// A condition on the place: must not be repeated.
    Place,
    /// Nothing: flags, a comment.
    Nothing,
}

struct Translator<'a> {
    rest: Peekable<CharIndices<'a>>,
    pattern: &'a str,
    written: String,
    flags: Flags,
    /// Between `\Q` and `\E`.
    quoted: bool,
    not_before_final_line_feed: bool,
    may_read_ahead: bool,
}

impl<'a> Translator<'a> {
    fn take(&mut self) -> Option<char> {
        self.rest.next().map(|(_, character)| character)
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, character)| *character)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        self.rest.next_if(|(_, character)| *character == wanted).is_some()
    }

    /// What is not read yet.
    fn ahead(&mut self) -> &'a str {
        let at = self.rest.peek().map_or(self.pattern.len(), |(at, _)| *at);
        &self.pattern[at..]
    }

    /// Passes by a text that stands ahead.
    fn skip(&mut self, text: &str) {
        for _ in text.chars() {
            self.rest.next();
        }
    }

    /// Alternatives up to a closing parenthesis or the end. Flags that one sets hold for the next ones too.
    fn alternatives(&mut self, depth: usize) -> Option<Shape> {
        if depth > DEPTH {
            return None;
        }
        let mut shape = self.sequence(depth)?;
        let mut several = false;
        while self.take_if('|') {
            self.written.push('|');
            several = true;
            let next = self.sequence(depth)?;
            shape.can_be_empty |= next.can_be_empty;
            shape.is_open |= next.is_open;
            shape.must_go_on |= next.must_go_on;
        }
        self.may_read_ahead |= several && shape.must_go_on;
        Some(shape)
    }

    fn sequence(&mut self, depth: usize) -> Option<Shape> {
        let mut shape = Shape { can_be_empty: true, ..Shape::default() };
        loop {
            if !self.quoted {
                match self.peek() {
                    None | Some('|' | ')') => return Some(shape),
                    _ => {}
                }
            }
            let start = self.written.len();
            let part = match self.item(depth)? {
                Item::Nothing => continue,
                Item::Place => {
                    if self.quantifier()?.is_some() {
                        return None;
                    }
                    continue;
                }
                Item::Part(part) => self.repeated(part, start)?,
            };
            shape.must_go_on |= part.must_go_on || (shape.is_open && !part.can_be_empty);
            shape.is_open = part.is_open || (shape.is_open && part.can_be_empty);
            shape.can_be_empty &= part.can_be_empty;
            if self.quoted && self.peek().is_none() {
                return Some(shape);
            }
        }
    }

    /// A part with the repetition that follows it.
    fn repeated(&mut self, part: Shape, start: usize) -> Option<Shape> {
        if self.quoted {
            // A repetition behind the end of a quotation holds for its last character.
            if !self.ahead().starts_with("\\E") {
                return Some(part);
            }
            self.skip("\\E");
            self.quoted = false;
        }
        let Some((least, most)) = self.quantifier()? else {
            return Some(part);
        };
        if part.can_be_empty || self.written.len() == start {
            return None;
        }
        let lazy = match self.peek() {
            Some('?') => {
                self.take();
                true
            }
            // Possessive.
            Some('+') => return None,
            _ => false,
        };
        let before_next = self.peek();
        if matches!(before_next, Some('*' | '+' | '?'))
            || (before_next == Some('{') && self.quantifier()?.is_some())
            || (self.flags.extended && matches!(before_next, Some(' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' | '#')))
        {
            return None;
        }
        match (least, most) {
            (0, None) => self.written.push('*'),
            (1, None) => self.written.push('+'),
            (0, Some(1)) => self.written.push('?'),
            (least, None) => write!(self.written, "{{{least},}}").ok()?,
            (least, Some(most)) => write!(self.written, "{{{least},{most}}}").ok()?,
        }
        if lazy != self.flags.ungreedy {
            self.written.push('?');
        }
        self.may_read_ahead |= least == 0 && part.must_go_on;
        let repeats = most.is_none_or(|most| most > 1);
        Some(Shape {
            can_be_empty: least == 0,
            is_open: most.is_none() || part.is_open,
            must_go_on: part.must_go_on || (repeats && part.is_open),
        })
    }

    /// A repetition, if one stands ahead: fewest, and most unless unbounded. None when it is not certain what stands there.
    #[allow(clippy::option_option)]
    fn quantifier(&mut self) -> Option<Option<(u32, Option<u32>)>> {
        let bounds = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let ahead = &self.ahead()[1..];
                if !ahead.starts_with(|first: char| first.is_ascii_digit() || matches!(first, ',' | ' ' | '\t')) {
                    // A brace for itself.
                    return Some(None);
                }
                let (counts, _) = ahead.split_once('}')?;
                // `parse` takes `+5` as well, which is no count in PCRE2.
                if !counts.bytes().all(|byte| byte.is_ascii_digit() || byte == b',') {
                    return None;
                }
                let (least, most) = match counts.split_once(',') {
                    None => (counts.parse().ok()?, Some(counts.parse().ok()?)),
                    Some((least, "")) => (least.parse().ok()?, None),
                    Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
                };
                if least > 1_000 || most.is_some_and(|most| most > 1_000 || most < least || most == 0) {
                    return None;
                }
                self.skip(counts);
                self.take();
                (least, most)
            }
            _ => return Some(None),
        };
        self.take();
        Some(Some(bounds))
    }

    fn item(&mut self, depth: usize) -> Option<Item> {
        let one = Some(Item::Part(Shape::default()));
        if self.quoted {
            if self.ahead().starts_with("\\E") {
                self.skip("\\E");
                self.quoted = false;
                return Some(Item::Nothing);
            }
            let character = self.take()?;
            self.literal(character)?;
            return one;
        }
        let character = self.take()?;
        match character {
            '\\' => self.escape(),
            '[' => {
                let class = Class::read(&mut self.rest, self.pattern, self.flags.caseless)?;
                class.write(&mut self.written);
                one
            }
            '(' => self.group(depth),
            '.' => {
                self.written.push_str(if self.flags.dot_all { "(?s:.)" } else { r"[^\n]" });
                one
            }
            '^' => {
                self.not_before_final_line_feed |= self.flags.multi_line;
                self.written.push_str(if self.flags.multi_line { "(?m:^)" } else { r"\A" });
                Some(Item::Place)
            }
            '$' => {
                self.not_before_final_line_feed |= !self.flags.multi_line;
                self.written.push_str(if self.flags.multi_line { "(?m:$)" } else { r"\z" });
                Some(Item::Place)
            }
            '*' | '+' | '?' => None,
            '#' if self.flags.extended => {
                while self.rest.next_if(|(_, character)| *character != '\n').is_some() {}
                Some(Item::Nothing)
            }
            ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' if self.flags.extended => Some(Item::Nothing),
            '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' if self.flags.extended => None,
            '{' if self.ahead().starts_with(|first: char| first.is_ascii_digit() || matches!(first, ',' | ' ' | '\t')) => None,
            other => {
                self.literal(other)?;
                one
            }
        }
    }

    /// A character for itself.
    fn literal(&mut self, character: char) -> Option<()> {
        if self.flags.caseless {
            if !character.is_ascii() {
                return None;
            }
            if character.is_ascii_alphabetic() {
                let mut class = Class::default();
                class.add_folded(character, character)?;
                class.write(&mut self.written);
                return Some(());
            }
        }
        if character.is_ascii_alphanumeric() || !character.is_ascii() {
            self.written.push(character);
        } else {
            write!(self.written, r"\x{{{:X}}}", u32::from(character)).ok()?;
        }
        Some(())
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self) -> Option<Item> {
        let character = self.take()?;
        let place = match character {
            'b' => r"(?-u:\b)",
            'A' => r"\A",
            'z' => r"\z",
            'Z' => {
                self.not_before_final_line_feed = true;
                r"\z"
            }
            'Q' => {
                self.quoted = true;
                return Some(Item::Nothing);
            }
            'E' => return Some(Item::Nothing),
            _ => "",
        };
        if !place.is_empty() {
            self.written.push_str(place);
            return Some(Item::Place);
        }
        let mut class = Class::default();
        if character == 'N' {
            if self.peek() == Some('{') {
                return None;
            }
            self.written.push_str(r"[^\n]");
        } else if class.add_shorthand(character) {
            class.write(&mut self.written);
        } else {
            let escaped = class::escaped_character(character, &mut self.rest)?;
            self.literal(escaped)?;
        }
        Some(Item::Part(Shape::default()))
    }

    /// What follows an opening parenthesis.
    fn group(&mut self, depth: usize) -> Option<Item> {
        let outer = self.flags;
        let ahead = self.ahead();
        if ahead.starts_with('*') {
            return None;
        }
        if let Some(rest) = ahead.strip_prefix('?') {
            let mut kind = rest.chars();
            match kind.next()? {
                '#' => {
                    let (comment, _) = ahead.split_once(')')?;
                    self.skip(comment);
                    self.take();
                    return Some(Item::Nothing);
                }
                ':' => {
                    self.skip("?:");
                    self.written.push_str("(?:");
                }
                '\'' => self.name("?'", '\'')?,
                'P' if kind.next() == Some('<') => self.name("?P<", '>')?,
                '<' if !matches!(kind.next(), Some('=' | '!')) => self.name("?<", '>')?,
                _ => {
                    self.take();
                    if self.flags()? {
                        return Some(Item::Nothing);
                    }
                    self.written.push_str("(?:");
                }
            }
        } else {
            self.written.push('(');
        }
        let shape = self.alternatives(depth + 1)?;
        if !self.take_if(')') {
            return None;
        }
        self.written.push(')');
        self.flags = outer;
        Some(Item::Part(shape))
    }

    /// The name of a group; PCRE2 has checked it, and keeps it.
    fn name(&mut self, opening: &str, closing: char) -> Option<()> {
        self.skip(opening);
        while self.take()? != closing {}
        self.written.push('(');
        Some(())
    }

    /// Flags behind `(?`: true when they hold from here on, false when they hold for the group that they open.
    fn flags(&mut self) -> Option<bool> {
        let mut on = true;
        let mut extended = 0;
        loop {
            let flag = match self.take()? {
                'i' => &mut self.flags.caseless,
                'm' => &mut self.flags.multi_line,
                's' => &mut self.flags.dot_all,
                'U' => &mut self.flags.ungreedy,
                'x' => {
                    extended += 1;
                    if extended > 1 {
                        return None;
                    }
                    &mut self.flags.extended
                }
                '-' if on => {
                    on = false;
                    continue;
                }
                ')' => return Some(true),
                ':' => return Some(false),
                _ => return None,
            };
            *flag = on;
        }
    }
}
