//! The date and time that stand in an event's text, which Splunk's default date fields are made of.
//!
//! The time of an event is known when this looks at its text. So no form of time is guessed here: a clock time counts when its minutes and
//! seconds are those of the event in some time zone, and the zone follows from the difference.

use chrono::{DateTime, Datelike, Timelike};
use datafusion_common::{DataFusionError, Result};
use regex::Regex;

/// How far into an event's text its time is looked for, in bytes.
const FURTHEST: usize = 4_096;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// A time as an event's text has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenTime {
    /// First byte of the date or, where none stands beside it, of the clock time.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
    /// Seconds east of UTC of the clock that the text shows.
    pub offset: i64,
    /// Whether the text names its zone.
    pub has_zone: bool,
}

/// Finds times in texts.
pub struct WrittenTimes {
    clock: Regex,
    compact: Regex,
    epoch: Regex,
}

impl WrittenTimes {
    /// Ready to look.
    ///
    /// # Errors
    /// None that a search can cause.
    pub fn new() -> Result<Self> {
        let compiled = |pattern: &str| Regex::new(pattern).map_err(|error| DataFusionError::External(Box::new(error)));
        Ok(Self {
            clock: compiled(
                r"(?x)
                (?: \b (?: \d{4}[-/.]\d{1,2}[-/.]\d{1,2} | \d{1,2}[-/.]\d{1,2}[-/.]\d{2,4} | \d{1,2}[-/\x20]\p{L}{3,9}[-/\x20,]+\d{2,4}
                    | (?:\p{L}{3,9},?\x20+)? \p{L}{3,9}\x20+\d{1,2} (?:,?\x20+\d{4})? ) [T:,\x20\t]+ | \b )
                (?<hour>\d{1,2}) : (?<minute>\d{2}) (?: : (?<second>\d{2}) (?:[.,]\d{1,9})? )?
                (?: \x20? (?<half>[AaPp])\.?[Mm]\b )?
                (?<zone> \x20? (?: Z\b | [+-]\d{2}:?\d{2}\b | (?:UTC|GMT|UT|[ECMP][SD]T|CES?T|MES?Z|BST|IST|JST|MSK|WES?T|EES?T|AE[SD]T)\b ) )?",
            )?,
            compact: compiled(
                r"\b\d{8}[T_ -]?(?<hour>\d{2})(?<minute>\d{2})(?<second>\d{2})(?:[.,]\d{1,9})?(?<zone>Z|[+-]\d{2}:?\d{2})?\b",
            )?,
            epoch: compiled(r"\b(?<seconds>\d{10})(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?\b")?,
        })
    }

    /// Where a text has the time of its event, in epoch seconds; none when it has none.
    pub fn find(&self, text: &str, time: f64) -> Option<WrittenTime> {
        let text = &text[..text.floor_char_boundary(FURTHEST)];
        let seconds = if time.is_finite() { time.floor() as i64 } else { return None };
        let clocks = [&self.clock, &self.compact].into_iter().flat_map(|form| form.captures_iter(text));
        for found in clocks {
            let number = |name: &str| found.name(name).map_or(Some(0), |part| part.as_str().parse::<i64>().ok());
            let (Some(mut hour), Some(minute), Some(second)) = (number("hour"), number("minute"), number("second")) else {
                continue;
            };
            if let Some(half) = found.name("half") {
                hour = hour % 12 + if half.as_str().eq_ignore_ascii_case("p") { 12 } else { 0 };
            }
            if hour > 24 || minute > 59 || second > 60 {
                continue;
            }
            let zone = found.name("zone").map(|zone| zone.as_str().trim());
            let Some(offset) = offset((hour * 60 + minute) * 60 + second, seconds, zone.and_then(of_digits)) else { continue };
            let whole = found.get(0)?;
            return Some(WrittenTime { start: whole.start(), end: whole.end(), offset, has_zone: zone.is_some() });
        }
        // An epoch time counts seconds of UTC.
        let epoch = self.epoch.captures_iter(text).find(|found| found["seconds"].parse() == Ok(seconds))?;
        let whole = epoch.get(0)?;
        Some(WrittenTime { start: whole.start(), end: whole.end(), offset: 0, has_zone: true })
    }
}

/// The seconds east of UTC that a zone in digits says: `+0200`, `-08:00`.
fn of_digits(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let number = |digits: Option<&str>| digits?.parse::<i64>().ok();
    let (hours, minutes) = (number(digits.get(..2))?, number(digits.get(digits.len().checked_sub(2)?..))?);
    Some(sign * (hours * 60 + minutes) * 60)
}

/// The zone in which a time of day is that of a time; none when there is no such zone. Zones differ from UTC by quarters of hours, from 12
/// hours west to 14 east; which of two that lie a day apart is said by the zone in the text.
fn offset(time_of_day: i64, epoch: i64, written: Option<i64>) -> Option<i64> {
    if let Some(written) = written.filter(|written| (time_of_day - written - epoch).rem_euclid(DAY) == 0) {
        return Some(written);
    }
    let mut difference = (time_of_day - epoch.rem_euclid(DAY)).rem_euclid(DAY);
    if difference > 14 * 3_600 {
        difference -= DAY;
    }
    (difference % 900 == 0 && difference >= -12 * 3_600).then_some(difference)
}

/// A default date field as a number: `date_second`, `date_minute`, `date_hour`, `date_mday`, `date_year`, `timestartpos`, `timeendpos`.
pub fn date_number(written: WrittenTime, time: f64, field: &str) -> Option<i64> {
    let place = |place: usize| i64::try_from(place).ok();
    match field {
        "timestartpos" => return place(written.start),
        "timeendpos" => return place(written.end),
        _ => {}
    }
    let local = DateTime::from_timestamp(time.floor() as i64 + written.offset, 0)?;
    Some(match field {
        "date_second" => local.second().into(),
        "date_minute" => local.minute().into(),
        "date_hour" => local.hour().into(),
        "date_mday" => local.day().into(),
        "date_year" => local.year().into(),
        _ => return None,
    })
}

/// A default date field as a text: `date_wday` and `date_month` in small letters, `date_zone` as minutes east of UTC or `local` where the
/// text names no zone.
pub fn date_name(written: WrittenTime, time: f64, field: &str) -> Option<String> {
    if field == "date_zone" {
        return Some(if written.has_zone { (written.offset / 60).to_string() } else { "local".to_owned() });
    }
    let local = DateTime::from_timestamp(time.floor() as i64 + written.offset, 0)?;
    let form = match field {
        "date_wday" => "%A",
        "date_month" => "%B",
        _ => return None,
    };
    Some(local.format(form).to_string().to_ascii_lowercase())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    /// 2024-03-04 10:11:25 UTC, a Monday.
    const TIME: f64 = 1_709_547_085.25;

    fn found(text: &str) -> Option<(&str, i64, bool)> {
        let written = WrittenTimes::new().unwrap().find(text, TIME)?;
        Some((&text[written.start..written.end], written.offset / 60, written.has_zone))
    }

    #[test]
    fn times_in_texts() {
        for (text, expected) in [
            ("Mar  4 10:11:25 web1 app[12]: x", ("Mar  4 10:11:25", 0, false)),
            ("2024-03-04T10:11:25.250Z x", ("2024-03-04T10:11:25.250Z", 0, true)),
            ("2024-03-04T12:11:25+02:00 x", ("2024-03-04T12:11:25+02:00", 120, true)),
            ("[04/Mar/2024:02:11:25 -0800] x", ("04/Mar/2024:02:11:25 -0800", -480, true)),
            ("03/04/2024 05:11:25 AM EST x", ("03/04/2024 05:11:25 AM EST", -300, true)),
            ("x 7:41:25 PM y", ("7:41:25 PM", 570, false)),
            ("up 01:02:03 at 10:11:25", ("10:11:25", 0, false)),
            ("20240304101125 x", ("20240304101125", 0, false)),
            ("{\"t\":1709547085.250}", ("1709547085.250", 0, true)),
            ("{\"t\":1709547085250}", ("1709547085250", 0, true)),
        ] {
            assert_eq!(found(text), Some(expected), "{text}");
        }
        assert_eq!(found("no time 99:99:99 here 1700000000"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn date_fields() {
        let written = WrittenTimes::new().unwrap().find("2024-03-03T23:11:25-11:00", TIME).unwrap();
        let numbers = ["date_second", "date_minute", "date_hour", "date_mday", "date_year", "timestartpos", "timeendpos", "x"];
        let numbers: Vec<Option<i64>> = numbers.iter().map(|field| date_number(written, TIME, field)).collect();
        assert_eq!(numbers, [Some(25), Some(11), Some(23), Some(3), Some(2024), Some(0), Some(25), None]);
        let names: Vec<_> =
            ["date_wday", "date_month", "date_zone", "x"].iter().map(|field| date_name(written, TIME, field)).collect();
        assert_eq!(names, [Some("sunday".to_owned()), Some("march".to_owned()), Some("-660".to_owned()), None]);
        assert!(WrittenTimes::new().unwrap().find("10:11:25", f64::NAN).is_none());
    }
}
