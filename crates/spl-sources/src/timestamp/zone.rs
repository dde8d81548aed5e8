//! Zones behind a time of day: offsets, abbreviations, names of the time zone database.

use chrono_tz::Tz;

use super::Parts;
use super::clock::digits;

/// Abbreviations with one common meaning, in minutes east of UTC.
const ABBREVIATIONS: &[(&[u8], i64)] = &[
    (b"UTC", 0),
    (b"GMT", 0),
    (b"UT", 0),
    (b"WET", 0),
    (b"WEST", 60),
    (b"BST", 60),
    (b"CET", 60),
    (b"MET", 60),
    (b"MEZ", 60),
    (b"WAT", 60),
    (b"CEST", 120),
    (b"MEST", 120),
    (b"MESZ", 120),
    (b"EET", 120),
    (b"CAT", 120),
    (b"SAST", 120),
    (b"EEST", 180),
    (b"EAT", 180),
    (b"IDT", 180),
    (b"TRT", 180),
    (b"MSK", 180),
    (b"MSD", 240),
    (b"PKT", 300),
    (b"WIB", 420),
    (b"PHT", 480),
    (b"IST", 330),
    (b"SGT", 480),
    (b"HKT", 480),
    (b"AWST", 480),
    (b"JST", 540),
    (b"KST", 540),
    (b"ACST", 570),
    (b"ACDT", 630),
    (b"AEST", 600),
    (b"AEDT", 660),
    (b"NZST", 720),
    (b"NZDT", 780),
    (b"NST", -210),
    (b"NDT", -150),
    (b"BRT", -180),
    (b"ART", -180),
    (b"AST", -240),
    (b"ADT", -180),
    (b"EST", -300),
    (b"EDT", -240),
    (b"CST", -360),
    (b"CDT", -300),
    (b"MST", -420),
    (b"MDT", -360),
    (b"PST", -480),
    (b"PDT", -420),
    (b"AKST", -540),
    (b"AKDT", -480),
    (b"HST", -600),
];

/// ` +0100`, `+01:00`, `+01`, `-3`, `Z`, ` UTC`, ` EST`, ` (PST)`, ` UTC+02:00`, ` UTC+1`, ` Europe/Berlin`; nothing of these
/// leaves the zone open. Says where the text goes on.
pub(super) fn zone(bytes: &[u8], at: usize, parts: &mut Parts) -> usize {
    let mut start = if bytes.get(at) == Some(&b' ') { at + 1 } else { at };
    let bracket = matches!(bytes.get(start), Some(b'(' | b'['));
    start += usize::from(bracket);
    let rest = bytes.get(start..).unwrap_or_default();
    let length = match rest.first() {
        Some(b'Z' | b'z') if !rest.get(1).is_some_and(u8::is_ascii_alphanumeric) => {
            parts.offset = Some(0);
            Some(1)
        }
        Some(b'+' | b'-') => offset(rest).map(|(seconds, length)| {
            parts.offset = Some(seconds);
            length
        }),
        Some(b'A'..=b'Z') => named(rest, parts),
        _ => None,
    };
    match length {
        Some(length) => start + length + usize::from(bracket && matches!(bytes.get(start + length), Some(b')' | b']'))),
        None => at,
    }
}

/// `+0100`, `-05:00`, `+01`, `-3`: seconds east of UTC and its length.
fn offset(bytes: &[u8]) -> Option<(i64, usize)> {
    let sign = if bytes.first() == Some(&b'-') { -1 } else { 1 };
    let (hours, mut end) = digits(bytes, 1, 1, 2)?;
    if end == 2 {
        // One digit is an offset only when nothing else goes on there.
        let stands_alone = !bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'/'));
        let minutes = bytes.get(end) == Some(&b':');
        return (stands_alone && !minutes).then_some((sign * hours * 3600, end));
    }
    if bytes.get(end) == Some(&b':') {
        end += 1;
    }
    let (minutes, end) = digits(bytes, end, 2, 2).unwrap_or((0, end));
    let seconds = hours * 3600 + minutes * 60;
    let plausible = hours <= 15 && minutes < 60 && !bytes.get(end).is_some_and(u8::is_ascii_digit);
    plausible.then_some((sign * seconds, end))
}

fn named(bytes: &[u8], parts: &mut Parts) -> Option<usize> {
    let length = bytes.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(bytes.len());
    if length > 6 {
        // No short name, perhaps the beginning of a long one: `America/New_York`.
        return full(bytes, length, parts);
    }
    parts.abbreviation = Abbreviation::new(&bytes[..length]);
    if let Some((_, minutes)) = ABBREVIATIONS.iter().find(|(name, _)| *name == &bytes[..length]) {
        let mut end = length;
        let mut seconds = minutes * 60;
        // `GMT+02:00` and `UTC-5` count from there.
        if *minutes == 0
            && let Some((more, length)) =
                bytes.get(end..).filter(|rest| matches!(rest.first(), Some(b'+' | b'-'))).and_then(offset)
        {
            seconds = more;
            end += length;
            parts.abbreviation = None;
        }
        parts.offset = Some(seconds);
        return Some(end);
    }
    full(bytes, length, parts)
}

/// The name of a zone of the time zone database, whose first word has so many letters.
fn full(bytes: &[u8], length: usize, parts: &mut Parts) -> Option<usize> {
    if bytes.get(length) != Some(&b'/') {
        return None;
    }
    let length = bytes.iter().position(|byte| !byte.is_ascii_alphabetic() && !b"/_-".contains(byte)).unwrap_or(bytes.len());
    let name = std::str::from_utf8(&bytes[..length]).ok()?;
    parts.zone = Some(name.parse::<Tz>().ok()?);
    parts.abbreviation = None;
    Some(length)
}

/// The short name of a zone as it stands behind a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Abbreviation([u8; 6]);

impl Abbreviation {
    /// Two to six capital letters.
    pub(crate) fn new(name: &[u8]) -> Option<Self> {
        let capital = (2..=6).contains(&name.len()) && name.iter().all(u8::is_ascii_uppercase);
        let mut letters = [0; 6];
        letters.get_mut(..name.len())?.copy_from_slice(name);
        capital.then_some(Self(letters))
    }
}

/// `TZ_ALIAS`: `EST=GMT+10:00, EDT=GMT+11:00`, as short names with seconds east of UTC (Splunk, props.conf); none when it
/// can't be read.
pub(crate) fn aliases(text: &str) -> Option<Vec<(Abbreviation, i64)>> {
    let one = |pair: &str| {
        let (name, zone) = pair.split_once('=')?;
        let mut parts = Parts::default();
        named(zone.trim().as_bytes(), &mut parts)?;
        Some((Abbreviation::new(name.trim().as_bytes())?, parts.offset?))
    };
    text.split(',').filter(|pair| !pair.trim().is_empty()).map(one).collect()
}
