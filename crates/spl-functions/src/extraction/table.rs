//! Tables in the text of an event, such as the output of `ps` or `top`: which line names the columns, and the cells of the
//! lines below.
//!
//! Source: Splunk search reference, multikv; Splunk admin manual, props.conf, `KV_MODE = multi`.

/// Which line names the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// The first line that has only capitalised words, else the first with words only.
    #[default]
    Found,
    /// The line with this number, from 1, empty ones not counted.
    Line(usize),
    /// None: columns are `Column_1`, `Column_2`.
    None,
}

/// How tables are read.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Which line names the columns.
    pub header: Header,
    /// Several tables may stand in one text, each ended by an empty line.
    pub several: bool,
    /// Lines hold one of these texts, in lower case; all lines when empty.
    pub filter: Vec<String>,
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub text: String,
    /// Its cells by column; empty ones are left out.
    pub fields: Vec<(String, String)>,
}

impl Layout {
    /// The lines of the tables in a text; none when there is no table.
    pub fn rows(&self, text: &str) -> Option<Vec<Line>> {
        let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
        let filled = |at: usize| !lines[at].trim().is_empty();
        let mut rows = Vec::new();
        let mut found = false;
        let mut next = 0;
        let mut heads = None;
        while next < lines.len() {
            let (columns, first) = match self.header {
                Header::Line(number) => {
                    let at = (0..lines.len()).filter(|at| filled(*at)).nth(number.checked_sub(1)?)?;
                    (Columns::of_header(lines[at]), at + 1)
                }
                Header::None => {
                    let at = (0..lines.len()).find(|at| filled(*at))?;
                    (Columns::numbered(lines[at]), at)
                }
                Header::Found => {
                    let Some(at) = heads.get_or_insert_with(|| Heads::of(&lines)).from(next) else { break };
                    (Columns::of_header(lines[at]), at + 1)
                }
            };
            found = true;
            next = lines.len();
            for (at, line) in lines.iter().enumerate().skip(first) {
                if line.trim().is_empty() {
                    if self.several && !rows.is_empty() {
                        next = at + 1;
                        break;
                    }
                    continue;
                }
                self.add(&columns, line, &mut rows);
            }
            if !matches!(self.header, Header::Found) {
                break;
            }
        }
        found.then_some(rows)
    }

    fn add(&self, columns: &Columns, line: &str, rows: &mut Vec<Line>) {
        if !self.filter.is_empty() {
            let lower = line.to_lowercase();
            if !self.filter.iter().any(|term| lower.contains(term)) {
                return;
            }
        }
        let fields = columns.values(line).into_iter().filter(|(_, value)| !value.is_empty()).collect();
        rows.push(Line { text: line.to_owned(), fields });
    }
}

/// The lines that can head a table, found once for all tables of a text.
struct Heads {
    /// From each line on, the first that has only capitalised words.
    capitals: Vec<Option<usize>>,
    /// From each line on, the first with words only.
    words: Vec<Option<usize>>,
}

impl Heads {
    fn of(lines: &[&str]) -> Self {
        let mut heads = Self { capitals: vec![None; lines.len() + 1], words: vec![None; lines.len() + 1] };
        for at in (0..lines.len()).rev() {
            let follows = lines.get(at + 1).is_some_and(|line| !line.trim().is_empty());
            let words = if follows { Separator::of(lines[at]).words(lines[at]) } else { Vec::new() };
            let heads_if = |capitals: bool| words.len() > 1 && words.iter().all(|word| is_title(word.text, capitals));
            heads.capitals[at] = if heads_if(true) { Some(at) } else { heads.capitals[at + 1] };
            heads.words[at] = if heads_if(false) { Some(at) } else { heads.words[at + 1] };
        }
        heads
    }

    /// The line from which on there is a table: the first that has only capitalised words, else the first with words only.
    fn from(&self, line: usize) -> Option<usize> {
        self.capitals[line].or(self.words[line])
    }
}

fn is_title(word: &str, capitals: bool) -> bool {
    let letters = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    match letters.chars().next() {
        Some(first) if capitals => first.is_uppercase(),
        Some(first) => first.is_alphabetic(),
        None => false,
    }
}

/// What stands between the cells of a line.
#[derive(Clone, Copy, PartialEq)]
enum Separator {
    Tab,
    Comma,
    Blanks,
}

struct Word<'t> {
    text: &'t str,
    start: usize,
    end: usize,
}

impl Separator {
    fn of(line: &str) -> Self {
        if line.trim().contains('\t') {
            Self::Tab
        } else if line.contains(',') {
            Self::Comma
        } else {
            Self::Blanks
        }
    }

    fn words(self, line: &str) -> Vec<Word<'_>> {
        let character = match self {
            Self::Tab => '\t',
            Self::Comma => ',',
            Self::Blanks => ' ',
        };
        let mut words = Vec::new();
        let mut start = 0;
        for piece in line.split(character) {
            let end = start + piece.len();
            let text = piece.trim();
            if self != Self::Blanks || !text.is_empty() {
                let at = start + (piece.len() - piece.trim_start().len());
                words.push(Word { text: text.trim_matches('"'), start: at, end: at + text.len() });
            }
            start = end + 1;
        }
        words
    }
}

/// The columns of a table: names, and where they stand in the line of the header.
struct Columns {
    separator: Separator,
    names: Vec<String>,
    places: Vec<(usize, usize)>,
}

impl Columns {
    fn of_header(line: &str) -> Self {
        let separator = Separator::of(line);
        let words = separator.words(line);
        let clean = |text: &str| text.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
        Self {
            separator,
            names: words.iter().map(|word| clean(word.text)).collect(),
            places: words.iter().map(|word| (word.start, word.end)).collect(),
        }
    }

    fn numbered(line: &str) -> Self {
        let mut columns = Self::of_header(line);
        for (place, name) in columns.names.iter_mut().enumerate() {
            *name = format!("Column_{}", place + 1);
        }
        columns
    }

    /// The column above or below a word: the first that stands there, else the nearest, the left one of two.
    fn nearest(&self, word: &Word<'_>) -> Option<usize> {
        // Columns stand in order, and none reaches into the next.
        let right = self.places.partition_point(|(_, end)| *end <= word.start);
        let left = right.checked_sub(1);
        let Some((start, _)) = self.places.get(right) else { return left };
        let Some((_, end)) = left.and_then(|left| self.places.get(left)) else { return Some(right) };
        if *start < word.end || start - word.end < word.start - end { Some(right) } else { left }
    }

    /// The cells of a line by name. Cells stand in order where there are as many as columns, else below their columns.
    fn values(&self, line: &str) -> Vec<(String, String)> {
        let words = self.separator.words(line);
        if self.separator != Separator::Blanks || words.len() == self.names.len() {
            return self
                .names
                .iter()
                .zip(&words)
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, word)| (name.clone(), word.text.to_owned()))
                .collect();
        }
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; self.names.len()];
        for word in &words {
            if let Some(span) = self.nearest(word).and_then(|place| spans.get_mut(place)) {
                span.get_or_insert((word.start, word.end)).1 = word.end;
            }
        }
        self.names
            .iter()
            .zip(spans)
            .filter_map(|(name, span)| {
                let (start, end) = span?;
                Some((name.clone(), line.get(start..end)?.to_owned()))
            })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(layout: &Layout, text: &str) -> Vec<String> {
        let shown = |line: Line| line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
        layout.rows(text).unwrap().into_iter().map(shown).collect()
    }

    fn layout(header: Header) -> Layout {
        Layout { header, several: true, ..Layout::default() }
    }

    #[test]
    fn aligned_columns() {
        let text =
            "Tasks: 3\n\nPID  USER  %CPU  COMMAND\n  1  root   0.0  /sbin/init splash\n 22         1.5  cron\n\nNAME SIZE\na 1";
        assert_eq!(
            read(&layout(Header::Found), text),
            ["PID=1 USER=root _CPU=0.0 COMMAND=/sbin/init splash", "PID=22 _CPU=1.5 COMMAND=cron", "NAME=a SIZE=1"]
        );
    }

    #[test]
    fn delimited_columns_and_no_header() {
        assert_eq!(read(&layout(Header::Line(1)), "name, age\nTom, 12\n,8"), ["name=Tom age=12", "age=8"]);
        assert_eq!(read(&layout(Header::None), "a 1\nb 2"), ["Column_1=a Column_2=1", "Column_1=b Column_2=2"]);
        assert!(layout(Header::Found).rows("just one line").is_none());
        assert!(layout(Header::Line(0)).rows("a b\n1 2").is_none());
    }

    #[test]
    fn cells_stand_below_the_nearest_column() {
        let text = "Name      Size      Kind\n   long 5\n              7\n      xy\n       z\n                             y";
        assert_eq!(read(&layout(Header::Found), text), ["Name=long Size=5", "Size=7", "Name=xy", "Size=z", "Kind=y"]);
    }
}
