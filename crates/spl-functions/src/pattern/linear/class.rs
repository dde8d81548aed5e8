//! Classes of characters as ranges: `[a-z]`, `\w`, `[:alpha:]`, and the other case of ASCII letters.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::CharIndices;

/// A set of characters.
#[derive(Default)]
pub(super) struct Class {
    ranges: Vec<(char, char)>,
    negated: bool,
}

const DIGIT: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const SPACE: &[(char, char)] = &[('\t', '\r'), (' ', ' ')];
/// `\h`
const HORIZONTAL: &[(char, char)] = &[
    ('\t', '\t'),
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
];
/// `\v`
const VERTICAL: &[(char, char)] = &[('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')];

impl Class {
    /// Reads a class behind its opening bracket; none when it is not certain what it means.
    pub(super) fn read(rest: &mut Peekable<CharIndices<'_>>, pattern: &str, caseless: bool) -> Option<Self> {
        let negated = rest.next_if(|(_, character)| *character == '^').is_some();
        let mut class = Self { negated, ..Self::default() };
        let mut first = true;
        loop {
            let (at, character) = rest.next()?;
            let start = match character {
                ']' if !first => return (!class.ranges.is_empty()).then_some(class),
                '[' if pattern[at..].starts_with("[:") => {
                    class.add_named(rest, &pattern[at + 2..], caseless)?;
                    if !ends_behind(rest, pattern) {
                        return None;
                    }
                    first = false;
                    continue;
                }
                '[' if pattern[at..].starts_with("[.") || pattern[at..].starts_with("[=") => return None,
                '\\' => {
                    let (_, escaped) = rest.next()?;
                    if class.add_shorthand(escaped) {
                        if !ends_behind(rest, pattern) {
                            return None;
                        }
                        first = false;
                        continue;
                    }
                    class_character(escaped, rest)?
                }
                other => other,
            };
            first = false;
            let end = match range_end(rest, pattern) {
                false => start,
                true => {
                    rest.next()?;
                    match rest.next()? {
                        (_, '\\') => {
                            let (_, escaped) = rest.next()?;
                            if Self::default().add_shorthand(escaped) {
                                return None;
                            }
                            class_character(escaped, rest)?
                        }
                        (_, '[') => return None,
                        (_, other) => other,
                    }
                }
            };
            if end < start {
                return None;
            }
            if caseless {
                class.add_folded(start, end)?;
            } else {
                class.ranges.push((start, end));
            }
        }
    }

    /// Adds a range with the other case of its letters, among them the Kelvin sign and the long s; none beyond ASCII.
    pub(super) fn add_folded(&mut self, start: char, end: char) -> Option<()> {
        if !start.is_ascii() || !end.is_ascii() {
            return None;
        }
        self.ranges.push((start, end));
        for letter in (start..=end).filter(char::is_ascii_alphabetic) {
            let (lower, upper) = (letter.to_ascii_lowercase(), letter.to_ascii_uppercase());
            self.ranges.extend([(lower, lower), (upper, upper)]);
            match lower {
                'k' => self.ranges.push(('\u{212a}', '\u{212a}')),
                's' => self.ranges.push(('\u{17f}', '\u{17f}')),
                _ => {}
            }
        }
        Some(())
    }

    /// Adds `\d`, `\W` and the like; false when it is none.
    pub(super) fn add_shorthand(&mut self, letter: char) -> bool {
        let ranges = match letter.to_ascii_lowercase() {
            'd' => DIGIT,
            'w' => WORD,
            's' => SPACE,
            'h' => HORIZONTAL,
            'v' => VERTICAL,
            _ => return false,
        };
        if letter.is_ascii_uppercase() {
            self.add_complement(ranges);
        } else {
            self.ranges.extend_from_slice(ranges);
        }
        true
    }

    /// Adds all characters outside ranges that are in order.
    fn add_complement(&mut self, ranges: &[(char, char)]) {
        let mut from = '\0';
        for (start, end) in ranges {
            // The characters next to the ends of the ranges used here exist.
            if let Some(before) = char::from_u32(u32::from(*start).wrapping_sub(1))
                && from <= before
                && *start != '\0'
            {
                self.ranges.push((from, before));
            }
            if let Some(behind) = char::from_u32(u32::from(*end) + 1) {
                from = behind;
            }
        }
        self.ranges.push((from, char::MAX));
    }

    /// Adds `[:alpha:]`, `[:^alpha:]`, read from behind its colon.
    fn add_named(&mut self, rest: &mut Peekable<CharIndices<'_>>, behind: &str, caseless: bool) -> Option<()> {
        let (written, _) = behind.split_once(":]")?;
        let (name, negated) = written.strip_prefix('^').map_or((written, false), |name| (name, true));
        let ranges: &[(char, char)] = match name {
            "alpha" => &[('A', 'Z'), ('a', 'z')],
            // Without case they are letters of both cases; rare enough to leave it.
            "lower" if !caseless => &[('a', 'z')],
            "upper" if !caseless => &[('A', 'Z')],
            "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
            "ascii" => &[('\0', '\x7f')],
            "blank" => &[('\t', '\t'), (' ', ' ')],
            "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
            "digit" => DIGIT,
            "graph" => &[('!', '~')],
            "print" => &[(' ', '~')],
            "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
            "space" => SPACE,
            "word" => WORD,
            "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
            _ => return None,
        };
        if negated {
            self.add_complement(ranges);
        } else {
            self.ranges.extend_from_slice(ranges);
        }
        // The colon, the name, the colon and the bracket.
        for _ in 0..written.chars().count() + 3 {
            rest.next()?;
        }
        Some(())
    }

    /// Writes the class for the linear-time engine.
    pub(super) fn write(&self, written: &mut String) {
        written.push_str(if self.negated { "[^" } else { "[" });
        for (start, end) in &self.ranges {
            // Writing into a String can't fail.
            let _ = write!(written, r"\x{{{:X}}}-\x{{{:X}}}", u32::from(*start), u32::from(*end));
        }
        written.push(']');
    }
}

/// Whether no hyphen that could begin a range follows.
fn ends_behind(rest: &mut Peekable<CharIndices<'_>>, pattern: &str) -> bool {
    !range_end(rest, pattern)
}

/// Whether a hyphen and the end of a range follow.
fn range_end(rest: &mut Peekable<CharIndices<'_>>, pattern: &str) -> bool {
    rest.peek().is_some_and(|(at, _)| pattern[*at..].starts_with('-') && !pattern[*at..].starts_with("-]"))
}

/// The character of an escape within a class.
fn class_character(escaped: char, rest: &mut Peekable<CharIndices<'_>>) -> Option<char> {
    if escaped == 'b' { Some('\x08') } else { escaped_character(escaped, rest) }
}

/// The character of an escape, within a class and outside; none when it stands for something else.
pub(super) fn escaped_character(escaped: char, rest: &mut Peekable<CharIndices<'_>>) -> Option<char> {
    match escaped {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'f' => Some('\x0c'),
        'e' => Some('\x1b'),
        'a' => Some('\x07'),
        'x' => hexadecimal(rest),
        other if other.is_ascii_punctuation() || other == ' ' => Some(other),
        _ => None,
    }
}

/// `41` or `{41}` behind `\x`.
fn hexadecimal(rest: &mut Peekable<CharIndices<'_>>) -> Option<char> {
    let mut digits = String::new();
    if rest.next_if(|(_, character)| *character == '{').is_some() {
        while let Some((_, digit)) = rest.next_if(|(_, character)| character.is_ascii_hexdigit()) {
            digits.push(digit);
        }
        rest.next_if(|(_, character)| *character == '}')?;
        if digits.len() > 6 {
            return None;
        }
    } else {
        while digits.len() < 2
            && let Some((_, digit)) = rest.next_if(|(_, character)| character.is_ascii_hexdigit())
        {
            digits.push(digit);
        }
    }
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}
