//! The forms of dates, with or without a time of day, that are recognised without being told.

use super::clock::{clock, compact, digits, dotted};
use super::{Parts, Triple};

/// A date with or without a time of day at the beginning of a text, and where it ends. `first` says whether the event
/// begins here: some forms are times only there.
pub(super) fn parse(bytes: &[u8], first: bool) -> Option<(Parts, usize)> {
    match bytes.first()? {
        b'0'..=b'9' => {
            let found = iso(bytes)
                .or_else(|| slashed(bytes))
                .or_else(|| day_month(bytes))
                .or_else(|| without_year(bytes))
                .or_else(|| clock_first(bytes));
            if first { found.or_else(|| short_year(bytes)) } else { found }
        }
        b'A'..=b'Z' | b'a'..=b'z' => month_day(bytes).or_else(|| if first { severity(bytes) } else { None }),
        _ => None,
    }
}

/// Whether a word may begin a date, a time of day or a count of seconds, by its first bytes; most words of a text may not.
/// `open` says whether the forms count that are times only at certain places.
pub(super) fn may_begin(bytes: &[u8], open: bool) -> bool {
    if !bytes.first().is_some_and(u8::is_ascii_digit) {
        return open || is_name(bytes);
    }
    let length = bytes.iter().take(21).take_while(|byte| byte.is_ascii_digit()).count();
    let next = bytes.get(length);
    match length {
        1 | 2 => matches!(next, Some(b'/' | b'-' | b'.' | b':' | b' ')) || is_name(&bytes[length..]),
        4 => matches!(next, Some(b'-' | b'/' | b'.' | b' ')),
        6 => open,
        3 | 5 | 7 | 9 | 11 => false,
        length => length <= 20,
    }
}

/// Whether the name of a month or a day of the week begins a text.
fn is_name(bytes: &[u8]) -> bool {
    const NAMES: [&[u8; 3]; 19] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec", b"mon", b"tue", b"wed",
        b"thu", b"fri", b"sat", b"sun",
    ];
    let Some(&[first, second, third]) = bytes.first_chunk::<3>() else {
        return false;
    };
    let lower = [first | 0x20, second | 0x20, third | 0x20];
    NAMES.iter().any(|name| **name == lower)
}

/// A date that stands for itself, without a time of day, and where it ends.
pub(super) fn date(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (parts, end) = match bytes.first()? {
        b'0'..=b'9' => slashed_date(bytes)
            .or_else(|| day_month_date(bytes).filter(|(parts, _)| parts.year.is_some()))
            .or_else(|| compact_date(bytes))?,
        b'A'..=b'Z' | b'a'..=b'z' => month_day_date(bytes)?,
        _ => return None,
    };
    let goes_on = match bytes.get(end) {
        Some(b'.') => bytes.get(end + 1).is_some_and(u8::is_ascii_digit),
        Some(byte) => byte.is_ascii_alphanumeric(),
        None => false,
    };
    (!goes_on).then_some((parts, end))
}

fn skip(bytes: &[u8], mut at: usize, any: &[u8]) -> Option<usize> {
    let start = at;
    while bytes.get(at).is_some_and(|byte| any.contains(byte)) {
        at += 1;
    }
    (at > start).then_some(at)
}

/// `Mar 4 10:11:25`, `Mar 04 2024 10:11:25`, `Mar-04-24 10:11:25`, `Mon Mar 4 10:11:25 UTC 2024`,
/// `Mon, 04 Mar 2024 10:11:25 +0000`.
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
    let dashed = bytes.get(at).copied().filter(|byte| matches!(byte, b'-' | b'/'));
    at = skip(bytes, at, b", -/T")?;
    let short = dashed.and_then(|_| digits(bytes, at, 2, 2)).filter(|(_, end)| matches!(bytes.get(*end), Some(b' ' | b'T')));
    let year = digits(bytes, at, 4, 4).or(short.map(|(year, end)| (2000 + year, end)));
    if let Some((number, after)) = year {
        parts.year = Some(number);
        at = skip(bytes, after, b", :T").unwrap_or(after);
        if bytes[at..].starts_with(b"at ") {
            at += 3;
        }
        return match clock(bytes, at, &mut parts) {
            Some(end) => Some((parts, end)),
            None => Some((parts.without_clock(), after)),
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

/// `2024-03-04T10:11:25.5Z`, `2024/03/04 10:11`, `2024-03-04-10.11.25.250000`, `20240304T101125Z`, `20240304101125`,
/// `2024 Mar 04 10:11:25`, `2024-03-04`.
fn iso(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (year, at) = digits(bytes, 0, 4, 4)?;
    if !(1900..2200).contains(&year) {
        return None;
    }
    let mut parts = Parts { year: Some(year), ..Parts::default() };
    let separator = *bytes.get(at)?;
    if separator.is_ascii_digit() {
        return compact_time(bytes, at, parts);
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
    let dashed = bytes.get(at) == Some(&b'-');
    let mut timed = parts;
    match clock(bytes, joint, &mut timed).or_else(|| {
        timed = parts;
        dotted(bytes, joint, dashed, &mut timed)
    }) {
        Some(end) => Some((timed, end)),
        None => Some((parts, at)),
    }
}

/// `20240304T101125`, `20240304 10:11:25`, `20240304101125`, each with a fraction and a zone; the year was read.
fn compact_time(bytes: &[u8], at: usize, mut parts: Parts) -> Option<(Parts, usize)> {
    let (month_day, at) = digits(bytes, at, 4, 4)?;
    (parts.month, parts.day) = ((month_day / 100) as u32, (month_day % 100) as u32);
    let joint = match bytes.get(at)? {
        b'T' | b' ' | b'_' | b'-' => at + 1,
        byte if byte.is_ascii_digit() => at,
        _ => return None,
    };
    let mut timed = parts;
    if let Some(end) = compact(bytes, joint, &mut timed) {
        return Some((timed, end));
    }
    if joint == at {
        return None;
    }
    let end = clock(bytes, joint, &mut parts)?;
    Some((parts, end))
}

/// `20240304` that stands for itself.
fn compact_date(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (number, end) = digits(bytes, 0, 8, 8)?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let plausible = (1970..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let parts = Parts { year: Some(year), month: month as u32, day: day as u32, weak: true, ..Parts::default() };
    plausible.then_some((parts, end))
}

/// `03/04/2024`, `03-04-24`, `17/06/09`: what comes first is decided when the time is made.
pub(super) fn slashed_date(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (first, at) = digits(bytes, 0, 1, 2)?;
    let separator = *bytes.get(at)?;
    if !matches!(separator, b'/' | b'-' | b'.') {
        return None;
    }
    let (second, at) = digits(bytes, at + 1, 1, 2)?;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    let (third, at, long) = match digits(bytes, at + 1, 4, 4) {
        Some((year, at)) => (year, at, true),
        None if separator != b'.' => {
            let (year, at) = digits(bytes, at + 1, 2, 2)?;
            (year, at, false)
        }
        None => return None,
    };
    if long && !(1970..2100).contains(&third) {
        return None;
    }
    if bytes.get(at).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let triple = Triple { first: first as u32, second: second as u32, third, long, points: separator == b'.' };
    Some((Parts { triple: Some(triple), weak: !long, ..Parts::default() }, at))
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
    if let Some(month) = bytes.get(at..at + 3).and_then(month) {
        // SAS and its kin write `04MAR2024`.
        let (year, end) = digits(bytes, at + 3, 4, 4).filter(|(year, _)| (1970..2100).contains(year))?;
        return Some((Parts { year: Some(year), month, day: day as u32, ..Parts::default() }, end));
    }
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

/// `Mar 4, 2024`, `Mar 4`.
fn month_day_date(bytes: &[u8]) -> Option<(Parts, usize)> {
    let month = month(bytes)?;
    let at = bytes.iter().position(|byte| !byte.is_ascii_alphabetic())?;
    let at = skip(bytes, at, b" .-/")?;
    let (day, at) = digits(bytes, at, 1, 2)?;
    let parts = Parts { month, day: day as u32, weak: true, ..Parts::default() };
    match skip(bytes, at, b", -/").and_then(|year| digits(bytes, year, 4, 4)).filter(|(year, _)| (1970..2100).contains(year)) {
        Some((year, end)) => Some((Parts { year: Some(year), weak: false, ..parts }, end)),
        None => Some((parts, at)),
    }
}

/// `04/Mar/2024:10:11:25 +0000`, `4 Mar 2024 10:11:25`, `04-Mar-24 10.11.25.250000 AM`, `4 Mar 10:11:25`.
fn day_month(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (parts, at) = day_month_date(bytes)?;
    let at = skip(bytes, at, b": ,T")?;
    let mut timed = parts;
    let end = clock(bytes, at, &mut timed).or_else(|| {
        timed = parts;
        dotted(bytes, at, true, &mut timed)
    })?;
    Some((timed, end))
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
    Some((time.on(&date), at + end))
}

/// Snort's `03/04-10:11:25.250000` and logcat's `03-04 10:11:25.250`: month and day without a year.
fn without_year(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (first, at) = digits(bytes, 0, 2, 2)?;
    if !matches!(bytes.get(at), Some(b'/' | b'-')) {
        return None;
    }
    let (second, at) = digits(bytes, at + 1, 2, 2)?;
    if !matches!(bytes.get(at), Some(b'-' | b' ' | b'T')) {
        return None;
    }
    let (month, day) = if first > 12 { (second, first) } else { (first, second) };
    on_clock(bytes, at + 1, Parts { month: month as u32, day: day as u32, ..Parts::default() })
}

/// MySQL's `240304 10:11:25` and `240304  9:11:25`, HDFS's `081109 203615`.
fn short_year(bytes: &[u8]) -> Option<(Parts, usize)> {
    let (number, at) = digits(bytes, 0, 6, 6)?;
    let (year, month, day) = (2000 + number / 10_000, number / 100 % 100, number % 100);
    let at = skip(bytes, at, b" T")?;
    let parts = Parts { year: Some(year), month: month as u32, day: day as u32, ..Parts::default() };
    on_clock(bytes, at, parts).or_else(|| {
        let mut timed = parts;
        let end = compact(bytes, at, &mut timed)?;
        Some((timed, end))
    })
}

/// klog's and glog's `I0304 10:11:25.250000`, `W20240304 10:11:25.250000`.
fn severity(bytes: &[u8]) -> Option<(Parts, usize)> {
    if !matches!(bytes.first(), Some(b'I' | b'W' | b'E' | b'F')) {
        return None;
    }
    let length = bytes[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, at) = digits(bytes, 1, length, length).filter(|_| matches!(length, 4 | 8))?;
    let year = (length == 8).then_some(number / 10_000);
    let parts = Parts { year, month: (number / 100 % 100) as u32, day: (number % 100) as u32, ..Parts::default() };
    on_clock(bytes, skip(bytes, at, b" ")?, parts)
}

/// A date whose time of day, with its seconds, begins here.
fn on_clock(bytes: &[u8], at: usize, date: Parts) -> Option<(Parts, usize)> {
    let (time, end) = super::clock::alone(bytes, at)?;
    Some((time.on(&date), end))
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

fn weekday(bytes: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
    bytes.get(..3).is_some_and(|start| DAYS.iter().any(|day| start.eq_ignore_ascii_case(day)))
}
