//! Finds the time of an event in its text: date and time of day wherever they stand, then counts from the epoch.

use super::epoch::Mark;
use super::{Found, Parts, TimeReader, clock, epoch, forms};

/// The seconds that a number without a key may lie ahead, as Splunk's `MAX_DAYS_HENCE`.
const HENCE: f64 = 2.0 * 86_400.0;

/// Bytes between a date and a short form of a time of day.
const GAP: usize = 12;

impl TimeReader {
    /// The first time that begins within so many bytes of a text. Date and time of day may stand apart; a time of day
    /// counts for more than a number of seconds since the epoch, and that for more than a date alone. A time of day that
    /// begins a text needs no date.
    pub(crate) fn find_within(&self, text: &str, lookahead: usize) -> Option<Found> {
        self.dated(text, lookahead).or_else(|| {
            let (bytes, start) = (text.as_bytes(), beginning(text.as_bytes()));
            // An hour of one digit begins a duration as well.
            let (time, _) = clock::alone(bytes, start).filter(|_| start < lookahead && bytes.get(start + 2) == Some(&b':'))?;
            self.found(&time).map(|found| Found { place: start, ..found })
        })
    }

    /// The first time with a date that begins within so many bytes of a text.
    pub(super) fn dated(&self, text: &str, lookahead: usize) -> Option<Found> {
        let bytes = text.as_bytes();
        let end = bytes.len().min(lookahead);
        let beginning = beginning(bytes);
        let mut date: Option<(Parts, usize)> = None;
        // Where the date begins, and where the number.
        let (mut date_at, mut number_at) = (0, 0);
        let mut time: Option<Parts> = None;
        let mut number = None;
        let mut at = 0;
        while at < end {
            if !bytes[at].is_ascii_alphanumeric() {
                if bytes[at] == b'@'
                    && let Some(seconds) = epoch::tai64(&bytes[at..])
                {
                    return Some(Found::epoch(seconds));
                }
                at += 1;
                continue;
            }
            let first = at == beginning;
            let rest = &bytes[at..];
            if !forms::may_begin(rest, first || date.is_some()) {
                while at < end && bytes[at].is_ascii_alphanumeric() {
                    at += 1;
                }
                continue;
            }
            let behind_number = at > 1 && matches!(bytes[at - 1], b'.' | b'/' | b'-') && bytes[at - 2].is_ascii_digit();
            let parsed = forms::parse(rest, first || (at > 0 && matches!(bytes[at - 1], b'[' | b'(')));
            if let Some((parts, length)) = parsed.filter(|(parts, _)| !(behind_number && (parts.year.is_none() || !parts.clock)))
                && let Some(found) = self.found(&parts)
            {
                if parts.clock {
                    return Some(Found { place: at, ..found });
                }
                date_at = if date.is_none() { at } else { date_at };
                date = date.or(Some((parts, at + length)));
                at += length;
            } else if let Some((parts, length)) = forms::date(rest).filter(|_| !behind_number && date.is_none())
                && self.found(&parts).is_some()
            {
                (date, date_at) = (Some((parts, at + length)), at);
                at += length;
            } else if let Some((parts, stop)) = clock::alone(bytes, at) {
                time = time.or(Some(parts));
                at = stop;
            } else if let Some((_, stop)) = &date
                && let Some((parts, stop)) = short_time(bytes, *stop, at)
            {
                time = time.or(Some(parts));
                at = stop;
            } else if number.is_none()
                && let Some((seconds, mark)) = epoch::at(bytes, at, first)
                && (mark == Mark::Key || self.now <= 0.0 || seconds <= self.now + HENCE)
            {
                (number, number_at) = (Some(seconds), at);
            }
            if let (Some((date, _)), Some(time)) = (&date, &time)
                && let Some(found) = self.found(&time.on(date))
            {
                return Some(Found { place: date_at, ..found });
            }
            // On to the next word.
            while at < end && bytes[at].is_ascii_alphanumeric() {
                at += 1;
            }
        }
        if let Some(seconds) = number {
            return Some(Found { place: number_at, ..Found::epoch(seconds) });
        }
        let (date, _) = date.filter(|(date, _)| !date.weak)?;
        self.found(&date).map(|found| Found { place: date_at, ..found })
    }
}

/// Where an event begins behind what may stand before everything: quotes, brackets, the priority of a syslog line and the
/// version of RFC 5424 behind it.
fn beginning(bytes: &[u8]) -> usize {
    let mut at = 0;
    if bytes.first() == Some(&b'<') {
        let digits = bytes[1..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        if (1..=3).contains(&digits) && bytes.get(1 + digits) == Some(&b'>') {
            at = digits + 2;
            at += if bytes[at..].starts_with(b"1 ") { 2 } else { 0 };
        }
    }
    at + bytes[at..].iter().take_while(|byte| !byte.is_ascii_alphanumeric()).count()
}

/// A short form of a time of day behind a date: right behind it, or behind a key that means a time.
fn short_time(bytes: &[u8], date_end: usize, at: usize) -> Option<(Parts, usize)> {
    let between = bytes.get(date_end..at)?;
    let near = between.len() <= 4 && !between.is_empty() && !between.iter().any(u8::is_ascii_alphanumeric);
    let keyed = between.len() <= GAP && between.to_ascii_lowercase().windows(4).any(|word| word == b"time");
    if near || keyed { clock::short(bytes, at) } else { None }
}
