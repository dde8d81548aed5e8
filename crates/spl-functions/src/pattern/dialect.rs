//! What PCRE writes differently from the engines used here, rewritten.
//!
//! Rewritten are: `\d`, `\w`, `\s` and `\b` (ASCII in PCRE), brackets and set operators inside character classes (plain
//! characters in PCRE), a `{` that begins no repetition, possessive repetitions (taken as greedy ones), `\h`, `\R`,
//! `\N`, `\e`, `\Q..\E`, `\<`, `\>`, escaped blanks, `(?'name'..)` and `(?#..)`. Group numbers and names do not change.

use std::iter::Peekable;
use std::str::Chars;

/// Rewrites a pattern. `ascii_boundaries`: whether the engine understands an ASCII word boundary.
pub(super) fn rewrite(pattern: &str, ascii_boundaries: bool) -> String {
    let mut rewriter = Rewriter {
        rest: pattern.chars().peekable(),
        written: String::with_capacity(pattern.len() + 16),
        ascii_boundaries,
        extended: false,
    };
    rewriter.run();
    rewriter.written
}

struct Rewriter<'a> {
    rest: Peekable<Chars<'a>>,
    written: String,
    ascii_boundaries: bool,
    /// Whether blanks and comments are ignored: `(?x)`.
    extended: bool,
}

impl Rewriter<'_> {
    fn run(&mut self) {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape(),
                '[' => self.class(),
                '(' => self.group(),
                '#' if self.extended => while self.rest.next_if(|character| *character != '\n').is_some() {},
                '{' => match self.repetition() {
                    Some(counts) => {
                        self.written.push_str(&counts);
                        self.drop_possessive();
                    }
                    None => self.written.push_str("\\{"),
                },
                '*' | '+' | '?' => {
                    self.written.push(character);
                    self.drop_possessive();
                }
                other => self.written.push(other),
            }
        }
    }

    /// A `+` after a repetition makes it possessive.
    fn drop_possessive(&mut self) {
        self.rest.next_if_eq(&'+');
    }

    /// `{2}`, `{2,}`, `{2,5}` behind a `{`; none when it is a plain character.
    fn repetition(&mut self) -> Option<String> {
        let mut ahead = self.rest.clone();
        let mut counts = String::from("{");
        let mut digits = 0;
        let mut commas = 0;
        loop {
            match ahead.next()? {
                digit @ '0'..='9' => {
                    digits += usize::from(commas == 0);
                    counts.push(digit);
                }
                ',' if digits > 0 && commas == 0 => {
                    commas = 1;
                    counts.push(',');
                }
                '}' if digits > 0 => {
                    counts.push('}');
                    self.rest = ahead;
                    return Some(counts);
                }
                _ => return None,
            }
        }
    }

    /// What follows an opening parenthesis.
    fn group(&mut self) {
        let mut ahead = self.rest.clone();
        if ahead.next() == Some('?') {
            match ahead.next() {
                Some('#') => {
                    while self.rest.next().is_some_and(|character| character != ')') {}
                    return;
                }
                Some('\'') => {
                    let name: String = ahead.by_ref().take_while(|character| *character != '\'').collect();
                    self.written.push_str(&format!("(?<{name}>"));
                    self.rest = ahead;
                    return;
                }
                // Flags: `(?x)`, `(?ix:`; what is set inside a group is taken to hold to the end.
                Some(first) => {
                    let flags: String =
                        std::iter::once(first).chain(ahead.take_while(|character| character.is_ascii_alphabetic())).collect();
                    self.extended |= flags.bytes().all(|byte| byte.is_ascii_alphabetic()) && flags.contains('x');
                }
                None => {}
            }
            // The question mark is no repetition.
            self.rest.next();
            self.written.push_str("(?");
            return;
        }
        self.written.push('(');
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self) {
        let Some(character) = self.rest.next() else {
            self.written.push('\\');
            return;
        };
        match character {
            'd' => self.written.push_str("[0-9]"),
            'D' => self.written.push_str("[^0-9]"),
            'w' => self.written.push_str("[0-9A-Za-z_]"),
            'W' => self.written.push_str("[^0-9A-Za-z_]"),
            's' => self.written.push_str(r"[\t\n\x0B\x0C\r ]"),
            'S' => self.written.push_str(r"[^\t\n\x0B\x0C\r ]"),
            'h' => self.written.push_str(r"[\t ]"),
            'H' => self.written.push_str(r"[^\t ]"),
            'b' if self.ascii_boundaries => self.written.push_str(r"(?-u:\b)"),
            'R' => self.written.push_str(r"(?:\r\n|[\n\x0B\x0C\r\x{85}\x{2028}\x{2029}])"),
            'N' => self.written.push_str(r"[^\n]"),
            'e' => self.written.push_str(r"\x1B"),
            'Q' => self.quoted(),
            // The end of a quotation that was not begun.
            'E' => {}
            other => self.plain_escape(other),
        }
    }

    /// An escape that means the same inside a class and outside.
    fn plain_escape(&mut self, character: char) {
        match character {
            '<' | '>' => self.written.push(character),
            ' ' => self.written.push_str(r"\x20"),
            other if other.is_ascii() => {
                self.written.push('\\');
                self.written.push(other);
            }
            other => self.written.push(other),
        }
    }

    /// Everything up to `\E` for itself.
    fn quoted(&mut self) {
        while let Some(character) = self.rest.next() {
            if character == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
                self.written.push('\\');
            }
            self.written.push(character);
        }
    }

    /// A character class, behind its opening bracket.
    fn class(&mut self) {
        self.written.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.written.push('^');
        }
        // A closing bracket in the first place is a plain character.
        if self.rest.next_if_eq(&']').is_some() {
            self.written.push_str("\\]");
        }
        while let Some(character) = self.rest.next() {
            match character {
                ']' => {
                    self.written.push(']');
                    return;
                }
                '[' => match self.posix_class() {
                    Some(name) => self.written.push_str(&name),
                    None => self.written.push_str("\\["),
                },
                '&' | '~' => {
                    self.written.push('\\');
                    self.written.push(character);
                }
                // Two hyphens are a set operator there; here they are a range that ends with a hyphen.
                '-' if self.rest.next_if_eq(&'-').is_some() => {
                    let first = self.written.ends_with('[') || self.written.ends_with("[^");
                    self.written.push_str(if first { "\\-\\-" } else { "-\\-" });
                }
                '\\' => self.class_escape(),
                other => self.written.push(other),
            }
        }
    }

    /// `[:alpha:]` behind its first bracket.
    fn posix_class(&mut self) -> Option<String> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some(':') {
            return None;
        }
        let mut name = String::from("[:");
        loop {
            match ahead.next()? {
                ':' if ahead.next() == Some(']') => {
                    name.push_str(":]");
                    self.rest = ahead;
                    return Some(name);
                }
                letter if letter.is_ascii_alphabetic() || letter == '^' => name.push(letter),
                _ => return None,
            }
        }
    }

    /// What follows a backslash inside a class.
    fn class_escape(&mut self) {
        let Some(character) = self.rest.next() else {
            self.written.push('\\');
            return;
        };
        match character {
            'd' => self.written.push_str("0-9"),
            'D' => self.written.push_str("[^0-9]"),
            'w' => self.written.push_str("0-9A-Za-z_"),
            'W' => self.written.push_str("[^0-9A-Za-z_]"),
            's' => self.written.push_str(r"\t\n\x0B\x0C\r "),
            'S' => self.written.push_str(r"[^\t\n\x0B\x0C\r ]"),
            'h' => self.written.push_str(r"\t "),
            'b' => self.written.push_str(r"\x08"),
            'e' => self.written.push_str(r"\x1B"),
            other => self.plain_escape(other),
        }
        // A hyphen behind a set is a plain character.
        if matches!(character, 'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'h') && self.rest.next_if_eq(&'-').is_some() {
            self.written.push_str("\\-");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::Pattern;

    fn matched<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
        let groups = Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).matches(text, 1).unwrap();
        groups.first().and_then(|groups| groups[0]).map(|(start, end)| &text[start..end])
    }

    #[test]
    fn patterns_mean_what_pcre_means() {
        for (pattern, text, expected) in [
            (r"\d+", "٣ 42", Some("42")),
            (r"\w+", "größe", Some("gr")),
            (r"\bfoo\b", "x foo.", Some("foo")),
            (r"[\w.-]+", "a.b-c d", Some("a.b-c")),
            (r"[\w-]+", "a-b", Some("a-b")),
            (r"[[]a]", "[a]", Some("[a]")),
            (r"[]a]+", "]a", Some("]a")),
            (r"[^]a]+", "]ab", Some("b")),
            (r"[a&&b]+", "a&b", Some("a&b")),
            (r"[+--]+", "+,-", Some("+,-")),
            (r"[[:alpha:]_]+", "ab_1", Some("ab_")),
            (r#"{"a":(\d+)}"#, r#"{"a":12}"#, Some(r#"{"a":12}"#)),
            (r"a{2}b{1,}c{,2}", "aabbc{,2}", Some("aabbc{,2}")),
            (r"a?+b", "ab", Some("ab")),
            (r"\d++x", "12x", Some("12x")),
            (r"a\hb", "a\tb", Some("a\tb")),
            (r"a\Rb", "a\r\nb", Some("a\r\nb")),
            (r"\Qa.b[\E.", "a.b[x", Some("a.b[x")),
            (r"\<a\>", "<a>", Some("<a>")),
            (r"a\ b", "a b", Some("a b")),
            (r"(?'x'a)b", "ab", Some("ab")),
            (r"a(?#comment)b", "ab", Some("ab")),
            ("(?x) a b # [ {", "ab", Some("ab")),
            (r"(?i)FOO", "foo", Some("foo")),
            (r"(?<n>a)(?=b)", "ab", Some("a")),
            (r"(a)\1", "aa", Some("aa")),
            (r"\/path\-x\_\%", "/path-x_%", Some("/path-x_%")),
            (r"[^\s]+", "ab c", Some("ab")),
            (r"[\S]+", "ab c", Some("ab")),
            (r"[\[\]]+", "[]", Some("[]")),
            (r"^(?!.*foo\b).+$", "foobar", Some("foobar")),
        ] {
            assert_eq!(matched(pattern, text), expected, "{pattern}");
        }
    }

    #[test]
    fn faults_are_named() {
        for pattern in ["(", "[a", "a)", r"\", "(?<n", "*"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }
}
