//! Zones as they stand behind a time of day: offsets, abbreviations, names of the time zone database.

use chrono_tz::Tz;

/// Abbreviations with one common meaning, in minutes east of UTC.
const ABBREVIATIONS: &[(&str, i32)] = &[
    ("UTC", 0),
    ("GMT", 0),
    ("UT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("MET", 60),
    ("MEZ", 60),
    ("WAT", 60),
    ("CEST", 120),
    ("MEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("CAT", 120),
    ("SAST", 120),
    ("EEST", 180),
    ("EAT", 180),
    ("IDT", 180),
    ("TRT", 180),
    ("MSK", 180),
    ("MSD", 240),
    ("PKT", 300),
    ("WIB", 420),
    ("PHT", 480),
    ("IST", 330),
    ("SGT", 480),
    ("HKT", 480),
    ("AWST", 480),
    ("JST", 540),
    ("KST", 540),
    ("ACST", 570),
    ("ACDT", 630),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("NST", -210),
    ("NDT", -150),
    ("BRT", -180),
    ("ART", -180),
    ("AST", -240),
    ("ADT", -180),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
];

/// A zone that a text names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZoneText<'t> {
    /// Seconds east of UTC, when the text says them or the abbreviation has one meaning.
    pub offset: Option<i32>,
    /// The zone of the time zone database.
    pub zone: Option<Tz>,
    /// The abbreviation alone, for `TZ_ALIAS`; it may be one without a meaning here.
    pub abbreviation: Option<&'t str>,
    /// Bytes of the text.
    pub length: usize,
}

impl<'t> ZoneText<'t> {
    /// The zone at the beginning of a text: `Z`, `+0100`, `+01:00`, `+01`, `-3`, `UTC`, `EST`, `UTC+02:00`, `Europe/Berlin`,
    /// each perhaps in brackets. None when there is none. Abbreviations are taken in any case.
    pub fn read(text: &'t str) -> Option<Self> {
        let bracket = usize::from(text.starts_with(['(', '[']));
        let rest = &text[bracket..];
        let mut found = match *rest.as_bytes().first()? {
            b'Z' | b'z' if !rest.as_bytes().get(1).is_some_and(u8::is_ascii_alphanumeric) => {
                Self { offset: Some(0), length: 1, ..Self::default() }
            }
            b'+' | b'-' => {
                let (offset, length) = read_offset(rest.as_bytes())?;
                Self { offset: Some(offset), length, ..Self::default() }
            }
            first if first.is_ascii_alphabetic() => Self::named(rest)?,
            _ => return None,
        };
        found.length += bracket;
        if bracket > 0 && text[found.length..].starts_with([')', ']']) {
            found.length += 1;
        }
        Some(found)
    }

    fn named(text: &'t str) -> Option<Self> {
        let bytes = text.as_bytes();
        let length = bytes.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(bytes.len());
        if bytes.get(length) == Some(&b'/') {
            let length =
                bytes.iter().position(|byte| !byte.is_ascii_alphabetic() && !b"/_-+".contains(byte)).unwrap_or(bytes.len());
            return Some(Self { zone: Some(text[..length].parse().ok()?), length, ..Self::default() });
        }
        if !(2..=6).contains(&length) {
            return None;
        }
        let name = &text[..length];
        // `EST5EDT` and the like are names of the database.
        let whole = bytes.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(bytes.len());
        if whole > length
            && let Ok(zone) = text[..whole].parse()
        {
            return Some(Self { zone: Some(zone), length: whole, ..Self::default() });
        }
        let known = ABBREVIATIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, minutes)) = known else {
            return Some(match name.parse() {
                Ok(zone) => Self { zone: Some(zone), length, ..Self::default() },
                Err(_) => Self { abbreviation: Some(name), length: name.len(), ..Self::default() },
            });
        };
        // `GMT+02:00` and `UTC-5` count from there.
        let more = bytes.get(length..).filter(|rest| *minutes == 0 && matches!(rest.first(), Some(b'+' | b'-')));
        if let Some((offset, more)) = more.and_then(read_offset) {
            return Some(Self { offset: Some(offset), length: length + more, ..Self::default() });
        }
        Some(Self { offset: Some(minutes * 60), abbreviation: Some(name), length, ..Self::default() })
    }
}

/// `+0100`, `-05:00`, `+01`, `-3`, `+01:00:30`: seconds east of UTC and its length.
fn read_offset(bytes: &[u8]) -> Option<(i32, usize)> {
    let sign = match bytes.first()? {
        b'-' => -1,
        b'+' => 1,
        _ => return None,
    };
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let two = |at: usize| {
        (is_digit(at) && is_digit(at + 1)).then(|| i32::from(bytes[at] - b'0') * 10 + i32::from(bytes[at + 1] - b'0'))
    };
    let Some(hours) = two(1) else {
        // One digit is an offset only when nothing else goes on there.
        let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'/' | b':');
        let alone = is_digit(1) && !bytes.get(2).is_some_and(goes_on);
        return alone.then(|| (sign * i32::from(bytes[1] - b'0') * 3600, 2));
    };
    let colon = |at: usize| usize::from(bytes.get(at) == Some(&b':'));
    let (mut seconds, mut end) = (hours * 3600, 3);
    if let Some(minutes) = two(end + colon(end)) {
        if minutes > 59 {
            return None;
        }
        seconds += minutes * 60;
        end += colon(end) + 2;
        if let (1, Some(more)) = (colon(end), two(end + 1)) {
            seconds += more;
            end += 3;
        }
    }
    (seconds <= 15 * 3600 + 59 * 60 && !is_digit(end)).then_some((sign * seconds, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_of_texts() {
        let read = |text: &'static str| ZoneText::read(text).map(|zone| (zone.offset, zone.abbreviation, zone.length));
        for (text, expected) in [
            ("Z rest", Some((Some(0), None, 1))),
            ("+0530,", Some((Some(19_800), None, 5))),
            ("-05:00", Some((Some(-18_000), None, 6))),
            ("+01", Some((Some(3600), None, 3))),
            ("-3 ", Some((Some(-10_800), None, 2))),
            ("-3.5", None),
            ("UTC+2", Some((Some(7200), None, 5))),
            ("(PST)", Some((Some(-28_800), Some("PST"), 5))),
            ("mesz", Some((Some(7200), Some("mesz"), 4))),
            ("XYZ", Some((None, Some("XYZ"), 3))),
            ("+0199", None),
            ("5", None),
            ("", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(ZoneText::read("Europe/Berlin x").and_then(|zone| zone.zone), Some(Tz::Europe__Berlin));
        assert_eq!(ZoneText::read("EST5EDT").and_then(|zone| zone.zone), Some(Tz::EST5EDT));
    }
}
