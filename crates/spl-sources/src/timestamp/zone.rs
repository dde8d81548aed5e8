//! Zones behind a time of day: offsets, abbreviations, names of the time zone database.

use chrono_tz::Tz;
use spl_functions::time::ZoneText;

use super::Parts;

/// ` +0100`, `+01:00`, `+01`, `-3`, `Z`, ` UTC`, ` EST`, ` (PST)`, ` UTC+02:00`, ` UTC+1`, ` Europe/Berlin`; nothing of these
/// leaves the zone open. Says where the text goes on.
pub(super) fn zone(bytes: &[u8], at: usize, parts: &mut Parts) -> usize {
    let start = if bytes.get(at) == Some(&b' ') { at + 1 } else { at };
    let rest = bytes.get(start..).unwrap_or_default();
    let inside = rest.strip_prefix(b"(").or(rest.strip_prefix(b"[")).unwrap_or(rest);
    // Words of a text are no zones: those are written in capitals.
    if inside.first().is_none_or(|first| !matches!(first, b'+' | b'-' | b'z' | b'A'..=b'Z')) {
        return at;
    }
    // A zone has but a few letters, all ASCII.
    let length = rest.iter().take(48).take_while(|byte| byte.is_ascii() && !byte.is_ascii_whitespace()).count();
    let Some(found) = std::str::from_utf8(&rest[..length]).ok().and_then(ZoneText::read) else {
        return at;
    };
    let abbreviation = found.abbreviation.and_then(|name| Abbreviation::new(name.as_bytes()));
    if found.offset.is_none() && found.zone.is_none() {
        // It may stand for a zone by `TZ_ALIAS`.
        parts.abbreviation = abbreviation;
        return at;
    }
    if found.abbreviation.is_some() && abbreviation.is_none() {
        return at;
    }
    (parts.offset, parts.zone, parts.abbreviation) = (found.offset.map(i64::from), found.zone, abbreviation);
    start + found.length
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

/// The zone that `TZ` names: one of the time zone database in any case (`America/New_York`, `Zulu`, `EST5EDT`), an
/// abbreviation (`PST`), an offset (`UTC+2`, `GMT-05:30`, `+01:00`); none for anything else, and for offsets that no zone
/// of the database has.
pub(crate) fn named_zone(text: &str) -> Option<Tz> {
    let name = text.trim().trim_matches('"').trim();
    if let Some(zone) = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name)) {
        return Some(*zone);
    }
    let found = ZoneText::read(name).filter(|found| found.length == name.len())?;
    fixed(i64::from(found.offset?))
}

/// The zone that is always so many seconds east of UTC.
fn fixed(seconds: i64) -> Option<Tz> {
    /// Zones of halves and quarters of hours without summer time, in minutes.
    const PARTS_OF_HOURS: [(i64, Tz); 8] = [
        (-570, Tz::Pacific__Marquesas),
        (210, Tz::Asia__Tehran),
        (270, Tz::Asia__Kabul),
        (330, Tz::Asia__Kolkata),
        (345, Tz::Asia__Kathmandu),
        (390, Tz::Asia__Yangon),
        (525, Tz::Australia__Eucla),
        (570, Tz::Australia__Darwin),
    ];
    if seconds % 3600 != 0 {
        return PARTS_OF_HOURS.iter().find(|(minutes, _)| minutes * 60 == seconds).map(|(_, zone)| *zone);
    }
    match seconds / 3600 {
        0 => Some(Tz::UTC),
        // The database counts these westwards.
        hours => format!("Etc/GMT{:+}", -hours).parse().ok(),
    }
}

/// `TZ_ALIAS`: `EST=GMT+10:00, EDT=GMT+11:00`, as short names with seconds east of UTC (Splunk, props.conf); none when it
/// can't be read.
pub(crate) fn aliases(text: &str) -> Option<Vec<(Abbreviation, i64)>> {
    let one = |pair: &str| {
        let (name, zone) = pair.split_once('=')?;
        let zone = ZoneText::read(zone.trim())?;
        Some((Abbreviation::new(name.trim().as_bytes())?, i64::from(zone.offset?)))
    };
    text.split(',').filter(|pair| !pair.trim().is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_named_in_many_ways() {
        for (text, expected) in [
            ("UTC+0", Some(Tz::UTC)),
            ("gmt", Some(Tz::GMT)),
            ("zulu", Some(Tz::Zulu)),
            ("america/new_york", Some(Tz::America__New_York)),
            ("EST5EDT", Some(Tz::EST5EDT)),
            ("UTC+2", Some(Tz::Etc__GMTMinus2)),
            ("GMT-05:00", Some(Tz::Etc__GMTPlus5)),
            ("+05:30", Some(Tz::Asia__Kolkata)),
            ("PST", Some(Tz::Etc__GMTPlus8)),
            ("\"UTC\"", Some(Tz::UTC)),
            ("Mars", None),
            ("UTC+0 or so", None),
            ("", None),
        ] {
            assert_eq!(named_zone(text), expected, "{text}");
        }
    }
}
