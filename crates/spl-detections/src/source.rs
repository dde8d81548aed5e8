//! A search text and its home: the command line, a .spl file, or a value inside a YAML file.

use spl_parser::Span;

/// The text that spans of a search refer to, and where it stands.
#[derive(Clone, Debug)]
pub struct Source {
    /// What is shown as its name: a path, `search`.
    pub name: String,
    /// The text that is shown: the search, or the file that it stands in.
    pub text: String,
    /// For a search inside a file: where in `text` each byte of the search stands, and the end.
    places: Option<Vec<usize>>,
}

impl Source {
    /// A text that is the search itself.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), places: None }
    }

    /// A search that is a YAML value in a file, beginning at byte `start` (quote or block indicator included). When
    /// the value can't be followed through the file, the search is shown instead.
    pub fn embedded(name: impl Into<String>, file: &str, start: usize, search: &str) -> Self {
        match follow(file, start, search) {
            Some(places) => Self { name: name.into(), text: file.to_owned(), places: Some(places) },
            None => Self::new(name, search),
        }
    }

    /// A search that is the value of a setting in a .conf file, beginning at byte `start`. When the value can't be followed
    /// through the file, the search is shown instead.
    pub fn in_conf(name: impl Into<String>, file: &str, start: usize, search: &str) -> Self {
        match follow_as(file, start, search, Style::Continued) {
            Some(places) => Self { name: name.into(), text: file.to_owned(), places: Some(places) },
            None => Self::new(name, search),
        }
    }

    /// Whether `text` is the file that the search stands in.
    pub fn is_file(&self) -> bool {
        self.places.is_some()
    }

    /// Where a span of the search stands in `text`.
    pub fn place(&self, span: Span) -> Span {
        let Some(places) = &self.places else {
            let start = span.start.min(self.text.len());
            return Span::new(start, span.end.clamp(start, self.text.len()));
        };
        let at = |offset: usize| places.get(offset).or(places.last()).copied().unwrap_or_default();
        let start = at(span.start);
        // The end is one past the last byte of the span, not the first byte of what follows.
        let end = if span.end > span.start { at(span.end - 1) + 1 } else { start };
        Span::new(start, end.max(start))
    }

    /// Line and column of a byte of the search, both from 1.
    pub fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let place = self.place(Span::new(offset, offset)).start;
        line_and_column(&self.text, place)
    }
}

/// Line and column of a byte, both from 1; columns count characters.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Follows a YAML scalar through its file: for each byte of the value its place in the file, and the end of the last.
fn follow(file: &str, start: usize, value: &str) -> Option<Vec<usize>> {
    let bytes = file.as_bytes();
    let (at, style) = match bytes.get(start)? {
        b'\'' => (start + 1, Style::Single),
        b'"' => (start + 1, Style::Double),
        b'|' | b'>' => (start + file.get(start..)?.find('\n')? + 1, Style::Plain),
        _ => (start, Style::Plain),
    };
    follow_as(file, at, value, style)
}

/// Follows a value from a place on.
fn follow_as(file: &str, start: usize, value: &str, style: Style) -> Option<Vec<usize>> {
    let bytes = file.as_bytes();
    let mut at = start;
    let mut places = Vec::with_capacity(value.len() + 1);
    let mut blanks = 0;
    let mut last = at;
    for byte in value.bytes() {
        // Line folding changes blanks, so only what is not blank is followed.
        if byte.is_ascii_whitespace() {
            blanks += 1;
            continue;
        }
        loop {
            let skipped = match bytes.get(at) {
                Some(byte) if byte.is_ascii_whitespace() => 1,
                Some(b'\\') if style == Style::Double && escaped_blank(bytes, at) => 2,
                Some(b'\\') if style == Style::Continued && ends_line(bytes, at) => 1,
                _ => break,
            };
            at += skipped;
        }
        let width = match (style, bytes.get(at)?) {
            (Style::Single, b'\'') if bytes.get(at + 1) == Some(&b'\'') => 2,
            (Style::Double, b'\\') => 2,
            _ => 1,
        };
        if bytes.get(at + width - 1) != Some(&byte) {
            return None;
        }
        for blank in 0..blanks {
            places.push((last + blank).min(at));
        }
        blanks = 0;
        places.push(at);
        at += width;
        last = at;
    }
    places.extend((0..=blanks).map(|_| last));
    Some(places)
}

/// Whether an escape in double quotes stands for a blank or a line break, or joins two lines.
fn escaped_blank(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'\\') && matches!(bytes.get(at + 1), Some(b'n' | b't' | b'r' | b' ' | b'\n'))
}

/// Whether a backslash is the last of its line, so that the value goes on in the next.
fn ends_line(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).is_some_and(|byte| *byte == b'\n')
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    /// In a .conf file: a backslash at the end of a line goes on in the next.
    Continued,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, search: &str, word: &str) {
        let start = file.find("search: ").unwrap() + "search: ".len();
        let source = Source::embedded("x.yml", file, start, search);
        assert_eq!(source.text, file);
        let offset = search.find(word).unwrap();
        let place = source.place(Span::new(offset, offset + word.len()));
        assert_eq!(place.text(file), word);
    }

    #[test]
    fn yaml_values_are_followed() {
        check("a: b\nsearch: foo bar\n  | stats count\nb: c\n", "foo bar | stats count", "stats");
        check("search: |-\n  foo\n  | where x=\"y\"\n", "foo\n| where x=\"y\"", "where");
        check("search: 'foo ''x'' | where\n  y=1'\n", "foo 'x' | where y=1", "y=1");
        check("search: \"foo \\\"x\\\" \\\n  | bad\"\n", "foo \"x\" | bad", "bad");
    }

    #[test]
    fn values_of_conf_files_are_followed() {
        let file = "[a]\nsearch = foo \\\n| where x=\"a\\\\b\" \\\n| bad\n";
        let start = file.find("foo").unwrap();
        let search = "foo \n| where x=\"a\\\\b\" \n| bad";
        let source = Source::in_conf("s.conf", file, start, search);
        for word in ["foo", "where", "a\\\\b", "bad"] {
            let offset = search.find(word).unwrap();
            assert_eq!(source.place(Span::new(offset, offset + word.len())).text(file), word);
        }
    }

    #[test]
    fn what_cannot_be_followed_is_shown_itself() {
        let source = Source::embedded("x.yml", "search: \"\\x41b\"", 8, "Ab");
        assert_eq!(source.text, "Ab");
    }

    #[test]
    fn lines_and_columns() {
        assert_eq!(line_and_column("ab\nçd", 0), (1, 1));
        assert_eq!(line_and_column("ab\nçd", 5), (2, 2));
    }
}
