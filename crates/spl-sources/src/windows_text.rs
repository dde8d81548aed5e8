//! Windows events as text: which form they have, and the fields of the older `KEY=VALUE` form and of rendered messages.

use crate::xml::clean;

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
