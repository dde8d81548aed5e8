//! Events of the Common Event Format and the Log Event Extended Format: the header's fields and the pairs behind it.

use std::borrow::Cow;

use crate::chunk::ChunkBuilder;
use crate::event::EventFinisher;
use crate::pairs;

/// Names of the header's fields behind the version.
const CEF: [&str; 6] = ["cef_vendor", "cef_product", "cef_version", "cef_signature", "cef_name", "cef_severity"];
const LEEF: [&str; 4] = ["leef_vendor", "leef_product", "leef_version", "leef_event_id"];

/// Where an event of one of the formats begins in a line, behind what syslog puts before it.
fn start(line: &str, mark: &str) -> Option<usize> {
    let at = line.find(mark)?;
    let version = line[at + mark.len()..].trim_start();
    let free = at == 0 || line[..at].ends_with([' ', ':', '\t', '>']);
    (free && version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('|')).then_some(at)
}

/// Whether a line holds an event of the Common Event Format.
pub(crate) fn is_cef(line: &str) -> bool {
    start(line, "CEF:").is_some_and(|at| line[at..].matches('|').count() >= 6)
}

/// Whether a line holds an event of the Log Event Extended Format.
pub(crate) fn is_leef(line: &str) -> bool {
    start(line, "LEEF:").is_some_and(|at| line[at..].matches('|').count() >= 4)
}

/// Adds the fields of an event of either format; says whether the line holds one.
pub(crate) fn read(builder: &mut ChunkBuilder<'_>, finisher: &EventFinisher<'_>, line: &str) -> bool {
    if is_cef(line)
        && let Some(at) = start(line, "CEF:")
    {
        let (mut values, rest) = header(&line[at + 4..], 7);
        if values.len() == 7 {
            finisher.field(builder, "cef_cefVersion", values.remove(0).trim());
            for (name, value) in CEF.iter().zip(values) {
                finisher.field(builder, name, &value);
            }
            extension(builder, finisher, rest);
        }
        return true;
    }
    if is_leef(line)
        && let Some(at) = start(line, "LEEF:")
    {
        leef(builder, finisher, &line[at + 5..]);
        return true;
    }
    false
}

/// So many values that end with `|`, `\|` and `\\` resolved, and what follows.
fn header(text: &str, count: usize) -> (Vec<Cow<'_, str>>, &str) {
    let mut values = Vec::with_capacity(count);
    let mut rest = text;
    while values.len() < count {
        let bytes = rest.as_bytes();
        let mut end = 0;
        let mut escaped = false;
        while end < bytes.len() && bytes[end] != b'|' {
            let skip = bytes[end] == b'\\' && matches!(bytes.get(end + 1), Some(b'|' | b'\\'));
            escaped |= skip;
            end += 1 + usize::from(skip);
        }
        let end = end.min(rest.len());
        if end == rest.len() && values.len() + 1 < count {
            break;
        }
        let value = &rest[..end];
        values.push(if escaped { Cow::Owned(value.replace("\\|", "|").replace("\\\\", "\\")) } else { Cow::Borrowed(value) });
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    (values, rest)
}

/// Adds `key=value` pairs whose values may hold blanks: a value goes on up to the blank before the next key.
fn extension(builder: &mut ChunkBuilder<'_>, finisher: &EventFinisher<'_>, text: &str) {
    let keys = keys(text);
    let mut labels: Vec<(&str, String)> = Vec::new();
    let value = |index: usize| {
        let (_, start) = keys[index];
        let end = keys.get(index + 1).map_or(text.len(), |(key, _)| key.start);
        unescape(text[start..end].trim_end())
    };
    for (index, (key, _)) in keys.iter().enumerate() {
        let (key, value) = (&text[key.clone()], value(index));
        finisher.field(builder, &pairs::clean(key), &value);
        if let Some(labelled) = key.strip_suffix("Label") {
            labels.push((labelled, value.into_owned()));
        }
    }
    // `cs1Label=Rule cs1=x` is a field `Rule` as well.
    for (labelled, label) in labels {
        let named = keys.iter().position(|(key, _)| &text[key.clone()] == labelled);
        let name = pairs::clean(&label);
        if let Some(index) = named.filter(|_| !name.is_empty()) {
            finisher.field(builder, &name, &value(index));
        }
    }
}

/// The places of keys, and where their values begin.
fn keys(text: &str) -> Vec<(std::ops::Range<usize>, usize)> {
    let bytes = text.as_bytes();
    let mut keys = Vec::new();
    for equals in memchr::memchr_iter(b'=', bytes) {
        let escapes = bytes[..equals].iter().rev().take_while(|byte| **byte == b'\\').count();
        let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']');
        let start = bytes[..equals].iter().rposition(|byte| !is_key(byte)).map_or(0, |place| place + 1);
        let free = start == 0 || bytes[start - 1] == b' ' || bytes[start - 1] == b'\t';
        if escapes % 2 == 0 && start < equals && free {
            keys.push((start..equals, equals + 1));
        }
    }
    keys
}

/// `\=`, `\\`, `\|`, `\n` and `\r` in a value; a backslash before anything else stays.
fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        let resolved = match (character, characters.peek()) {
            ('\\', Some(&next @ ('=' | '\\' | '|'))) => Some(next),
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('r')) => Some('\r'),
            _ => None,
        };
        if resolved.is_some() {
            characters.next();
        }
        plain.push(resolved.unwrap_or(character));
    }
    Cow::Owned(plain)
}

/// `1.0|vendor|product|version|id|pairs`, in version 2 with the separator of pairs before them; a tab otherwise.
fn leef(builder: &mut ChunkBuilder<'_>, finisher: &EventFinisher<'_>, text: &str) {
    let mut parts = text.splitn(6, '|');
    let version = parts.next().unwrap_or_default().trim();
    finisher.field(builder, "leef_leefVersion", version);
    for name in LEEF {
        finisher.field(builder, name, parts.next().unwrap_or_default());
    }
    let rest = parts.next().unwrap_or_default();
    let mut separator = '\t';
    let mut pairs_text = rest;
    if version.starts_with('2')
        && let Some((written, behind)) = rest.split_once('|')
        && let Some(character) = separator_of(written)
    {
        (separator, pairs_text) = (character, behind);
    }
    if separator == '\t' && !pairs_text.contains('\t') && pairs_text.matches('=').count() > 1 {
        // Tabs that became blanks on the way.
        return extension(builder, finisher, pairs_text);
    }
    for pair in pairs_text.split(separator) {
        if let Some((key, value)) = pair.split_once('=') {
            finisher.field(builder, &pairs::clean(key.trim()), value.trim());
        }
    }
}

/// `^`, `x5E` or `0x5E`; nothing stands for a tab.
fn separator_of(written: &str) -> Option<char> {
    let mut characters = written.chars();
    match (characters.next(), characters.next()) {
        (None, _) => Some('\t'),
        (Some(one), None) => Some(one),
        _ => {
            let number = written.strip_prefix("0x").or(written.strip_prefix('x'))?;
            u32::from_str_radix(number, 16).ok().and_then(char::from_u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_extensions() {
        let (values, rest) = header(r"0|a\|b|c\\|1|100|n|5|k=v", 7);
        assert_eq!(values, ["0", "a|b", r"c\", "1", "100", "n", "5"]);
        assert_eq!(rest, "k=v");
        let text = r"src=1.2.3.4 msg=two words \= three act=a=b x";
        let found: Vec<&str> = keys(text).into_iter().map(|(key, _)| &text[key]).collect();
        assert_eq!(found, ["src", "msg", "act"]);
        assert_eq!(unescape(r"C:\dir\=x\\y\nz"), "C:\\dir=x\\y\nz");
        assert_eq!(separator_of("x5E"), Some('^'));
        assert!(is_cef("<1>Mar 4 10:11:25 h CEF:0|a|b|c|d|e|5|"));
        assert!(!is_cef("CEF: is a format"));
        assert!(is_leef("LEEF:1.0|a|b|c|d|k=v"));
    }
}
