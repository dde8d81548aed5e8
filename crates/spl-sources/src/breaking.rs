//! Where the events of a text begin and end: lines, lines put together, or what a regular expression separates.

use std::borrow::Cow;
use std::sync::Arc;

use spl_functions::pattern::{Group, LONG_TEXT, Pattern};

use crate::rules::{Breaking, Merge, TimeRules};
use crate::timestamp::{Found, TimeReader};

/// Bytes before a place that a separator may begin in.
const BEFORE: usize = 256;
/// How far behind the wanted place a part may end, by steps.
const WINDOWS: [usize; 3] = [64 << 10, 1 << 20, 4 << 20];

/// Tells whether a line begins an event.
pub(crate) struct Starts<'r> {
    merge: &'r Merge,
    times: &'r TimeReader,
    time: &'r TimeRules,
    /// Whether `MUST_NOT_BREAK_AFTER` holds the event together.
    held: bool,
}

/// What is known about a line.
pub(crate) struct Start {
    pub(crate) begins: bool,
    /// The time that was found in it.
    pub(crate) time: Option<Found>,
}

impl<'r> Starts<'r> {
    pub(crate) fn new(merge: &'r Merge, times: &'r TimeReader, time: &'r TimeRules) -> Self {
        Self { merge, times, time, held: false }
    }

    /// Whether a line begins an event, given the line before it and how many lines the event has so far.
    pub(crate) fn of(&mut self, line: &str, before: Option<&str>, lines: usize) -> Start {
        let matches =
            |regex: &Option<Arc<Pattern>>, line: &str| regex.as_ref().is_some_and(|regex| regex.is_match(line).unwrap_or(false));
        let time = if self.merge.before_date { self.time.find(self.times, line) } else { None };
        let Some(before) = before else {
            self.held = matches(&self.merge.not_after, line);
            return Start { begins: true, time };
        };
        let after = matches(&self.merge.after, before);
        if self.merge.not_after.is_some() {
            self.held = (self.held && !after) || matches(&self.merge.not_after, before);
        }
        let wanted = lines >= self.merge.most_lines
            || after
            || matches(&self.merge.before, line)
            // A date alone may stand anywhere in a text; a time of day with it marks an event.
            || (self.merge.before.is_none() && time.is_some_and(|found| found.clock));
        let begins = wanted && (lines >= self.merge.most_lines || !(self.held || matches(&self.merge.not_before, line)));
        Start { begins, time }
    }
}

/// Calls with the place of every line of a text, its separator apart.
pub(crate) fn for_each_line(text: &str, breaking: &Breaking, mut visit: impl FnMut(usize, usize)) {
    let Some(breaker) = &breaking.breaker else {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
            if start < end {
                visit(start, end);
            }
            start = end + 1;
        }
        return;
    };
    let mut start = 0;
    for_each_separator(text, breaker, |from, to| {
        if from >= start && to > 0 {
            visit(start, from);
            start = to;
        }
    });
    if start < text.len() {
        visit(start, text.len());
    }
}

/// Bytes of a text that a separator is looked for in at a time.
const WINDOW: usize = LONG_TEXT - 1;
/// Bytes before a window that its expression may look at, a few more than Splunk's `LINE_BREAKER_LOOKBEHIND`.
const LOOKBEHIND: usize = 128;

/// Calls with the place of every separator, in order. A long text is looked at window by window, so that no expression takes
/// time that grows with the square of the text.
fn for_each_separator(text: &str, breaker: &Pattern, mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    while at < text.len() {
        let from = text.floor_char_boundary(at.saturating_sub(LOOKBEHIND));
        let to = text.floor_char_boundary((from + WINDOW).min(text.len()));
        let is_last = to == text.len();
        // A separator at the end of a window may go on behind it, and what must follow it may stand there.
        let sure = if is_last { to } else { from + (to - from) / 2 };
        let mut next = None;
        let mut last = at;
        let complete = breaker.each_match(&text[from..to], 0, |groups| {
            let Some((start, end)) = separator(groups).map(|(start, end)| (from + start, from + end)) else {
                return;
            };
            // One before the window was found there.
            if next.is_some() || start < last || (end == start && start == at && at > 0) {
                return;
            }
            if end > sure && !is_last {
                next = Some(start);
                return;
            }
            last = end;
            found(start, end);
        });
        if is_last {
            return;
        }
        // The rest of a window on which the expression gave up stays in one piece.
        at = if complete { last.max(next.map_or(sure, |next| next.min(sure))) } else { to };
    }
}

/// What a match drops between two lines: the first group, else the leftmost group that took part; where none did, nothing
/// right before the match (props.conf, LINE_BREAKER with branched expressions).
fn separator(groups: &[Group]) -> Option<(usize, usize)> {
    let (start, _) = groups.first().copied().flatten()?;
    Some(groups.iter().skip(1).find_map(|group| *group).unwrap_or((start, start)))
}

/// The end of a part and the beginning of the next one, about at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Boundary {
    pub(crate) end: usize,
    pub(crate) next: usize,
}

/// Cuts a text of `length` bytes, of which `read` gives any piece, into parts of about `size` bytes that begin with
/// events.
pub(crate) fn parts<'t>(
    length: usize,
    size: usize,
    breaking: &Breaking,
    times: &TimeReader,
    time: &TimeRules,
    read: impl Fn(usize, usize) -> std::io::Result<Cow<'t, [u8]>>,
) -> std::io::Result<Vec<(usize, usize)>> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < length {
        let boundary = if start + size < length {
            boundary(start + size, length, breaking, times, time, &read)?
        } else {
            Boundary { end: length, next: length }
        };
        parts.push((start, boundary.end));
        start = boundary.next.max(start + 1);
    }
    Ok(parts)
}

/// Where the last event of a text ends and the one that begins behind it, about a quarter of a megabyte before the text's
/// end, as an event may go on there; none when no event begins there.
pub(crate) fn last(
    text: &[u8],
    breaking: &Breaking,
    times: &TimeReader,
    time: &TimeRules,
) -> std::io::Result<Option<(usize, usize)>> {
    let place = (text.len() / 2).max(text.len().saturating_sub(WINDOWS[0] * 4)).max(1);
    let read = |from: usize, to: usize| Ok(Cow::Borrowed(&text[from..to]));
    let found = boundary(place, text.len(), breaking, times, time, &read)?;
    Ok((found.next < text.len()).then_some((found.end, found.next)))
}

fn boundary<'t>(
    place: usize,
    length: usize,
    breaking: &Breaking,
    times: &TimeReader,
    time: &TimeRules,
    read: &impl Fn(usize, usize) -> std::io::Result<Cow<'t, [u8]>>,
) -> std::io::Result<Boundary> {
    let from = place.saturating_sub(BEFORE);
    let mut any_line = None;
    for size in WINDOWS {
        let to = (place + size).min(length);
        let bytes = read(from, to)?;
        let text = same_length(&bytes);
        let mut lines: Vec<(usize, usize)> = Vec::new();
        for_each_line(&text, breaking, |start, end| lines.push((start, end)));
        for (index, pair) in lines.windows(2).enumerate() {
            let (end, next) = (from + pair[0].1, from + pair[1].0);
            // A line at the window's end may go on behind it.
            if next < place || (index + 2 == lines.len() && to < length) {
                continue;
            }
            let found = Boundary { end, next };
            any_line = any_line.or(Some(found));
            let begins = breaking.merge.as_ref().is_none_or(|merge| {
                let (line, before) = (&text[pair[1].0..pair[1].1], &text[pair[0].0..pair[0].1]);
                Starts::new(merge, times, time).of(line, Some(before), 1).begins
            });
            if begins {
                return Ok(found);
            }
        }
        if to == length {
            // Nothing begins behind the place.
            return Ok(Boundary { end: length, next: length });
        }
    }
    if let Some(found) = any_line {
        return Ok(found);
    }
    // A line longer than the windows: on to its end.
    let mut at = place;
    while at < length {
        let bytes = read(at, (at + (1 << 20)).min(length))?;
        if bytes.is_empty() {
            break;
        }
        if let Some(end) = memchr::memchr(b'\n', &bytes) {
            return Ok(Boundary { end: at + end + 1, next: at + end + 1 });
        }
        at += bytes.len();
    }
    Ok(Boundary { end: length, next: length })
}

/// The bytes as text of the same length: what is not UTF-8 becomes a question mark per byte.
fn same_length(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(std::iter::repeat_n('?', chunk.invalid().len()));
            }
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::rules::{IndexTimeRules, Rules};
    use chrono_tz::Tz;

    fn cut(text: &str, size: usize, settings: &IndexTimeRules) -> Vec<String> {
        let rules = Rules::new(settings, "t", &mut Vec::new());
        let times = TimeReader::new(Tz::UTC, 1_720_000_000.0);
        let read = |from: usize, to: usize| Ok(Cow::Borrowed(&text.as_bytes()[from..to]));
        let parts = parts(text.len(), size, &rules.breaking, &times, &rules.time, read).unwrap();
        parts.into_iter().map(|(start, end)| text[start..end].to_owned()).collect()
    }

    fn lines(text: &str, breaker: &str) -> Vec<String> {
        let settings = IndexTimeRules { line_breaker: Some(breaker.to_owned()), ..IndexTimeRules::default() };
        let mut lines = Vec::new();
        for_each_line(text, &Rules::new(&settings, "t", &mut Vec::new()).breaking, |start, end| {
            lines.push(text[start..end].to_owned())
        });
        lines
    }

    #[test]
    fn branches_of_separators() {
        // The examples of props.conf.spec.
        let breaker = r"end(\n)begin|end2(\n)begin2|begin3";
        assert_eq!(lines("a end\nbegin b end2\nbegin2 c begin3 d", breaker), ["a end", "begin b end2", "begin2 c ", "begin3 d"]);
        assert_eq!(lines("oneBBtwoAAthree", "(AA)|(BB)"), ["one", "two", "three"]);
        assert_eq!(lines("a\n1-2:3 x\nb", r"([\r\n]+)[\d-:\s]+x"), ["a", "1-2:3 x\nb"]);
    }

    #[test]
    fn long_texts_are_separated_in_windows() {
        let text: String = (0..60_000).map(|number| format!("{number} é\n  more\n")).collect();
        let found = lines(&text, r"([\r\n]+)(?=\d+ )");
        assert_eq!(found.len(), 60_000);
        assert!(found.iter().enumerate().all(|(number, line)| line.trim_end() == format!("{number} é\n  more")));
        let backwards = lines(&text, r"(?<=more)(\n)");
        assert_eq!(backwards.len(), 60_000);
    }

    #[test]
    fn parts_begin_with_events() {
        let text = "2024-03-04 10:11:25 a\n  at b\n  at c\n2024-03-04 10:11:26 d\n  at e\n".repeat(20);
        let merged = IndexTimeRules { should_linemerge: Some(true), ..IndexTimeRules::default() };
        for size in [1, 10, 100, 1000, 10_000] {
            let parts = cut(&text, size, &merged);
            assert!(parts.iter().all(|part| part.starts_with("2024")), "{size} {parts:?}");
            assert_eq!(parts.iter().map(|part| part.lines().count()).sum::<usize>(), 100);
        }
        let separated = IndexTimeRules {
            line_breaker: Some(r"(\s*---\s*)(?=\w)".to_owned()),
            should_linemerge: Some(false),
            ..IndexTimeRules::default()
        };
        let text = "ab --- c\nd --- e".repeat(50);
        for size in [1, 7, 100] {
            let parts = cut(&text, size, &separated);
            assert!(parts.iter().all(|part| !part.starts_with(['-', ' ']) && !part.ends_with(['-', ' '])), "{size} {parts:?}");
            let pieces: usize = parts.iter().map(|part| part.split("---").count()).sum();
            assert_eq!(pieces, 101, "{size} {parts:?}");
        }
    }
}
