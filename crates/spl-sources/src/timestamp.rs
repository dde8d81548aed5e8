//! Reads times: of time fields, and of the text of an event as Splunk's automatic recognition does.

use chrono::{NaiveDate, TimeZone};
use chrono_tz::Tz;

/// A time, and whether its text named its zone (or counts from the epoch).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Zoned {
    pub(crate) seconds: f64,
    pub(crate) zoned: bool,
}

/// How far into an event's text a time is looked for, as Splunk's `MAX_TIMESTAMP_LOOKAHEAD`.
const LOOKAHEAD: usize = 128;

/// Reads times in a zone.
#[derive(Clone, Debug)]
pub(crate) struct TimeReader {
    zone: Tz,
    now: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
    /// Seconds east of UTC, when the text says so.
    offset: Option<i64>,
}

impl TimeReader {
    pub(crate) fn new(zone: Tz, now: f64) -> Self {
        Self { zone, now }
    }

    /// The value of `_time`: epoch seconds, or an ISO 8601 time.
    pub(crate) fn value(&self, text: &str) -> Option<f64> {
        if let Some(seconds) = plain_number(text) {
            return Some(seconds);
        }
        self.field(text).map(|time| time.seconds)
    }

    /// The value of a time field: a time in any known form, or a count of seconds, milliseconds, ... since the epoch.
    pub(crate) fn field(&self, text: &str) -> Option<Zoned> {
        let bytes = text.as_bytes();
        if let Some(number) = plain_number(text) {
            let seconds = match number.abs() {
                // Of a number that could be anything else only plausible times count: 1990 to 2100.
                n if n < 631_152_000.0 => return None,
                n if n < 4_102_444_800.0 => number,
                n if n < 4_102_444_800e3 => number / 1e3,
                n if n < 4_102_444_800e6 => number / 1e6,
                n if n < 4_102_444_800e9 => (number / 1e3).trunc() / 1e6,
                _ => return None,
            };
            return Some(Zoned { seconds, zoned: true });
        }
        let (parts, _) = self.parse(bytes)?;
        Some(Zoned { seconds: self.seconds(&parts)?, zoned: parts.offset.is_some() })
    }

    /// A time without a zone that is in UTC.
    pub(crate) fn utc(&self, text: &str) -> Option<f64> {
        let (mut parts, _) = self.parse(text.as_bytes())?;
        parts.offset.get_or_insert(0);
        self.seconds(&parts)
    }

    /// The first time in an event's text.
    pub(crate) fn find(&self, text: &str) -> Option<f64> {
        let bytes = text.as_bytes();
        let end = bytes.len().min(LOOKAHEAD);
        let mut at = 0;
        while at < end {
            let starts = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
            if starts && bytes[at].is_ascii_alphanumeric() {
                if let Some((parts, _)) = self.parse(&bytes[at..])
                    && let Some(seconds) = self.seconds(&parts)
                {
                    return Some(seconds);
                }
                if let Some(seconds) = epoch(&bytes[at..]) {
                    return Some(seconds);
                }
            }
            at += 1;
        }
        None
    }

    fn parse(&self, bytes: &[u8]) -> Option<(Parts, usize)> {
        match bytes.first()? {
            b'0'..=b'9' => iso(bytes).or_else(|| slashed(bytes)).or_else(|| day_month(bytes)),
            b'A'..=b'Z' | b'a'..=b'z' => self.month_day(bytes),
            _ => None,
        }
    }

    /// `Mar 4 10:11:25`, `Mar 04 2024 10:11:25`, `Mon Mar 4 10:11:25 2024`.
    fn month_day(&self, bytes: &[u8]) -> Option<(Parts, usize)> {
        let mut at = 0;
        if weekday(bytes) {
            at = bytes.iter().position(|byte| !byte.is_ascii_alphabetic())?;
            at = skip(bytes, at, b", ")?;
            if bytes.get(at)?.is_ascii_digit() {
                return day_month(&bytes[at..]).map(|(parts, end)| (parts, at + end));
            }
        }
        let month = month(bytes.get(at..)?)?;
        at += bytes[at..].iter().position(|byte| !byte.is_ascii_alphabetic())?;
        at = skip(bytes, at, b" .")?;
        let (day, mut at) = digits(bytes, at, 1, 2)?;
        let mut parts = Parts { month, day: day as u32, ..Parts::default() };
        at = skip(bytes, at, b", ")?;
        let mut year = None;
        if let Some((number, after)) = digits(bytes, at, 4, 4) {
            year = Some(number);
            at = skip(bytes, after, b", ")?;
        }
        at = clock(bytes, at, &mut parts)?;
        if year.is_none()
            && bytes.get(at) == Some(&b' ')
            && let Some((number, after)) = digits(bytes, at + 1, 4, 4).filter(|(number, _)| (1970..2100).contains(number))
        {
            year = Some(number);
            at = after;
        }
        parts.year = year.unwrap_or_else(|| self.year_of(&parts));
        Some((parts, at))
    }

    /// The year of a time without one: the latest that is not in the future (a day of grace for other clocks).
    fn year_of(&self, parts: &Parts) -> i64 {
        let today = chrono::DateTime::from_timestamp(self.now as i64, 0).unwrap_or_default();
        let year = i64::from(chrono::Datelike::year(&today));
        let this_year = days(year, parts.month, parts.day) * 86_400 + i64::from(parts.hour) * 3600;
        if this_year as f64 > self.now + 86_400.0 { year - 1 } else { year }
    }

    fn seconds(&self, parts: &Parts) -> Option<f64> {
        let leap = (parts.year % 4 == 0 && parts.year % 100 != 0) || parts.year % 400 == 0;
        let length = match parts.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=12).contains(&parts.month)
            || !(1..=length).contains(&parts.day)
            || parts.hour > 23
            || parts.minute > 59
            || parts.second > 60
        {
            return None;
        }
        let local = days(parts.year, parts.month, parts.day) * 86_400
            + i64::from(parts.hour) * 3600
            + i64::from(parts.minute) * 60
            + i64::from(parts.second);
        let seconds = match parts.offset {
            Some(offset) => local - offset,
            None if self.zone == Tz::UTC => local,
            None => {
                let date = NaiveDate::from_ymd_opt(i32::try_from(parts.year).ok()?, parts.month, parts.day)?;
                let time = date.and_hms_opt(parts.hour, parts.minute, parts.second.min(59))?;
                // A time that a change of clocks skips or repeats: the earlier reading, or UTC's.
                self.zone.from_local_datetime(&time).earliest().map_or(local, |time| time.timestamp())
            }
        };
        Some((seconds * 1_000_000 + i64::from(parts.micros)) as f64 / 1e6)
    }
}

/// A number without blanks, exponent or sign games.
fn plain_number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = unsigned.starts_with(|first: char| first.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+'));
    if plain { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

/// Days from 1970-01-01 in the Gregorian calendar.
fn days(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = i64::from((153 * (month + if month > 2 { 0 } else { 12 } - 3) + 2) / 5 + day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn digits(bytes: &[u8], at: usize, least: usize, most: usize) -> Option<(i64, usize)> {
    let mut number = 0;
    let mut end = at;
    while end < at + most && bytes.get(end).is_some_and(u8::is_ascii_digit) {
        number = number * 10 + i64::from(bytes[end] - b'0');
        end += 1;
    }
    (end >= at + least).then_some((number, end))
}

fn skip(bytes: &[u8], mut at: usize, any: &[u8]) -> Option<usize> {
    let start = at;
    while bytes.get(at).is_some_and(|byte| any.contains(byte)) {
        at += 1;
    }
    (at > start).then_some(at)
}

/// `HH:MM[:SS[.fraction]] [AM|PM] [zone]`.
fn clock(bytes: &[u8], at: usize, parts: &mut Parts) -> Option<usize> {
    let (hour, at) = digits(bytes, at, 1, 2)?;
    if bytes.get(at) != Some(&b':') {
        return None;
    }
    let (minute, mut at) = digits(bytes, at + 1, 2, 2)?;
    (parts.hour, parts.minute) = (hour as u32, minute as u32);
    if bytes.get(at) == Some(&b':')
        && let Some((second, end)) = digits(bytes, at + 1, 2, 2)
    {
        parts.second = second as u32;
        at = end;
        if matches!(bytes.get(at), Some(b'.' | b','))
            && let Some((_, end)) = digits(bytes, at + 1, 1, 12)
        {
            let digit = |index: usize| {
                if at + 1 + index < end { u32::from(bytes[at + 1 + index] - b'0') } else { 0 }
            };
            parts.micros = (0..6).fold(0, |micros, index| micros * 10 + digit(index));
            at = end;
        }
    }
    let after = if bytes.get(at) == Some(&b' ') { at + 1 } else { at };
    let half = |half: &[u8; 2]| bytes.get(after..after + 2).is_some_and(|text| text.eq_ignore_ascii_case(half));
    if half(b"AM") || half(b"PM") {
        if !(1..=12).contains(&parts.hour) {
            return None;
        }
        parts.hour = parts.hour % 12 + if half(b"PM") { 12 } else { 0 };
        at = after + 2;
    }
    Some(zone(bytes, at, parts))
}

/// ` +0100`, `+01:00`, `Z`, ` UTC`, ` GMT`; nothing of these leaves the zone open.
fn zone(bytes: &[u8], at: usize, parts: &mut Parts) -> usize {
    let start = if bytes.get(at) == Some(&b' ') { at + 1 } else { at };
    match bytes.get(start) {
        Some(b'Z' | b'z') if !bytes.get(start + 1).is_some_and(u8::is_ascii_alphanumeric) => {
            parts.offset = Some(0);
            start + 1
        }
        Some(b'U' | b'G') if bytes[start..].starts_with(b"UTC") || bytes[start..].starts_with(b"GMT") => {
            parts.offset = Some(0);
            start + 3
        }
        Some(&sign @ (b'+' | b'-')) => {
            let read = || {
                let (hours, mut end) = digits(bytes, start + 1, 2, 2)?;
                if bytes.get(end) == Some(&b':') {
                    end += 1;
                }
                let (minutes, end) = digits(bytes, end, 2, 2).unwrap_or((0, end));
                (hours <= 15 && minutes < 60 && !bytes.get(end).is_some_and(u8::is_ascii_digit))
                    .then_some((hours * 3600 + minutes * 60, end))
            };
            match read() {
                Some((offset, end)) => {
                    parts.offset = Some(if sign == b'-' { -offset } else { offset });
                    end
                }
                None => at,
            }
        }
        _ => at,
    }
}

/// `2024-03-04T10:11:25.5Z`, `2024/03/04 10:11`, `20240304T101125Z`, `2024-03-04`.
fn iso(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (year, at) = digits(bytes, 0, 4, 4)?;
    if !(1900..2200).contains(&year) {
        return None;
    }
    let mut parts = Parts { year, ..Parts::default() };
    let separator = *bytes.get(at)?;
    if separator.is_ascii_digit() {
        let (month_day, at) = digits(bytes, at, 4, 4)?;
        (parts.month, parts.day) = ((month_day / 100) as u32, (month_day % 100) as u32);
        if bytes.get(at) != Some(&b'T') {
            return None;
        }
        let (time, at) = digits(bytes, at + 1, 6, 6)?;
        (parts.hour, parts.minute, parts.second) = ((time / 10_000) as u32, (time / 100 % 100) as u32, (time % 100) as u32);
        let end = zone(bytes, at, &mut parts);
        return Some((parts, end));
    }
    if !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let (month, at) = digits(bytes, at + 1, 1, 2)?;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    let (day, at) = digits(bytes, at + 1, 1, 2)?;
    (parts.month, parts.day) = (month as u32, day as u32);
    let joint = match bytes.get(at) {
        Some(b'T' | b't' | b'_' | b'\t' | b':') => at + 1,
        Some(b' ' | b',') => skip(bytes, at, b", ")?,
        Some(byte) if byte.is_ascii_digit() => return None,
        _ => return Some((parts, at)),
    };
    match clock(bytes, joint, &mut parts) {
        Some(end) => Some((parts, end)),
        None => Some((parts, at)),
    }
}

/// `03/04/2024 10:11:25 AM`, `03-04-2024 10:11:25.123`: the month first, unless it can't be one.
fn slashed(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (first, at) = digits(bytes, 0, 1, 2)?;
    let separator = *bytes.get(at)?;
    if !matches!(separator, b'/' | b'-' | b'.') {
        return None;
    }
    let (second, at) = digits(bytes, at + 1, 1, 2)?;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    let (year, at) = digits(bytes, at + 1, 4, 4)?;
    if !(1970..2100).contains(&year) {
        return None;
    }
    let (month, day) = if first > 12 || separator == b'.' { (second, first) } else { (first, second) };
    let mut parts = Parts { year, month: month as u32, day: day as u32, ..Parts::default() };
    let at = skip(bytes, at, b" ,T")?;
    let end = clock(bytes, at, &mut parts)?;
    Some((parts, end))
}

/// `04/Mar/2024:10:11:25 +0000`, `4 Mar 2024 10:11:25`, `04-Mar-2024 10:11:25`.
fn day_month(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (day, at) = digits(bytes, 0, 1, 2)?;
    let at = skip(bytes, at, b"/- ")?;
    let month = month(bytes.get(at..)?)?;
    let at = at + bytes[at..].iter().position(|byte| !byte.is_ascii_alphabetic())?;
    let at = skip(bytes, at, b"/- ")?;
    let (year, at) = digits(bytes, at, 4, 4)?;
    let mut parts = Parts { year, month, day: day as u32, ..Parts::default() };
    let at = skip(bytes, at, b": ,")?;
    let end = clock(bytes, at, &mut parts)?;
    Some((parts, end))
}

fn month(bytes: &[u8]) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let length = bytes.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(bytes.len());
    if !(3..=9).contains(&length) {
        return None;
    }
    let word = bytes[..length].to_ascii_lowercase();
    MONTHS
        .iter()
        .position(|month| {
            month.as_bytes() == word || month.as_bytes()[..3] == word[..] || word == b"sept" && *month == "september"
        })
        .map(|index| index as u32 + 1)
}

fn weekday(bytes: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
    bytes.get(..3).is_some_and(|start| DAYS.iter().any(|day| start.eq_ignore_ascii_case(day)))
}

/// Ten digits with an optional fraction, or thirteen, that count from the epoch; not part of a longer word.
fn epoch(bytes: &[u8]) -> Option<f64> {
    let length = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (number, _) = digits(bytes, 0, length.min(13), 13)?;
    if bytes.get(length).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let seconds = match length {
        10 => number,
        13 => number / 1000,
        _ => return None,
    };
    if !(946_684_800..4_102_444_800).contains(&seconds) {
        return None;
    }
    if length == 13 {
        return Some(number as f64 / 1e3);
    }
    let fraction = bytes.get(length) == Some(&b'.');
    let end = if fraction { digits(bytes, length + 1, 1, 9).map_or(length, |(_, end)| end) } else { length };
    std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const REFERENCE: f64 = 1_709_547_085.0; // 2024-03-04T10:11:25Z

    #[test]
    fn times_in_text() {
        let reader = TimeReader::new(Tz::UTC, 1_720_000_000.0);
        for (text, expected) in [
            ("2024-03-04T10:11:25Z x", REFERENCE),
            ("2024-03-04T10:11:25.483986000Z", REFERENCE + 0.483986),
            ("2024-03-04 10:11:25,250 INFO", REFERENCE + 0.25),
            ("2024-03-04T12:11:25+02:00", REFERENCE),
            ("2024-03-04 05:11:25 -0500", REFERENCE),
            ("2024/03/04 10:11:25", REFERENCE),
            ("20240304T101125Z", REFERENCE),
            ("1.2.3.4 - - [04/Mar/2024:10:11:25 +0000] \"GET /\"", REFERENCE),
            ("Mar  4 10:11:25 host sshd[1]: x", REFERENCE),
            ("<13>Mar 04 10:11:25 host", REFERENCE),
            ("Mon Mar  4 10:11:25 2024 x", REFERENCE),
            ("Mon, 04 Mar 2024 10:11:25 GMT", REFERENCE),
            ("03/04/2024 10:11:25 AM", REFERENCE),
            ("03/04/2024 10:11:25 PM", REFERENCE + 43_200.0),
            ("Audit:[timestamp=03-04-2024 10:11:25.818, user=admin", REFERENCE + 0.818),
            ("type=X msg=audit(1709547085.266:6994): pid=1", REFERENCE + 0.266),
            ("2024-03-04\t10:11:25\tIAD", REFERENCE),
            ("1709547085250 x", REFERENCE + 0.25),
        ] {
            assert_eq!(reader.find(text), Some(expected), "{text}");
        }
        for text in ["", "no time 12 34", "version 10.0.17763.1369", "2024-13-04T10:11:25Z", "id 12345678901", "port 1709547"] {
            assert_eq!(reader.find(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_ahead_is_last_year() {
        let reader = TimeReader::new(Tz::UTC, REFERENCE);
        assert_eq!(reader.find("Dec 31 23:59:59 x"), Some(1_704_067_199.0));
    }

    #[test]
    fn time_fields() {
        let reader = TimeReader::new(Tz::Europe__Berlin, REFERENCE);
        assert_eq!(reader.value("1603233182.063979"), Some(1_603_233_182.063979));
        assert_eq!(reader.value("0"), Some(0.0));
        assert_eq!(reader.field("1709547085250").unwrap().seconds, REFERENCE + 0.25);
        assert_eq!(reader.field("2024-03-04 11:11:25").unwrap(), Zoned { seconds: REFERENCE, zoned: false });
        assert_eq!(reader.utc("2024-03-04 10:11:25"), Some(REFERENCE));
        assert_eq!(reader.field("12"), None);
        assert_eq!(reader.value("yesterday"), None);
        assert_eq!(reader.field("2023-10-10T17:08:65"), None);
    }
}
