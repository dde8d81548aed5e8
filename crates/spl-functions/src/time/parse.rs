//! `strptime`: texts as times.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;

use super::format::{MONTHS, Variable, WEEKDAYS};
use super::{epoch_of_local, join_epoch, local_time};

/// The parts of a timestamp that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Parts {
    epoch: Option<i64>,
    year: Option<i32>,
    century: Option<i32>,
    year_of_century: Option<i32>,
    iso_year: Option<i32>,
    iso_week: Option<u32>,
    week_from_sunday: Option<u32>,
    week_from_monday: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    weekday: Option<u32>,
    hour: Option<u32>,
    hour_of_twelve: Option<u32>,
    afternoon: Option<bool>,
    minute: Option<u32>,
    second: Option<u32>,
    nanoseconds: u32,
    offset: Option<i32>,
    zone: Option<Tz>,
}

/// A text as epoch seconds, by a format with the variables of [`strftime`](super::strftime); none when the text does
/// not follow the format or the date does not exist. A date without year, and a time of day without date, need to
/// know what today is: see [`strptime_at`].
///
/// Source: Splunk search reference, Date and Time functions.
pub fn strptime(text: &str, format: &str, zone: Tz) -> Option<f64> {
    read(text, format)?.0.resolve(zone, None)
}

/// As [`strptime`], at a time `now`: a time of day without a date is today's, a month and day without a year are this
/// year's, a date without a time is midnight. A date needs its day: a year and month alone are no time. Text after
/// what the format describes is not looked at; blanks in the format stand for any number of blanks; leading zeros may
/// be missing; names are matched without case. A zone or offset in the text decides over `zone`.
pub fn strptime_at(text: &str, format: &str, zone: Tz, now: f64) -> Option<f64> {
    read(text, format)?.0.resolve(zone, Some(now))
}

/// Reads the parts that a format describes; also what is left of the text.
pub(super) fn read<'a>(text: &'a str, format: &str) -> Option<(Parts, &'a str)> {
    let mut parts = Parts::default();
    let rest = parts.read(text, format)?;
    Some((parts, rest))
}

impl Parts {
    fn read<'a>(&mut self, text: &'a str, format: &str) -> Option<&'a str> {
        let mut text = text;
        let mut format = format;
        while let Some(next) = format.chars().next() {
            if next == '%'
                && let Some(variable) = Variable::read(format)
            {
                format = &format[variable.len..];
                text = match variable.expansion() {
                    Some(expansion) => self.read(text, expansion)?,
                    None => self.read_variable(text, &variable, format)?,
                };
                continue;
            }
            format = &format[next.len_utf8()..];
            text = if next.is_whitespace() { text.trim_start() } else { text.strip_prefix(next)? };
        }
        Some(text)
    }

    fn read_variable<'a>(&mut self, text: &'a str, variable: &Variable, following: &str) -> Option<&'a str> {
        let mut rest = text.trim_start();
        let mut number = |digits: usize| -> Option<u32> {
            let (value, after) = leading_number(rest, digits)?;
            rest = after;
            u32::try_from(value).ok()
        };
        match variable.letter {
            b'Y' => self.year = Some(number(4)? as i32),
            b'C' => self.century = Some(number(2)? as i32),
            b'y' => self.year_of_century = Some(number(2)? as i32),
            b'G' => self.iso_year = Some(number(4)? as i32),
            b'g' => {
                number(2)?;
            }
            b'V' => self.iso_week = Some(number(2)?),
            b'U' => self.week_from_sunday = Some(number(2)?),
            b'W' => self.week_from_monday = Some(number(2)?),
            b'm' => self.month = Some(number(2)?),
            b'd' | b'e' => self.day = Some(number(2)?),
            b'j' => self.day_of_year = Some(number(3)?),
            b'u' | b'w' => self.weekday = Some(number(1)? % 7),
            b'H' | b'k' => self.hour = Some(number(2)?),
            b'I' | b'l' => self.hour_of_twelve = Some(number(2)?),
            b'M' => self.minute = Some(number(2)?),
            b'S' => self.second = Some(number(2)?),
            b'a' | b'A' => {
                let (day, after) = leading_name(rest, &WEEKDAYS)?;
                self.weekday = Some(day);
                rest = after;
            }
            b'b' | b'B' => {
                let (month, after) = leading_name(rest, &MONTHS)?;
                self.month = Some(month + 1);
                rest = after;
            }
            b'p' => {
                let half = rest.get(..2)?;
                self.afternoon = Some(if half.eq_ignore_ascii_case("pm") {
                    true
                } else if half.eq_ignore_ascii_case("am") {
                    false
                } else {
                    return None;
                });
                rest = &rest[2..];
            }
            b'N' | b'Q' | b'f' => {
                let most = usize::from(variable.digits.unwrap_or(9));
                let digits = digits_at_start(text).min(most);
                if digits == 0 {
                    return None;
                }
                let value: u32 = text[..digits].parse().ok()?;
                self.nanoseconds = value * 10_u32.pow(9 - digits as u32);
                rest = &text[digits..];
            }
            b's' => {
                let (sign, unsigned) = match rest.strip_prefix('-') {
                    Some(after) => (-1, after),
                    None => (1, rest),
                };
                // In `%s%3N` the last three digits are the milliseconds.
                let taken_by_sub_seconds = Variable::read(following)
                    .filter(|next| following.starts_with('%') && matches!(next.letter, b'N' | b'Q' | b'f'))
                    .map_or(0, |next| usize::from(next.digits.unwrap_or(if next.letter == b'Q' { 3 } else { 9 })));
                let digits = digits_at_start(unsigned).checked_sub(taken_by_sub_seconds)?;
                let (value, after) = leading_number(unsigned, digits.min(18))?;
                self.epoch = Some(sign * i64::try_from(value).ok()?);
                rest = after;
            }
            b'z' if variable.extended => {
                let (sign, after) = leading_sign(rest).unwrap_or((1, rest));
                let (minutes, after) = leading_number(after, 4)?;
                self.offset = Some(sign * i32::try_from(minutes).ok()? * 60);
                rest = after;
            }
            b'z' => {
                let (offset, after) = leading_offset(rest)?;
                self.offset = Some(offset);
                rest = after;
            }
            b'Z' => {
                let end = rest.find(|c: char| !(c.is_ascii_alphabetic() || c == '/' || c == '_')).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                match zone_abbreviation(name) {
                    Some(offset) => self.offset = Some(offset),
                    None => self.zone = Some(name.parse().ok()?),
                }
                rest = after;
            }
            b'n' | b't' => {}
            b'%' => rest = rest.strip_prefix('%')?,
            _ => return None,
        }
        Some(rest)
    }

    /// The time; `now` fills a missing date or year.
    pub(super) fn resolve(&self, zone: Tz, now: Option<f64>) -> Option<f64> {
        if let Some(seconds) = self.epoch {
            return Some(join_epoch(seconds, self.nanoseconds));
        }
        let zone = self.zone.unwrap_or(zone);
        let hour = match (self.hour, self.hour_of_twelve, self.afternoon) {
            (Some(hour), _, _) => hour,
            (None, Some(hour), Some(afternoon)) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
            (None, Some(_), Some(_)) => return None,
            (None, hour, _) => hour.unwrap_or(0),
        };
        // A leap second counts as the first second of the next minute.
        let second = self.second.unwrap_or(0);
        let leap = u32::from(second == 60);
        let time = NaiveTime::from_hms_opt(hour, self.minute.unwrap_or(0), second - leap)?;
        let local = self.date(zone, now)?.and_time(time).checked_add_signed(TimeDelta::seconds(leap.into()))?;
        let seconds = match self.offset {
            Some(offset) => local.and_utc().timestamp() - i64::from(offset),
            None => epoch_of_local(local, zone)?,
        };
        Some(join_epoch(seconds, self.nanoseconds))
    }

    fn date(&self, zone: Tz, now: Option<f64>) -> Option<NaiveDate> {
        let today = || match (self.offset, now?) {
            (Some(offset), now) => local_time(now + f64::from(offset), Tz::UTC).map(|time| time.date_naive()),
            (None, now) => local_time(now, zone).map(|time| time.date_naive()),
        };
        let year = match (self.year, self.century, self.year_of_century) {
            (Some(year), _, _) => Some(year),
            (None, Some(century), year) => Some(century * 100 + year.unwrap_or(0)),
            (None, None, Some(year)) => Some(if year < 69 { 2000 + year } else { 1900 + year }),
            (None, None, None) => None,
        };
        if let (Some(year), Some(week)) = (self.iso_year, self.iso_week) {
            let weekday = Weekday::try_from(((self.weekday.unwrap_or(1) + 6) % 7) as u8).ok()?;
            return NaiveDate::from_isoywd_opt(year, week, weekday);
        }
        let this_year = || year.or_else(|| today().map(|date| date.year()));
        match (self.month, self.day, self.day_of_year) {
            (Some(month), Some(day), _) => NaiveDate::from_ymd_opt(this_year()?, month, day),
            (None, None, Some(day)) => NaiveDate::from_yo_opt(this_year()?, day),
            (None, None, None) => match (year, self.week_from_sunday, self.week_from_monday, self.weekday) {
                (Some(year), Some(week), _, Some(day)) => day_of_week(year, week, day, 0),
                (Some(year), None, Some(week), Some(day)) => day_of_week(year, week, day, 1),
                (None, ..) => today(),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The date of a weekday (0 = Sunday) in a week counted from the year's first Sunday or Monday.
fn day_of_week(year: i32, week: u32, day: u32, first: u32) -> Option<NaiveDate> {
    let new_year = NaiveDate::from_ymd_opt(year, 1, 1)?;
    let start = i64::from((7 + first - new_year.weekday().num_days_from_sunday()) % 7);
    let days = start + (i64::from(week) - 1) * 7 + i64::from((day + 7 - first) % 7);
    new_year.checked_add_signed(TimeDelta::days(days))
}

fn digits_at_start(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn leading_number(text: &str, most_digits: usize) -> Option<(u64, &str)> {
    let (digits, rest) = text.split_at(digits_at_start(text).min(most_digits));
    Some((digits.parse().ok()?, rest))
}

fn leading_name<'a>(text: &'a str, names: &[&str]) -> Option<(u32, &'a str)> {
    let starts_with = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    names.iter().enumerate().find_map(|(position, name)| {
        let len = if starts_with(name) {
            name.len()
        } else if starts_with(&name[..3]) {
            3
        } else {
            return None;
        };
        Some((position as u32, &text[len..]))
    })
}

fn leading_sign(text: &str) -> Option<(i32, &str)> {
    match text.strip_prefix('-') {
        Some(rest) => Some((-1, rest)),
        None => text.strip_prefix('+').map(|rest| (1, rest)),
    }
}

/// `Z`, `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss` in seconds.
fn leading_offset(text: &str) -> Option<(i32, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((0, rest));
    }
    let (sign, mut rest) = leading_sign(text)?;
    let mut seconds = 0;
    for (position, size) in [3600, 60, 1].into_iter().enumerate() {
        let digits = if position == 0 { rest } else { rest.strip_prefix(':').unwrap_or(rest) };
        match digits.get(..2).filter(|two| two.bytes().all(|byte| byte.is_ascii_digit())) {
            Some(two) => {
                seconds += two.parse::<i32>().ok()? * size;
                rest = &digits[2..];
            }
            None if position == 0 => return None,
            None => break,
        }
    }
    (seconds < 24 * 3600).then_some((sign * seconds, rest))
}

/// Offset in seconds of a zone abbreviation.
fn zone_abbreviation(name: &str) -> Option<i32> {
    let minutes = match name.to_ascii_uppercase().as_str() {
        "Z" | "UTC" | "UT" | "GMT" | "WET" => 0,
        "BST" | "CET" | "WEST" | "MET" => 60,
        "CEST" | "EET" | "SAST" | "MEST" => 120,
        "EEST" | "MSK" => 180,
        "IST" => 330,
        "SGT" | "HKT" | "AWST" => 480,
        "JST" | "KST" => 540,
        "ACST" => 570,
        "AEST" => 600,
        "ACDT" => 630,
        "AEDT" => 660,
        "NZST" => 720,
        "NZDT" => 780,
        "NST" => -210,
        "NDT" => -150,
        "AST" => -240,
        "ADT" => -180,
        "EST" => -300,
        "EDT" => -240,
        "CST" => -360,
        "CDT" => -300,
        "MST" => -420,
        "MDT" => -360,
        "PST" => -480,
        "PDT" => -420,
        "AKST" => -540,
        "AKDT" => -480,
        "HST" => -600,
        _ => return None,
    };
    Some(minutes * 60)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn utc(text: &str, format: &str) -> Option<f64> {
        strptime(text, format, Tz::UTC)
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(utc("2023-11-14", "%Y-%m-%d"), Some(1_699_920_000.0));
        assert_eq!(utc("2023-11-14 23:13:20 and more", "%F %T"), Some(1_700_003_600.0));
        assert_eq!(utc("14/Nov/2023:10:13:20 PM", "%d/%b/%Y:%I:%M:%S %p"), Some(1_700_000_000.0));
        assert_eq!(utc("november   14, 23", "%B %d, %y"), Some(1_699_920_000.0));
        assert_eq!(utc("2022-9-25T09:45:22.000", "%Y-%m-%dT%H:%M:%S.%Q"), Some(1_664_099_122.0));
        assert_eq!(utc("2023 318", "%Y %j"), Some(1_699_920_000.0));
        assert_eq!(utc("2023-46-2", "%G-%V-%u"), Some(1_699_920_000.0));
        assert_eq!(utc("2023 46 2", "%Y %U %w"), Some(1_699_920_000.0));
        assert_eq!(utc("20231114221320", "%Y%m%d%H%M%S"), Some(1_700_000_000.0));
        assert_eq!(utc("Tue Nov 14 22:13:20 2023", "%c"), Some(1_700_000_000.0));
    }

    #[test]
    fn sub_seconds_and_epochs() {
        assert_eq!(utc("2023-11-14 22:13:20.123456", "%Y-%m-%d %H:%M:%S.%6N"), Some(1_700_000_000.123_456));
        assert_eq!(utc("2023-11-14 22:13:20.5Z", "%Y-%m-%d %H:%M:%S.%N%z"), Some(1_700_000_000.5));
        assert_eq!(utc("1700000000", "%s"), Some(1_700_000_000.0));
        assert_eq!(utc("1700000000.25", "%s.%Q"), Some(1_700_000_000.25));
        assert_eq!(utc("1700000000123", "%s%3N"), Some(1_700_000_000.123));
    }

    #[test]
    fn zones() {
        assert_eq!(utc("2023-11-14 17:13:20 -0500", "%F %T %z"), Some(1_700_000_000.0));
        assert_eq!(utc("2023-11-15T03:43:20+05:30", "%FT%T%:z"), Some(1_700_000_000.0));
        assert_eq!(utc("2023-11-14 17:13:20 EST", "%F %T %Z"), Some(1_700_000_000.0));
        assert_eq!(utc("2023-11-14 17:13:20 America/New_York", "%F %T %Z"), Some(1_700_000_000.0));
        assert_eq!(utc("2023-11-14 17:13:20 XYZ", "%F %T %Z"), None);
        assert_eq!(strptime("2023-11-14 23:13:20", "%F %T", Tz::Europe__Berlin), Some(1_700_000_000.0));
        // Clocks set forward: 02:30 does not exist; set back: 02:30 exists twice.
        assert_eq!(strptime("2024-03-31 02:30", "%F %R", Tz::Europe__Berlin), Some(1_711_848_600.0));
        assert_eq!(strptime("2024-10-27 02:30", "%F %R", Tz::Europe__Berlin), Some(1_729_989_000.0));
    }

    #[test]
    fn missing_parts() {
        let now = 1_700_000_000.0;
        assert_eq!(strptime_at("12:30", "%H:%M", Tz::UTC, now), Some(1_699_965_000.0));
        assert_eq!(strptime_at("Nov 1", "%b %d", Tz::UTC, now), Some(1_698_796_800.0));
        assert_eq!(strptime("12:30", "%H:%M", Tz::UTC), None);
        assert_eq!(strptime_at("2023-11", "%Y-%m", Tz::UTC, now), None);
        assert_eq!(strptime_at("2023", "%Y", Tz::UTC, now), None);
        assert_eq!(utc("2023-02-30", "%F"), None);
        assert_eq!(utc("2023-11", "%F"), None);
        assert_eq!(utc("", "%F"), None);
        assert_eq!(utc("é", "%p"), None);
        assert_eq!(utc("2023-11-14 25:00", "%F %R"), None);
    }
}
