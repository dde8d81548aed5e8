//! Windows events in text files: XML events one after another, and the older `KEY=VALUE` form; other lines stay text.

use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::event::EventFinisher;
use crate::report::WarningKind;
use crate::role::Slots;
use crate::xml::{Place, XmlReader, clean};

/// Whether a text begins with an XML event.
pub(crate) fn is_event(text: &[u8]) -> bool {
    text.strip_prefix(b"<Event")
        .is_some_and(|rest| rest.first().is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/')))
}

/// Whether a text begins with the older form: `03/04/2024 10:11:25 AM`, and `LogName=` on the next line.
pub(crate) fn is_classic(text: &[u8]) -> bool {
    let Some(line) = memchr::memchr(b'\n', &text[..text.len().min(40)]) else {
        return false;
    };
    let shape = b"00/00/0000 00:00:00";
    let dated = text.len() > shape.len()
        && text.iter().zip(shape).all(|(byte, shape)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape });
    dated && text[line + 1..].starts_with(b"LogName=")
}

/// Where events begin about every `size` bytes.
pub(crate) fn split(text: &[u8], size: usize) -> Vec<(usize, usize)> {
    const CLOSE: &[u8] = b"</Event>";
    let mut parts = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let target = start + size;
        let mut end = text.len();
        if target < text.len() {
            if let Some(at) = memchr::memmem::find(&text[target..], CLOSE) {
                end = target + at + CLOSE.len();
            }
            let mut lines = memchr::memchr_iter(b'\n', &text[target..end]);
            if let Some(at) = lines.find(|at| is_classic(&text[target + at + 1..])) {
                end = target + at + 1;
            }
        }
        parts.push((start, end));
        start = end;
    }
    parts
}

/// Reads the events of a part.
pub(crate) fn read(builder: &mut ChunkBuilder<'_>, finisher: &mut EventFinisher<'_>) {
    let text = builder.data();
    let mut reader = XmlReader::new(finisher.selection());
    let mut slots = Slots::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest[0].is_ascii_whitespace() {
            builder.lines += u64::from(rest[0] == b'\n');
            at += 1;
            continue;
        }
        let line_end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let length = if is_event(rest) {
            let length = event_length(rest);
            let event = rest[..length].trim_ascii_end();
            if !reader.read(builder, &mut slots, event, Place::Data(at), false) {
                let line = builder.lines + 1;
                builder.warnings.add(WarningKind::BadXml, line, &String::from_utf8_lossy(&event[..event.len().min(400)]));
            }
            finisher.finish(builder, &mut slots, Some(Span::data(at, at + event.len(), false)));
            length
        } else if is_wrapping(rest) {
            memchr::memchr(b'>', rest).map_or(rest.len(), |end| end + 1)
        } else if is_classic(rest) {
            let end = memchr::memchr_iter(b'\n', rest).find(|at| is_classic(&rest[at + 1..]) || is_event(&rest[at + 1..]));
            let length = end.map_or(rest.len(), |end| end + 1);
            let event = rest[..length].trim_ascii_end();
            let fields = String::from_utf8_lossy(event);
            let selection = finisher.selection();
            let found = classic(&fields, |name, start, end| {
                if start < end && selection.contains(name) {
                    let column = builder.column(name, ColumnKind::Field);
                    builder.append_new(column, Span::data(at + start, at + end, false));
                }
            });
            finisher.classic_origin(builder, &slots, &found);
            finisher.finish(builder, &mut slots, Some(Span::data(at, at + event.len(), false)));
            length
        } else {
            let inline = memchr::memmem::find(&rest[..line_end], b"<Event ").filter(|at| *at > 0);
            let length = inline.unwrap_or(line_end);
            let event = rest[..length].trim_ascii_end();
            finisher.finish(builder, &mut slots, Some(Span::data(at, at + event.len(), false)));
            length
        };
        builder.lines += memchr::memchr_iter(b'\n', &rest[..length]).count() as u64;
        at += length;
    }
}

/// Reads the XML events at these places of a part's text.
pub(crate) fn read_places(builder: &mut ChunkBuilder<'_>, finisher: &mut EventFinisher<'_>, places: &[(usize, usize)]) {
    let text = builder.data();
    let mut reader = XmlReader::new(finisher.selection());
    let mut slots = Slots::new();
    for &(start, end) in places {
        builder.lines += 1;
        if !reader.read(builder, &mut slots, &text[start..end], Place::Data(start), false) {
            let line = builder.lines;
            builder.warnings.add(WarningKind::BadXml, line, &String::from_utf8_lossy(&text[start..end.min(start + 400)]));
        }
        finisher.finish(builder, &mut slots, Some(Span::data(start, end, false)));
    }
}

/// Up to the end of the event, or to where the next one begins when it has none.
fn event_length(text: &[u8]) -> usize {
    const CLOSE: &[u8] = b"</Event>";
    let end = memchr::memmem::find(text, CLOSE).map(|at| at + CLOSE.len());
    let next = memchr::memmem::find_iter(&text[1..end.unwrap_or(text.len())], b"<Event")
        .map(|at| at + 1)
        .find(|at| is_event(&text[*at..]));
    match (end, next) {
        (_, Some(next)) => next,
        (Some(end), None) => end,
        (None, None) => {
            // An event cut off before others of the older form.
            let classic = memchr::memchr_iter(b'\n', text).find(|at| is_classic(&text[at + 1..]));
            classic.map_or(text.len(), |at| at + 1)
        }
    }
}

fn is_wrapping(text: &[u8]) -> bool {
    [&b"<?xml"[..], b"<Events", b"</Events", b"<!--"].iter().any(|start| text.starts_with(start))
}

/// What the older form says about an event as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classic {
    pub(crate) log: String,
    pub(crate) computer: String,
}

/// Calls with the fields of an event of the older form, their names and the places of their values: `KEY=VALUE` lines up
/// to `Message=`, which goes on to the end, and `Name: value` lines in it.
pub(crate) fn classic(event: &str, mut add: impl FnMut(&str, usize, usize)) -> Classic {
    let text = event.as_bytes();
    let mut found = Classic::default();
    let mut at = 0;
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
        let line = text[at..end].trim_ascii_end();
        if let Some(equals) = memchr::memchr(b'=', line) {
            let key = &line[..equals];
            let start = at + equals + 1;
            if key == b"Message" {
                add("Message", start, text.len());
                message(&event[start..], |name, from, to| add(name, start + from, start + to));
                return found;
            }
            let value = event.get(start..at + line.len()).unwrap_or_default();
            match key {
                b"LogName" => found.log = value.to_owned(),
                b"ComputerName" => found.computer = value.to_owned(),
                _ => {}
            }
            add(&clean(key), start, at + line.len());
        }
        at = end + 1;
    }
    found
}

/// Calls with the `Name: value` lines of a rendered message.
pub(crate) fn message(message: &str, mut add: impl FnMut(&str, usize, usize)) {
    let text = message.as_bytes();
    let mut at = 0;
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
        let line = text[at..end].trim_ascii_end();
        if let Some(colon) = memchr::memchr(b':', line) {
            let name = line[..colon].trim_ascii();
            let behind = &line[colon + 1..];
            let named = name.first().is_some_and(u8::is_ascii_alphabetic)
                && name.len() <= 40
                && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b" _-/".contains(byte));
            let value = behind.trim_ascii();
            if named && !value.is_empty() && (behind.starts_with(b"\t") || behind.starts_with(b" ")) {
                let start = at + (line.len() - behind.trim_ascii_start().len());
                add(&clean(name), start, start + value.len());
            }
        }
        at = end + 1;
    }
}
