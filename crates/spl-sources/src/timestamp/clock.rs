//! Times of day: `10:11:25.250 PM +0100`, `10.11.25`, `101125`.

use super::Parts;
use super::zone::zone;

/// Up to `most` digits as a number, and where they end.
pub(super) fn digits(bytes: &[u8], at: usize, least: usize, most: usize) -> Option<(i64, usize)> {
    let mut number = 0;
    let mut end = at;
    while end < at + most && bytes.get(end).is_some_and(u8::is_ascii_digit) {
        number = number * 10 + i64::from(bytes[end] - b'0');
        end += 1;
    }
    (end >= at + least).then_some((number, end))
}

/// The first six digits of a fraction as microseconds.
pub(super) fn micros(digits: &[u8]) -> u32 {
    (0..6).fold(0, |micros, index| micros * 10 + digits.get(index).map_or(0, |digit| u32::from(digit - b'0')))
}

/// `HH:MM[:SS[.fraction]] [AM|PM] [zone]`; the fraction may follow a comma or, with three digits, a colon.
pub(super) fn clock(bytes: &[u8], at: usize, parts: &mut Parts) -> Option<usize> {
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
        at = fraction(bytes, end, parts);
    }
    behind(bytes, at, parts)
}

/// `10.11.25`; behind a date with a dash (DB2) or a month's name (Oracle) with a fraction, elsewhere the four numbers
/// of an address look the same.
pub(super) fn dotted(bytes: &[u8], at: usize, with_fraction: bool, parts: &mut Parts) -> Option<usize> {
    let (hour, at) = digits(bytes, at, 2, 2)?;
    let (minute, at) = digits(bytes, at + 1, 2, 2).filter(|_| bytes.get(at) == Some(&b'.'))?;
    let (second, mut at) = digits(bytes, at + 1, 2, 2).filter(|_| bytes.get(at) == Some(&b'.'))?;
    (parts.hour, parts.minute, parts.second) = (hour as u32, minute as u32, second as u32);
    match bytes.get(at) {
        Some(b'.') if with_fraction => at = fraction(bytes, at, parts),
        Some(b'.') if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => return None,
        Some(byte) if byte.is_ascii_alphanumeric() => return None,
        _ => {}
    }
    if with_fraction
        && let Some(sign @ (b'+' | b'-')) = bytes.get(at)
        && let Some((minutes, end)) = digits(bytes, at + 1, 3, 3)
        && !bytes.get(end).is_some_and(u8::is_ascii_digit)
    {
        // DB2 counts its offset in minutes.
        parts.offset = Some(if *sign == b'-' { -minutes * 60 } else { minutes * 60 });
        parts.clock = true;
        return Some(end);
    }
    behind(bytes, at, parts)
}

/// `101125`, with a fraction and a zone.
pub(super) fn compact(bytes: &[u8], at: usize, parts: &mut Parts) -> Option<usize> {
    let (time, end) = digits(bytes, at, 6, 6)?;
    (parts.hour, parts.minute, parts.second) = ((time / 10_000) as u32, (time / 100 % 100) as u32, (time % 100) as u32);
    if parts.hour > 23 || parts.minute > 59 || parts.second > 60 {
        return None;
    }
    let end = match bytes.get(end) {
        // Milliseconds or microseconds may follow without a point.
        Some(byte) if byte.is_ascii_digit() => {
            let length = bytes[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !matches!(length, 3 | 6) {
                return None;
            }
            parts.micros = micros(&bytes[end..end + length]);
            end + length
        }
        _ => fraction(bytes, end, parts),
    };
    // Of letters only the `Z` of UTC may follow.
    let letters = bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
    let utc = matches!(bytes.get(end), Some(b'Z' | b'z')) && !bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
    if letters && !utc {
        return None;
    }
    parts.clock = true;
    Some(zone(bytes, end, parts))
}

/// What may follow a time of day: half of the day and zone.
fn behind(bytes: &[u8], mut at: usize, parts: &mut Parts) -> Option<usize> {
    let after = if bytes.get(at) == Some(&b' ') { at + 1 } else { at };
    let half = |half: &[u8; 2]| {
        bytes.get(after..after + 2).is_some_and(|text| text.eq_ignore_ascii_case(half))
            && !bytes.get(after + 2).is_some_and(u8::is_ascii_alphanumeric)
    };
    if half(b"AM") || half(b"PM") {
        if !(1..=12).contains(&parts.hour) {
            return None;
        }
        parts.hour = parts.hour % 12 + if half(b"PM") { 12 } else { 0 };
        at = after + 2;
    }
    parts.clock = true;
    Some(zone(bytes, at, parts))
}

fn fraction(bytes: &[u8], at: usize, parts: &mut Parts) -> usize {
    let end = match bytes.get(at) {
        Some(b'.') => digits(bytes, at + 1, 1, 12).map(|(_, end)| end),
        // Fewer digits behind a comma are the next column.
        Some(b',') => digits(bytes, at + 1, 3, 12).map(|(_, end)| end),
        Some(b':') => digits(bytes, at + 1, 3, 4).map(|(_, end)| end).filter(|end| *end == at + 4),
        _ => None,
    };
    let Some(end) = end else { return at };
    parts.micros = micros(&bytes[at + 1..end]);
    end
}

/// `10:11:25` that stands for itself, with what may follow it, and where it ends. Parts of addresses of network cards and
/// of IPv6 look alike and are none.
pub(super) fn alone(bytes: &[u8], at: usize) -> Option<(Parts, usize)> {
    if at > 0 && matches!(bytes[at - 1], b':' | b'.') {
        return None;
    }
    let (_, hour) = digits(bytes, at, 1, 2)?;
    let (_, minute) = digits(bytes, hour + 1, 2, 2).filter(|_| bytes.get(hour) == Some(&b':'))?;
    digits(bytes, minute + 1, 2, 2).filter(|_| bytes.get(minute) == Some(&b':'))?;
    let mut parts = Parts::default();
    let end = clock(bytes, at, &mut parts)?;
    let goes_on = match bytes.get(end) {
        Some(b':') => bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric),
        Some(byte) => byte.is_ascii_alphanumeric(),
        None => false,
    };
    let plausible = parts.hour < 24 && parts.minute < 60 && parts.second <= 60;
    (plausible && !goes_on).then_some((parts, end))
}

/// A time of day in its short forms, which only a date right before it gives away: `10:11`, `101125`, `10.11.25`.
pub(super) fn short(bytes: &[u8], at: usize) -> Option<(Parts, usize)> {
    let attempt = |read: &dyn Fn(&mut Parts) -> Option<usize>| {
        let mut parts = Parts::default();
        let end = read(&mut parts)?;
        let goes_on = bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b':');
        (parts.hour < 24 && parts.minute < 60 && parts.second <= 60 && !goes_on).then_some((parts, end))
    };
    attempt(&|parts| clock(bytes, at, parts))
        .or_else(|| attempt(&|parts| compact(bytes, at, parts)))
        .or_else(|| attempt(&|parts| dotted(bytes, at, false, parts)))
}
