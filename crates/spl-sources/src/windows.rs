//! Reads Windows events in text files: XML events one after another, and the older `KEY=VALUE` form; other lines stay text.

use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::event::EventFinisher;
use crate::report::WarningKind;
use crate::role::Slots;
use crate::windows_text::{classic, is_classic, is_event};
use crate::xml::{Place, XmlReader};

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
