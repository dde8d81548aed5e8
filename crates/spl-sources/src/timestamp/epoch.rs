//! Counts of seconds since the epoch, and the places of a text where such a number is a time.

use super::clock::{digits, micros};

/// The seconds that ten digits with an optional fraction, or thirteen, sixteen or nineteen, count from the epoch, and
/// where they end; not part of a longer word, and between 2000 and 2100.
fn number(bytes: &[u8]) -> Option<(f64, usize)> {
    let length = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    if !matches!(length, 10 | 13 | 16 | 19) || bytes.get(length).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') {
        return None;
    }
    let (seconds, _) = digits(bytes, 0, 10, 10)?;
    if !(946_684_800..4_102_444_800).contains(&seconds) {
        return None;
    }
    let end = match length {
        10 if bytes.get(10) == Some(&b'.') => digits(bytes, 11, 1, 9).map_or(10, |(_, end)| end),
        _ => length,
    };
    let from = if length == 10 { 11.min(end) } else { 10 };
    Some(((seconds * 1_000_000 + i64::from(micros(&bytes[from..end]))) as f64 / 1e6, end))
}

/// What makes a number at a place of a text a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It begins the event.
    Beginning,
    /// A key that means a time stands before it.
    Key,
    /// It stands alone in brackets.
    Brackets,
}

/// The epoch at a place of a text, where one may stand.
pub(super) fn at(bytes: &[u8], place: usize, first: bool) -> Option<(f64, Mark)> {
    let (seconds, length) = number(&bytes[place..])?;
    let behind = bytes.get(place + length).copied();
    let before = place.checked_sub(1).map(|before| bytes[before]);
    if key_before(&bytes[..place]).is_some_and(is_time_key) {
        return Some((seconds, Mark::Key));
    }
    if matches!(before, Some(b'[' | b'(')) && matches!(behind, Some(b']' | b')')) {
        return Some((seconds, Mark::Brackets));
    }
    let word_goes_on = matches!(behind, Some(b'-' | b'_' | b'/' | b'@'));
    (first && !word_goes_on).then_some((seconds, Mark::Beginning))
}

/// The key before a value: `ts=`, `"ts": "`, `ts: `, `audit(`.
fn key_before(text: &[u8]) -> Option<&[u8]> {
    let rest = text.trim_ascii_end();
    let rest = rest.strip_suffix(b"\"").or(rest.strip_suffix(b"'")).unwrap_or(rest).trim_ascii_end();
    let rest = rest.strip_suffix(b"=").or(rest.strip_suffix(b":")).or(rest.strip_suffix(b"("))?.trim_ascii_end();
    let rest = rest.strip_suffix(b"\"").or(rest.strip_suffix(b"'")).unwrap_or(rest);
    let start = rest.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').map_or(0, |at| at + 1);
    Some(&rest[start..]).filter(|key| !key.is_empty())
}

/// Whether a field of this name holds times.
pub(crate) fn is_time_key(key: &[u8]) -> bool {
    const WHOLE: [&str; 11] = ["t", "ts", "rt", "at", "when", "clock", "start", "end", "audit", "created", "updated"];
    const ENDINGS: [&str; 9] = ["time", "timestamp", "stamp", "date", "epoch", "_ts", "_at", "created", "updated"];
    const LENGTHS: [&str; 6] = ["uptime", "runtime", "lifetime", "downtime", "elapsedtime", "cputime"];
    if key.len() > 64 {
        return false;
    }
    let lower = String::from_utf8_lossy(key).to_ascii_lowercase();
    WHOLE.contains(&lower.as_str())
        || lower.starts_with("date_")
        || key.ends_with(b"Ts")
        || key.ends_with(b"At")
        || (ENDINGS.iter().any(|ending| lower.ends_with(ending)) && !LENGTHS.iter().any(|length| lower.ends_with(length)))
}

/// The time in an external TAI64 or TAI64N label behind its `@`, as multilog writes it: seconds from 1970 plus 2^62 and
/// ten, then nanoseconds.
pub(super) fn tai64(bytes: &[u8]) -> Option<f64> {
    let digits = bytes.strip_prefix(b"@")?;
    let length = digits.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(digits.len());
    if !matches!(length, 16 | 24) || digits.get(length).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let hexadecimal =
        |from: usize, to: usize| std::str::from_utf8(&digits[from..to]).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
    let seconds = hexadecimal(0, 16)?.checked_sub((1 << 62) + 10).filter(|seconds| *seconds < 4_102_444_800)?;
    let nanos = if length == 24 { hexadecimal(16, 24)? } else { 0 };
    Some((seconds as i64 * 1_000_000 + (nanos.min(999_999_999) / 1000) as i64) as f64 / 1e6)
}

/// The time in `/Date(1709547085250)/`, as older Microsoft tools write JSON; an offset in it does not change the time.
pub(super) fn json_date(text: &str) -> Option<f64> {
    let inside = text.trim_matches('/').strip_prefix("Date(")?.strip_suffix(')')?;
    let end = inside.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-')).map_or(inside.len(), |(at, _)| at);
    inside[..end].parse::<i64>().ok().map(|millis| millis as f64 / 1e3)
}
