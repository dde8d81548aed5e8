//! `strptime`: texts as times.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;

use super::format::{MONTHS, Variable, WEEKDAYS};
use super::zone::ZoneText;
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
    /// A zone's abbreviation: its first bytes and how many they are.
    abbreviation: Option<([u8; 6], usize)>,
}

/// A time format whose conversions were checked: `TIME_FORMAT` of props.conf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeFormat {
    text: String,
}

impl TimeFormat {
    /// Reads a format. `%E` and `%O` before a conversion ask for another alphabet and have no effect; `%P` is `%p`.
    ///
    /// # Errors
    /// A message that names the first conversion that is not known; an empty format.
    pub fn new(format: &str) -> Result<Self, String> {
        let mut text = String::with_capacity(format.len());
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(variable) = Variable::read(rest) {
                text.push_str(&rest[..variable.len]);
                rest = &rest[variable.len..];
                continue;
            }
            let plain = rest[1..].trim_start_matches(['-', '_', '0', 'E', 'O', '^', '#']);
            let digits = plain.bytes().take_while(u8::is_ascii_digit).count();
            let conversion = plain[digits..].chars().next().ok_or("a `%` stands at the end")?;
            let letter = if conversion == 'P' { 'p' } else { conversion };
            let width = if matches!(letter, 'N' | 'Q' | 'f') { &plain[..digits.min(1)] } else { "" };
            let known = format!("%{width}{letter}");
            if Variable::read(&known).is_none() {
                return Err(format!("`%{conversion}` is not a conversion of TIME_FORMAT"));
            }
            text.push_str(&known);
            rest = &plain[digits + conversion.len_utf8()..];
        }
        text.push_str(rest);
        if text.trim().is_empty() { Err("an empty format".to_owned()) } else { Ok(Self { text }) }
    }

    /// The parts of the time at the beginning of a text, blanks before it apart; none when it does not follow the format. A
    /// zone with an abbreviation that means nothing here leaves the zone open.
    pub fn read(&self, text: &str) -> Option<TimeParts> {
        let mut parts = Parts::default();
        parts.read(text.trim_start(), &self.text)?;
        parts.found()
    }
}

/// What a text says about a time, by a [`TimeFormat`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeParts {
    /// Seconds since the epoch, instead of date and time of day.
    pub epoch: Option<i64>,
    /// The year.
    pub year: Option<i32>,
    /// The month, from 1, and the day, when there is a date.
    pub month_day: Option<(u32, u32)>,
    /// Hour, minute and second, when there is a time of day.
    pub clock: Option<(u32, u32, u32)>,
    /// Nanoseconds.
    pub nanoseconds: u32,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
    /// The zone.
    pub zone: Option<Tz>,
    /// The zone's abbreviation as it stands in the text: its bytes and how many they are.
    pub abbreviation: Option<([u8; 6], usize)>,
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
                // Digits beyond the number that is asked for belong to the fraction all the same.
                let all = digits_at_start(text);
                let digits = all.min(9);
                if digits == 0 {
                    return None;
                }
                let value: u32 = text[..digits].parse().ok()?;
                self.nanoseconds = value * 10_u32.pow(9 - digits as u32);
                rest = &text[all..];
            }
            b's' => {
                let (sign, unsigned) = match rest.strip_prefix('-') {
                    Some(after) => (-1, after),
                    None => (1, rest),
                };
                // In `%s%3N` the last three digits are the milliseconds; without a number ten digits are the seconds.
                let all = digits_at_start(unsigned);
                let taken_by_sub_seconds = Variable::read(following)
                    .filter(|next| following.starts_with('%') && matches!(next.letter, b'N' | b'Q' | b'f'))
                    .map_or(0, |next| match (next.digits, next.letter) {
                        (Some(digits), _) => usize::from(digits),
                        (None, b'Q') => 3,
                        (None, _) => all.saturating_sub(10),
                    });
                let digits = all.checked_sub(taken_by_sub_seconds)?;
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
            b'z' | b'Z' => {
                let zone = ZoneText::read(rest)?;
                (self.offset, self.zone) = (zone.offset, zone.zone);
                self.abbreviation = zone.abbreviation.map(|name| {
                    let mut letters = [0; 6];
                    letters[..name.len()].copy_from_slice(name.as_bytes());
                    (letters, name.len())
                });
                rest = &rest[zone.length..];
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
        // An abbreviation that means nothing is no zone.
        if self.abbreviation.is_some() && self.offset.is_none() {
            return None;
        }
        let zone = self.zone.unwrap_or(zone);
        let hour = self.hour_of_day()?;
        let hour = hour.unwrap_or(0);
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

    /// The hour of the day, when there is one; none for an hour of a half day that there is not.
    #[allow(clippy::option_option)]
    fn hour_of_day(&self) -> Option<Option<u32>> {
        match (self.hour, self.hour_of_twelve, self.afternoon) {
            (Some(hour), _, _) => Some(Some(hour)),
            (None, Some(hour), Some(afternoon)) if (1..=12).contains(&hour) => {
                Some(Some(hour % 12 + if afternoon { 12 } else { 0 }))
            }
            (None, Some(_), Some(_)) => None,
            (None, hour, _) => Some(hour),
        }
    }

    /// The year, as far as the text says it.
    fn stated_year(&self) -> Option<i32> {
        match (self.year, self.century, self.year_of_century) {
            (Some(year), _, _) => Some(year),
            (None, Some(century), year) => Some(century * 100 + year.unwrap_or(0)),
            (None, None, Some(year)) => Some(if year < 69 { 2000 + year } else { 1900 + year }),
            (None, None, None) => None,
        }
    }

    /// The parts for who decides himself over what is missing.
    fn found(&self) -> Option<TimeParts> {
        let hour = self.hour_of_day()?;
        let clock = hour.map(|hour| (hour, self.minute.unwrap_or(0), self.second.unwrap_or(0)));
        let (mut year, mut month_day) = (self.stated_year(), None);
        if let Some(month) = self.month {
            month_day = Some((month, self.day.unwrap_or(1)));
        } else if self.day_of_year.is_some()
            || self.iso_week.is_some()
            || self.week_from_sunday.is_some()
            || self.week_from_monday.is_some()
        {
            let date = self.date(Tz::UTC, None)?;
            (year, month_day) = (Some(date.year()), Some((date.month(), date.day())));
        }
        Some(TimeParts {
            epoch: self.epoch,
            year,
            month_day,
            clock,
            nanoseconds: self.nanoseconds,
            offset: self.offset,
            zone: self.zone,
            abbreviation: self.abbreviation,
        })
    }

    fn date(&self, zone: Tz, now: Option<f64>) -> Option<NaiveDate> {
        let today = || match (self.offset, now?) {
            (Some(offset), now) => local_time(now + f64::from(offset), Tz::UTC).map(|time| time.date_naive()),
            (None, now) => local_time(now, zone).map(|time| time.date_naive()),
        };
        let year = self.stated_year();
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
    fn formats_are_checked() {
        let read = |format: &str, text: &str| TimeFormat::new(format).unwrap().read(text);
        let parts = read("%c", " Wed May  1 10:00:00 2024 x").unwrap();
        assert_eq!((parts.year, parts.month_day, parts.clock), (Some(2024), Some((5, 1)), Some((10, 0, 0))));
        assert_eq!(read("%Od.%Em.%EY %-H:%_M", "4.3.2024 9:05").unwrap().month_day, Some((3, 4)));
        assert_eq!(read("%I:%M %P", "10:05 pm").unwrap().clock, Some((22, 5, 0)));
        assert_eq!(read("%Y.%j", "2024.122").unwrap().month_day, Some((5, 1)));
        assert_eq!(read("%s%N", "1714557600250").unwrap().nanoseconds, 250_000_000);
        assert_eq!(read("%T.%3N%z", "10:00:00.123456+0200").unwrap().offset, Some(7200));
        assert_eq!(read("%T %Z", "10:00:00 XYZ").unwrap().abbreviation.map(|(_, length)| length), Some(3));
        assert_eq!(read("%b %d", "May 1").unwrap().year, None);
        for (format, message) in [
            ("%Y-%m-%d %~", "`%~` is not a conversion of TIME_FORMAT"),
            ("%Y %!", "`%!` is not a conversion of TIME_FORMAT"),
            ("%Y %", "a `%` stands at the end"),
            (" ", "an empty format"),
        ] {
            assert_eq!(TimeFormat::new(format), Err(message.to_owned()));
        }
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
