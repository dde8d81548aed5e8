//! Syslog lines, RFC 3164 and RFC 5424: host, process, pid and structured data.

use crate::chunk::ChunkBuilder;
use crate::event::EventFinisher;
use crate::role::{Role, Slots};
use crate::windows_text;

/// What stands before a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header<'t> {
    pub(crate) host: Option<&'t str>,
    pub(crate) process: Option<&'t str>,
    pub(crate) pid: Option<&'t str>,
    message_id: Option<&'t str>,
    /// The structured data with its brackets.
    structured: Option<&'t str>,
    pub(crate) message: &'t str,
    /// Whether nothing but syslog writes such a beginning.
    certain: bool,
}

/// Whether a line is one of syslog.
pub(crate) fn is_line(line: &str) -> bool {
    header(line).is_some_and(|header| header.certain || (header.host.is_some() && header.process.is_some()))
}

/// Reads the beginning of a line; none when it is no syslog.
pub(crate) fn header(line: &str) -> Option<Header<'_>> {
    let (priority, rest) = match priority(line) {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    if priority && let Some(header) = rest.strip_prefix("1 ").and_then(structured_header) {
        return Some(header);
    }
    let (length, old) = match old_timestamp(rest.as_bytes()) {
        Some(length) => (length, true),
        None => match iso_timestamp(rest.as_bytes()) {
            Some(length) => (length, false),
            // Some devices put numbers, or nothing, where the time should be.
            None if priority => return Some(Header { certain: true, message: rest, ..Header::default() }),
            None => return None,
        },
    };
    let mut header = Header { certain: old || priority, message: rest.get(length..)?.trim_start(), ..Header::default() };
    let (word, behind) = word(header.message);
    let name = word.trim_matches(|c| c == '[' || c == ']');
    if !name.is_empty() && !word.ends_with(':') && is_host(name) {
        header.host = Some(name);
        header.message = behind;
    }
    if let Some((process, pid, message)) = tag(header.message) {
        (header.process, header.pid, header.message) = (Some(process), pid, message);
    }
    Some(header)
}

/// Notes the host, adds process and pid where the sourcetype has them, and structured data; gives the message.
pub(crate) fn read<'t>(
    builder: &mut ChunkBuilder<'_>,
    finisher: &EventFinisher<'_>,
    slots: &mut Slots,
    line: &'t str,
    has_process: bool,
) -> Option<&'t str> {
    let header = header(line)?;
    if let Some(host) = header.host {
        let span = builder.place(host);
        slots.set(Role::Host, span);
    }
    let is_event = windows_text::is_event(header.message.as_bytes());
    if has_process && !is_event {
        for (name, value) in [("process", header.process), ("pid", header.pid), ("msgid", header.message_id)] {
            finisher.field(builder, name, value.unwrap_or_default());
        }
    }
    if let Some(data) = header.structured {
        read_structured(builder, finisher, data);
    }
    Some(header.message)
}

/// What follows `<34>`.
fn priority(line: &str) -> Option<&str> {
    let (number, rest) = line.strip_prefix('<')?.split_once('>')?;
    ((1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(rest)
}

/// RFC 5424 behind the version: time, host, application, process id, message id, structured data, message.
fn structured_header(rest: &str) -> Option<Header<'_>> {
    let mut rest = rest;
    let mut words = [""; 5];
    for place in &mut words {
        let (found, behind) = rest.split_once(' ')?;
        (*place, rest) = (found, behind);
    }
    let [time, host, process, pid, message_id] = words;
    if time != "-" && iso_timestamp(time.as_bytes()) != Some(time.len()) {
        return None;
    }
    let (structured, message) = match rest.strip_prefix('-') {
        Some(message) => (None, message),
        None => {
            let length = structured_length(rest)?;
            (Some(&rest[..length]), &rest[length..])
        }
    };
    let message = message.trim_start().trim_start_matches('\u{FEFF}');
    let [host, process, pid, message_id] = [host, process, pid, message_id].map(|word| Some(word).filter(|word| *word != "-"));
    Some(Header { host, process, pid, message_id, structured, message, certain: true })
}

/// The length of `[id name="value" ...][...]`.
fn structured_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while bytes.get(at) == Some(&b'[') {
        let mut quoted = false;
        loop {
            match bytes.get(at)? {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b']' if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        at += 1;
    }
    (at > 0).then_some(at)
}

fn read_structured(builder: &mut ChunkBuilder<'_>, finisher: &EventFinisher<'_>, data: &str) {
    let bytes = data.as_bytes();
    let mut at = 0;
    while let Some(equals) = memchr::memchr(b'=', &bytes[at..]).map(|found| at + found) {
        let name_start = bytes[..equals].iter().rposition(|byte| matches!(byte, b' ' | b'[' | b']')).map_or(0, |place| place + 1);
        if bytes.get(equals + 1) != Some(&b'"') {
            at = equals + 1;
            continue;
        }
        let start = equals + 2;
        let mut end = start;
        let mut escaped = false;
        while let Some(byte) = bytes.get(end).filter(|byte| **byte != b'"') {
            let skip = *byte == b'\\' && matches!(bytes.get(end + 1), Some(b'"' | b'\\' | b']'));
            escaped |= skip;
            end += 1 + usize::from(skip);
        }
        let (name, value) = (&data[name_start..equals], data.get(start..end).unwrap_or_default());
        let name = crate::pairs::clean(name);
        if !name.is_empty() {
            if escaped {
                let plain = value.replace("\\\"", "\"").replace("\\]", "]").replace("\\\\", "\\");
                finisher.field(builder, &name, &plain);
            } else {
                finisher.field(builder, &name, value);
            }
        }
        at = (end + 1).min(bytes.len());
    }
}

/// The length of `Mar  4 10:11:25`, with a year before or after, a fraction, a colon.
fn old_timestamp(bytes: &[u8]) -> Option<usize> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = bytes.get(..3)?;
    if !MONTHS.chunks(3).any(|known| known == month) || bytes.get(3) != Some(&b' ') {
        return None;
    }
    let digits = |at: usize| bytes[at.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = 4 + usize::from(bytes.get(4) == Some(&b' '));
    if !(1..=2).contains(&digits(at)) {
        return None;
    }
    at += digits(at);
    if bytes.get(at) != Some(&b' ') {
        return None;
    }
    at += 1;
    if digits(at) == 4 && bytes.get(at + 4) == Some(&b' ') {
        at += 5;
    }
    let clock = bytes.get(at..at + 8)?;
    let shaped =
        clock.iter().enumerate().all(|(index, byte)| if matches!(index, 2 | 5) { *byte == b':' } else { byte.is_ascii_digit() });
    if !shaped {
        return None;
    }
    at += 8;
    if bytes.get(at) == Some(&b'.') && digits(at + 1) > 0 {
        at += 1 + digits(at + 1);
    }
    if bytes.get(at) == Some(&b' ')
        && digits(at + 1) == 4
        && bytes[at + 1..].starts_with(b"20")
        && bytes.get(at + 5) == Some(&b' ')
    {
        at += 5;
    }
    if bytes.get(at) == Some(&b':') {
        at += 1;
    }
    matches!(bytes.get(at), None | Some(b' ')).then_some(at)
}

/// The length of `2024-03-04T10:11:25.123456+00:00`.
fn iso_timestamp(bytes: &[u8]) -> Option<usize> {
    let shape = b"0000-00-00T00:00:00";
    let shaped = bytes.len() >= shape.len()
        && bytes.iter().zip(shape).all(|(byte, shape)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape });
    if !shaped {
        return None;
    }
    let rest = &bytes[shape.len()..];
    let length = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
    let zone = rest[..length].iter().all(|byte| byte.is_ascii_digit() || b".:+-Z".contains(byte));
    zone.then_some(shape.len() + length)
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(' ').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

fn is_host(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte)) && !word.starts_with(['%', ':', '-'])
}

/// `sshd[123]: message`, `kernel: message`.
fn tag(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let end = text.find(|c: char| c.is_whitespace()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let word = word.strip_suffix(':')?;
    let (process, pid) = match word.strip_suffix(']').and_then(|word| word.rsplit_once('[')) {
        Some((process, pid)) if !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit()) => (process, Some(pid)),
        _ => (word, None),
    };
    (!process.is_empty()).then_some((process, pid, rest.trim_start()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        for (line, host, process, pid, message) in [
            ("Mar  4 10:11:25 web-1 sshd[12]: Accepted", "web-1", "sshd", "12", "Accepted"),
            ("<13>Mar 04 10:11:25 10.1.2.3 su(pam_unix)[7]: x", "10.1.2.3", "su(pam_unix)", "7", "x"),
            ("<34>1 2003-10-11T22:14:15.003Z m.example su 9 ID47 - 'su root' failed", "m.example", "su", "9", "'su root' failed"),
            ("<34>1 - - - - - -", "", "", "", ""),
            ("<165>1 2003-10-11T22:14:15.003Z h app - ID [a@1 k=\"v]\\\"\"][b] m", "h", "app", "", "m"),
            ("2024-03-04T10:11:25.123456+00:00 web CRON[5]: (root) CMD", "web", "CRON", "5", "(root) CMD"),
            ("Mar 04 2024 10:11:25: %ASA-6-302013: Built", "", "%ASA-6-302013", "", "Built"),
            ("Mar  4 10:11:25 fw last message repeated", "fw", "", "", "last message repeated"),
            ("Mar  4 10:11:25 kernel: x", "", "kernel", "", "x"),
            ("<189>123: Mar  4 10:11:25.123: %SYS-5-CONFIG: x", "", "", "", "123: Mar  4 10:11:25.123: %SYS-5-CONFIG: x"),
        ] {
            let found = header(line).unwrap();
            assert_eq!(
                (found.host, found.process, found.pid, found.message),
                (
                    Some(host).filter(|text| !text.is_empty()),
                    Some(process).filter(|text| !text.is_empty()),
                    Some(pid).filter(|text| !text.is_empty()),
                    message
                ),
                "{line}"
            );
        }
        for line in ["", "March 4", "Mar  4 10:11", "<x>1 a", "2024-03-04T10:11:25Z INFO started", "2024-03-04T10:11:25Z"] {
            assert!(!is_line(line), "{line}");
        }
    }
}
