//! The forms of dates and times that are recognised without being told.

use super::Parts;
use super::zone::zone;

/// A date with or without a time of day at the beginning of a text, and where it ends.
pub(super) fn parse(bytes: &[u8]) -> Option<(Parts, usize)> {
    match bytes.first()? {
        b'0'..=b'9' => iso(bytes).or_else(|| slashed(bytes)).or_else(|| day_month(bytes)).or_else(|| clock_first(bytes)),
        b'A'..=b'Z' | b'a'..=b'z' => month_day(bytes),
        _ => None,
    }
}

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

fn skip(bytes: &[u8], mut at: usize, any: &[u8]) -> Option<usize> {
    let start = at;
    while bytes.get(at).is_some_and(|byte| any.contains(byte)) {
        at += 1;
    }
    (at > start).then_some(at)
}

/// The first six digits of a fraction as microseconds.
pub(super) fn micros(digits: &[u8]) -> u32 {
    (0..6).fold(0, |micros, index| micros * 10 + digits.get(index).map_or(0, |digit| u32::from(digit - b'0')))
}

/// `HH:MM[:SS[.fraction]] [AM|PM] [zone]`; the fraction may follow a comma or, with three digits, a colon.
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
        at = fraction(bytes, end, parts);
    }
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
        Some(b'.' | b',') => digits(bytes, at + 1, 1, 12).map(|(_, end)| end),
        Some(b':') => digits(bytes, at + 1, 3, 4).map(|(_, end)| end).filter(|end| *end == at + 4),
        _ => None,
    };
    let Some(end) = end else { return at };
    parts.micros = micros(&bytes[at + 1..end]);
    end
}

/// `Mar 4 10:11:25`, `Mar 04 2024 10:11:25`, `Mon Mar 4 10:11:25 UTC 2024`, `Mon, 04 Mar 2024 10:11:25 +0000`.
fn month_day(bytes: &[u8]) -> Option<(Parts, usize)> {
    let mut at = 0;
    if weekday(bytes) {
        at = bytes.iter().position(|byte| !byte.is_ascii_alphabetic())?;
        at = skip(bytes, at, b", ")?;
        if bytes.get(at)?.is_ascii_digit() {
            return parse_digits(&bytes[at..]).map(|(parts, end)| (parts, at + end));
        }
    }
    let month = month(bytes.get(at..)?)?;
    at += bytes[at..].iter().position(|byte| !byte.is_ascii_alphabetic())?;
    at = skip(bytes, at, b" .-/")?;
    let (day, mut at) = digits(bytes, at, 1, 2)?;
    let mut parts = Parts { month, day: day as u32, ..Parts::default() };
    at = skip(bytes, at, b", -/T")?;
    if let Some((number, after)) = digits(bytes, at, 4, 4) {
        parts.year = Some(number);
        at = skip(bytes, after, b", :T").unwrap_or(after);
        if bytes[at..].starts_with(b"at ") {
            at += 3;
        }
        return match clock(bytes, at, &mut parts) {
            Some(end) => Some((parts, end)),
            None => Some((parts, after)),
        };
    }
    at = clock(bytes, at, &mut parts)?;
    if bytes.get(at) == Some(&b' ')
        && let Some((number, after)) = digits(bytes, at + 1, 4, 4)
        && (1970..2100).contains(&number)
        && !bytes.get(after).is_some_and(u8::is_ascii_alphanumeric)
    {
        parts.year = Some(number);
        at = after;
    }
    Some((parts, at))
}

fn parse_digits(bytes: &[u8]) -> Option<(Parts, usize)> {
    day_month(bytes).or_else(|| iso(bytes)).or_else(|| slashed(bytes))
}

/// `2024-03-04T10:11:25.5Z`, `2024/03/04 10:11`, `20240304T101125Z`, `20240304101125`, `2024 Mar 04 10:11:25`,
/// `2024-03-04`.
fn iso(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (year, at) = digits(bytes, 0, 4, 4)?;
    if !(1900..2200).contains(&year) {
        return None;
    }
    let mut parts = Parts { year: Some(year), ..Parts::default() };
    let separator = *bytes.get(at)?;
    if separator.is_ascii_digit() {
        return compact(bytes, at, parts);
    }
    if !matches!(separator, b'-' | b'/' | b'.' | b' ') {
        return None;
    }
    if bytes.get(at + 1)?.is_ascii_alphabetic() {
        parts.month = month(&bytes[at + 1..])?;
        let at = at + 1 + bytes[at + 1..].iter().position(|byte| !byte.is_ascii_alphabetic())?;
        let at = skip(bytes, at, b" -/")?;
        let (day, at) = digits(bytes, at, 1, 2)?;
        parts.day = day as u32;
        let at = skip(bytes, at, b" ,T:")?;
        let end = clock(bytes, at, &mut parts)?;
        return Some((parts, end));
    }
    if separator == b' ' {
        return None;
    }
    let (month, at) = digits(bytes, at + 1, 1, 2)?;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    let (day, at) = digits(bytes, at + 1, 1, 2)?;
    (parts.month, parts.day) = (month as u32, day as u32);
    let joint = match bytes.get(at) {
        Some(b'T' | b't' | b'_' | b'\t' | b':' | b'-') => at + 1,
        Some(b' ' | b',') => skip(bytes, at, b", ")?,
        Some(byte) if byte.is_ascii_digit() => return None,
        _ => return Some((parts, at)),
    };
    match clock(bytes, joint, &mut parts) {
        Some(end) => Some((parts, end)),
        None => Some((Parts { clock: false, hour: 0, minute: 0, second: 0, micros: 0, ..parts }, at)),
    }
}

/// `20240304T101125`, `20240304 10:11:25`, `20240304101125`, each with a fraction and a zone; the year was read.
fn compact(bytes: &[u8], at: usize, mut parts: Parts) -> Option<(Parts, usize)> {
    let (month_day, at) = digits(bytes, at, 4, 4)?;
    (parts.month, parts.day) = ((month_day / 100) as u32, (month_day % 100) as u32);
    let joint = match bytes.get(at)? {
        b'T' | b' ' | b'_' | b'-' => at + 1,
        byte if byte.is_ascii_digit() => at,
        _ => return None,
    };
    if let Some((time, end)) = digits(bytes, joint, 6, 6) {
        if bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) && !matches!(bytes.get(end), Some(b'Z' | b'z')) {
            return None;
        }
        (parts.hour, parts.minute, parts.second) = ((time / 10_000) as u32, (time / 100 % 100) as u32, (time % 100) as u32);
        parts.clock = true;
        let end = fraction(bytes, end, &mut parts);
        let end = zone(bytes, end, &mut parts);
        return Some((parts, end));
    }
    if joint == at {
        return None;
    }
    let end = clock(bytes, joint, &mut parts)?;
    Some((parts, end))
}

/// `03/04/2024`, `03-04-24`: the month first, unless it can't be one or points stand between.
fn slashed_date(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (first, at) = digits(bytes, 0, 1, 2)?;
    let separator = *bytes.get(at)?;
    if !matches!(separator, b'/' | b'-' | b'.') {
        return None;
    }
    let (second, at) = digits(bytes, at + 1, 1, 2)?;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    let (year, at) = match digits(bytes, at + 1, 4, 4) {
        Some((year, at)) => (year, at),
        None if separator != b'.' => {
            let (year, at) = digits(bytes, at + 1, 2, 2)?;
            (if year < 70 { 2000 + year } else { 1900 + year }, at)
        }
        None => return None,
    };
    if !(1970..2100).contains(&year) {
        return None;
    }
    let (month, day) = if first > 12 || separator == b'.' { (second, first) } else { (first, second) };
    Some((Parts { year: Some(year), month: month as u32, day: day as u32, ..Parts::default() }, at))
}

/// `03/04/2024 10:11:25 AM`, `03-04-2024 10:11:25.123`, `03/04/24 10:11:25`.
fn slashed(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (mut parts, at) = slashed_date(bytes)?;
    let at = skip(bytes, at, b" ,T-:_")?;
    let end = clock(bytes, at, &mut parts)?;
    Some((parts, end))
}

/// `04/Mar/2024`, `4 Mar 2024`, `04-Mar-24`, `4 Mar`.
fn day_month_date(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (day, at) = digits(bytes, 0, 1, 2)?;
    let at = skip(bytes, at, b"/-. ")?;
    let month = month(bytes.get(at..)?)?;
    let at = at + bytes[at..].iter().position(|byte| !byte.is_ascii_alphabetic())?;
    let parts = Parts { month, day: day as u32, ..Parts::default() };
    let dashed = matches!(bytes.get(at), Some(b'-' | b'/'));
    let year = skip(bytes, at, b"/-. ,")?;
    if let Some((number, end)) = digits(bytes, year, 4, 4) {
        return Some((Parts { year: Some(number), ..parts }, end));
    }
    if dashed {
        let (number, end) = digits(bytes, year, 2, 2)?;
        return Some((Parts { year: Some(2000 + number), ..parts }, end));
    }
    Some((parts, at))
}

/// `04/Mar/2024:10:11:25 +0000`, `4 Mar 2024 10:11:25`, `04-Mar-2024 10:11:25`, `4 Mar 10:11:25`.
fn day_month(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (mut parts, at) = day_month_date(bytes)?;
    let at = skip(bytes, at, b": ,T")?;
    let end = clock(bytes, at, &mut parts)?;
    Some((parts, end))
}

/// `10:11:25.5 03/04/2024`, `10:11:25 4 Mar 2024`, `10:11:25 2024-03-04`.
fn clock_first(bytes: &[u8]) -> Option<(Parts, usize)> {
    let mut time = Parts::default();
    let at = clock(bytes, 0, &mut time)?;
    let at = skip(bytes, at, b" ,")?;
    let rest = bytes.get(at..)?;
    let (date, end) = slashed_date(rest)
        .or_else(|| day_month_date(rest).filter(|(parts, _)| parts.year.is_some()))
        .or_else(|| iso(rest).filter(|(parts, _)| !parts.clock))?;
    let parts = Parts { year: date.year, month: date.month, day: date.day, ..time };
    Some((parts, at + end))
}

/// `10:11:25[.fraction]` at the beginning of a text, perhaps in brackets: a time of day without a date.
pub(super) fn time_of_day(bytes: &[u8]) -> Option<Parts> {
    let start = bytes.iter().position(|byte| !b" \t[(".contains(byte))?;
    let mut parts = Parts::default();
    let shape = bytes.get(start..start + 8)?;
    let complete = shape[2] == b':' && shape[5] == b':' && shape[0].is_ascii_digit();
    if !complete {
        return None;
    }
    let end = clock(bytes, start, &mut parts)?;
    // `00:11:22:33:44:55` is the address of a network card.
    let goes_on = match bytes.get(end) {
        Some(b':') => bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric),
        Some(byte) => byte.is_ascii_alphanumeric(),
        None => false,
    };
    (!goes_on).then_some(parts)
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
    let word = &bytes[..length];
    let index = MONTHS.iter().position(|month| month.as_bytes()[..3].eq_ignore_ascii_case(&word[..3]))?;
    let known =
        length == 3 || word.eq_ignore_ascii_case(MONTHS[index].as_bytes()) || (length == 4 && word.eq_ignore_ascii_case(b"sept"));
    known.then_some(index as u32 + 1)
}

/// The number of the month whose name begins a text (1 to 12), and the length of the name.
pub(super) fn month_name(bytes: &[u8]) -> Option<(u32, usize)> {
    let length = bytes.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(bytes.len());
    // Letters of what follows may touch a name of three.
    month(bytes).map(|month| (month, length)).or_else(|| Some((month(bytes.get(..3)?)?, 3)))
}

fn weekday(bytes: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
    bytes.get(..3).is_some_and(|start| DAYS.iter().any(|day| start.eq_ignore_ascii_case(day)))
}

/// Ten digits with an optional fraction, or thirteen, that count from the epoch, not part of a longer word; at the
/// beginning of an event also sixteen (microseconds) and nineteen (nanoseconds).
pub(super) fn epoch(bytes: &[u8], first: bool) -> Option<f64> {
    let length = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let plausible = matches!(length, 10 | 13) || (first && matches!(length, 16 | 19));
    if !plausible {
        return None;
    }
    if bytes.get(length).is_some_and(u8::is_ascii_alphabetic) {
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
    Some((seconds * 1_000_000 + i64::from(micros(&bytes[from..end]))) as f64 / 1e6)
}
