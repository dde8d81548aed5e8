//! Reads times: of time fields, and of the text of an event as Splunk's automatic recognition does.

use std::cell::Cell;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone};
use chrono_tz::Tz;

mod clock;
mod epoch;
mod far;
mod find;
mod format;
mod forms;
mod order;
mod zone;

pub(crate) use epoch::is_time_key;
pub(crate) use far::FarTimes;
pub(crate) use order::DateOrder;
pub(crate) use spl_functions::time::TimeFormat;
pub(crate) use zone::{Abbreviation, aliases, named_zone};

/// A time that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    /// Epoch seconds.
    pub(crate) seconds: f64,
    /// Whether the text named the zone, or counted from the epoch.
    pub(crate) zoned: bool,
    /// Whether there was a time of day, not a date alone.
    pub(crate) clock: bool,
    /// Whether there was a date, so that the time of day is not one of a day found elsewhere.
    pub(crate) dated: bool,
    /// The byte of the text at which it begins.
    pub(crate) place: usize,
}

impl Found {
    /// Seconds counted from the epoch.
    pub(crate) fn epoch(seconds: f64) -> Self {
        Self { seconds, zoned: true, clock: true, dated: true, place: 0 }
    }
}

/// How far into an event's text a time is looked for, as Splunk's `MAX_TIMESTAMP_LOOKAHEAD`.
pub(crate) const LOOKAHEAD: usize = 128;

/// Reads times in a zone.
#[derive(Clone, Debug)]
pub(crate) struct TimeReader {
    zone: Tz,
    /// Epoch seconds; zero when the current time is not known.
    now: f64,
    /// The time of the event before, which decides the year of one at the turn of a year.
    previous: Cell<Option<f64>>,
    /// Whether a time depended on it.
    asked_previous: Cell<bool>,
    /// The date of events that show a time of day only, before any event showed a date: year, month, day.
    day: Option<(i64, u32, u32)>,
    /// What comes first in the dates of numbers.
    order: Option<DateOrder>,
    /// Whether the current date is that of times of day without one, up to three hours ahead of the current time.
    today: bool,
    /// `TZ_ALIAS`: zones that short names stand for, in seconds east of UTC.
    aliases: Arc<[(Abbreviation, i64)]>,
}

/// A date of three numbers whose order is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Triple {
    first: u32,
    second: u32,
    /// With four digits a year.
    third: i64,
    long: bool,
    /// Whether points stand between, as in German dates.
    points: bool,
}

/// What a text says about a time. Month 0 without a triple stands for a time of day without a date.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    year: Option<i64>,
    month: u32,
    day: u32,
    /// The date, when the order of its numbers is open.
    triple: Option<Triple>,
    /// Whether the date counts only with a time of day.
    weak: bool,
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
    /// Whether there is a time of day.
    clock: bool,
    /// Seconds east of UTC, when the text says so.
    offset: Option<i64>,
    /// The zone by its name, when the text says so.
    zone: Option<Tz>,
    /// The zone's short name, for `TZ_ALIAS`.
    abbreviation: Option<Abbreviation>,
    /// Seconds since the epoch, instead of all the others but `micros`.
    epoch: Option<i64>,
}

impl Parts {
    /// This time of day on a date.
    fn on(self, date: &Self) -> Self {
        Self { year: date.year, month: date.month, day: date.day, triple: date.triple, ..self }
    }

    /// The date alone.
    fn without_clock(self) -> Self {
        Self::default().on(&self)
    }
}

impl TimeReader {
    pub(crate) fn new(zone: Tz, now: f64) -> Self {
        Self {
            zone,
            now,
            previous: Cell::new(None),
            asked_previous: Cell::new(false),
            day: None,
            order: None,
            today: false,
            aliases: Arc::default(),
        }
    }

    /// With the date of events that show a time of day only.
    pub(crate) fn with_day(self, day: Option<(i64, u32, u32)>) -> Self {
        Self { day, ..self }
    }

    /// With what comes first in the dates of numbers.
    pub(crate) fn with_order(self, order: Option<DateOrder>) -> Self {
        Self { order, ..self }
    }

    /// With the current date for times of day without one (`DETERMINE_TIMESTAMP_DATE_WITH_SYSTEM_TIME`).
    pub(crate) fn with_today(self, today: bool) -> Self {
        Self { today, ..self }
    }

    /// With zones that short names stand for.
    pub(crate) fn with_aliases(self, aliases: &Arc<[(Abbreviation, i64)]>) -> Self {
        Self { aliases: aliases.clone(), ..self }
    }

    /// The current time.
    pub(crate) fn now(&self) -> f64 {
        self.now
    }

    /// Whether the time of any event depended on the events before it.
    pub(crate) fn asked_previous(&self) -> bool {
        self.asked_previous.get()
    }

    /// Notes the time of an event; those that follow may leave their year open.
    pub(crate) fn note(&self, seconds: f64) {
        if !seconds.is_nan() {
            self.previous.set(Some(seconds));
        }
    }

    /// The value of `_time`: epoch seconds, or an ISO 8601 time.
    pub(crate) fn value(&self, text: &str) -> Option<Found> {
        if let Some(seconds) = plain_number(text) {
            return Some(Found::epoch(seconds));
        }
        self.field(text)
    }

    /// The value of a time field: a time in any known form, or a count of seconds, milliseconds, ... since the epoch.
    pub(crate) fn field(&self, text: &str) -> Option<Found> {
        let bytes = text.as_bytes();
        if let Some(number) = plain_number(text) {
            let digits = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
            // `20240304101125`, perhaps with milliseconds, has a length that no count from the epoch has.
            if matches!(digits, 14 | 17 | 20)
                && let Some((parts, _)) = forms::parse(bytes, true)
                && let Some(found) = self.found(&parts)
            {
                return Some(found);
            }
            let seconds = match number.abs() {
                // Of a number that could be anything else only plausible times count: 1990 to 2100.
                n if n < 631_152_000.0 => return None,
                n if n < 4_102_444_800.0 => number,
                n if n < 4_102_444_800e3 => number / 1e3,
                n if n < 4_102_444_800e6 => number / 1e6,
                n if n < 4_102_444_800e9 => (number / 1e3).trunc() / 1e6,
                _ => return None,
            };
            return Some(Found::epoch(seconds));
        }
        let parsed = forms::parse(bytes, true).and_then(|(parts, _)| self.found(&parts));
        if parsed.is_some_and(|found| found.clock) {
            return parsed;
        }
        if let Some(seconds) = epoch::json_date(text).or_else(|| epoch::tai64(bytes)) {
            return Some(Found::epoch(seconds));
        }
        self.dated(text, LOOKAHEAD).filter(|found| found.clock || parsed.is_none()).or(parsed)
    }

    /// A time without a zone that is in UTC.
    pub(crate) fn utc(&self, text: &str) -> Option<Found> {
        let (mut parts, _) = forms::parse(text.as_bytes(), true)?;
        if parts.zone.is_none() {
            parts.offset.get_or_insert(0);
        }
        self.found(&parts)
    }

    /// The first time in the beginning of an event's text.
    #[cfg(test)]
    pub(crate) fn find(&self, text: &str) -> Option<f64> {
        self.find_within(text, LOOKAHEAD).map(|found| found.seconds)
    }

    /// The time at the very beginning of a text, in a given form.
    pub(crate) fn formatted(&self, format: &TimeFormat, text: &str) -> Option<Found> {
        self.found(&format::parse(format, text)?)
    }

    /// What parts of a time come to.
    fn found(&self, parts: &Parts) -> Option<Found> {
        let dated = parts.triple.is_some() || parts.month != 0 || parts.epoch.is_some();
        if !self.aliases.is_empty()
            && let Some(abbreviation) = parts.abbreviation
            && let Some((_, offset)) = self.aliases.iter().find(|(name, _)| *name == abbreviation)
        {
            let seconds = self.seconds(&Parts { offset: Some(*offset), ..*parts })?;
            return Some(Found { seconds, zoned: true, clock: parts.clock, dated, place: 0 });
        }
        let zoned = parts.offset.is_some() || parts.zone.is_some() || parts.epoch.is_some();
        Some(Found { seconds: self.seconds(parts)?, zoned, clock: parts.clock, dated, place: 0 })
    }

    /// The year of a date without one, as Splunk decides it: around a turn of the year by the event before (or the
    /// current date), else the latest that is not in the future (a day of grace for other clocks).
    fn year_of(&self, parts: &Parts) -> i64 {
        let date = |seconds: f64| {
            let date = DateTime::from_timestamp(seconds.floor() as i64, 0).unwrap_or_default().with_timezone(&self.zone);
            (i64::from(date.year()), date.month(), date.day())
        };
        let today = date(self.now);
        self.asked_previous.set(true);
        for (year, month, day) in self.previous.get().map(date).into_iter().chain([today]) {
            match ((month, day), (parts.month, parts.day)) {
                ((1, 1), (12, 31)) => return year - 1,
                ((12, 31), (1, 1)) => return year + 1,
                _ => {}
            }
        }
        let this_year = days(today.0, parts.month, parts.day) * 86_400 + i64::from(parts.hour) * 3600;
        if this_year as f64 > self.now + 86_400.0 { today.0 - 1 } else { today.0 }
    }

    fn seconds(&self, parts: &Parts) -> Option<f64> {
        let with_micros = |seconds: i64| (seconds * 1_000_000 + i64::from(parts.micros)) as f64 / 1e6;
        if let Some(epoch) = parts.epoch {
            return Some(with_micros(epoch));
        }
        let (year, month, day) = if let Some(triple) = &parts.triple {
            self.date_of(triple)
        } else if parts.month == 0 {
            self.day_before()?
        } else {
            (parts.year.unwrap_or_else(|| self.year_of(parts)), parts.month, parts.day)
        };
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let length = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=12).contains(&month) || !(1..=length).contains(&day) || parts.hour > 23 || parts.minute > 59 || parts.second > 60
        {
            return None;
        }
        let local = days(year, month, day) * 86_400
            + i64::from(parts.hour) * 3600
            + i64::from(parts.minute) * 60
            + i64::from(parts.second);
        let zone = parts.zone.unwrap_or(self.zone);
        let seconds = match parts.offset {
            Some(offset) => local - offset,
            None if zone == Tz::UTC => local,
            None => {
                let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
                let time = date.and_hms_opt(parts.hour, parts.minute, parts.second.min(59))?;
                // Of a time that a change of clocks repeats the earlier one. A time that it skips counts on from before.
                match zone.from_local_datetime(&time).earliest() {
                    Some(time) => time.timestamp(),
                    None => {
                        let before = zone.from_local_datetime(&(time - Duration::hours(3))).earliest()?;
                        before.timestamp() + 3 * 3600
                    }
                }
            }
        };
        // A time of day more than three hours ahead is one of the day before (props.conf).
        let is_ahead = self.today && parts.month == 0 && parts.triple.is_none() && seconds as f64 >= self.now + 3.0 * 3600.0;
        Some(with_micros(if is_ahead { seconds - 86_400 } else { seconds }))
    }

    /// The date of a time of day without one: that of the event before, else the one that the file has.
    fn day_before(&self) -> Option<(i64, u32, u32)> {
        if self.today {
            return self.day;
        }
        self.asked_previous.set(true);
        self.previous.get().map(|seconds| date_of(seconds, self.zone)).or(self.day)
    }
}

/// The date that a file's name shows: `2024-03-04`, `20240304`, `2024_03_04`, `2024.03.04`.
pub(crate) fn date_in_name(name: &str) -> Option<(i64, u32, u32)> {
    let bytes = name.as_bytes();
    (0..bytes.len()).filter(|&at| at == 0 || !bytes[at - 1].is_ascii_digit()).find_map(|at| {
        let rest = &bytes[at..];
        let digits = |from: usize, length: usize| -> Option<u32> {
            rest.get(from..from + length)?
                .iter()
                .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
        };
        let separated = rest.get(4).is_some_and(|byte| b"-_.".contains(byte)) && rest.get(4) == rest.get(7);
        let (month, day, end) = if separated { (5, 8, 10) } else { (4, 6, 8) };
        let (year, month, day) = (digits(0, 4)?, digits(month, 2)?, digits(day, 2)?);
        let plausible = (1970..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        (plausible && !rest.get(end).is_some_and(u8::is_ascii_digit)).then_some((i64::from(year), month, day))
    })
}

/// The date of a time in a zone.
pub(crate) fn date_of(seconds: f64, zone: Tz) -> (i64, u32, u32) {
    let date = DateTime::from_timestamp(seconds.floor() as i64, 0).unwrap_or_default().with_timezone(&zone);
    (i64::from(date.year()), date.month(), date.day())
}

/// A number without blanks, exponent or sign games.
fn plain_number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = unsigned.starts_with(|first: char| first.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+'));
    if plain { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

/// Days from 1970-01-01 in the Gregorian calendar.
fn days(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = i64::from((153 * (month + if month > 2 { 0 } else { 12 } - 3) + 2) / 5 + day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests;
