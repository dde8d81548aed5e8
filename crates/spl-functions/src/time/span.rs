//! Time spans: `5m`, `1mon`, `250ms`, and the bins that they cut time into.

use chrono::{Datelike, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::{local_time, split_epoch, start_of_day};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// `us`
    Microsecond,
    /// `ms`
    Millisecond,
    /// `cs`
    Centisecond,
    /// `ds`
    Decisecond,
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `mon`
    Month,
    /// `q`
    Quarter,
    /// `y`
    Year,
}

impl TimeUnit {
    /// The unit of a documented name of a second or more; names are lower case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Self::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Hour,
            "d" | "day" | "days" => Self::Day,
            "w" | "week" | "weeks" => Self::Week,
            "mon" | "month" | "months" => Self::Month,
            "q" | "qtr" | "qtrs" | "quarter" | "quarters" => Self::Quarter,
            "y" | "yr" | "yrs" | "year" | "years" => Self::Year,
            _ => return None,
        })
    }

    /// Its length when that is the same everywhere: none for days and larger, which follow the calendar of a zone.
    pub(crate) fn microseconds(self) -> Option<i64> {
        Some(match self {
            Self::Microsecond => 1,
            Self::Millisecond => 1_000,
            Self::Centisecond => 10_000,
            Self::Decisecond => 100_000,
            Self::Second => 1_000_000,
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Day | Self::Week | Self::Month | Self::Quarter | Self::Year => return None,
        })
    }

    /// Its length in months; 0 for units shorter than a month.
    pub(super) fn months(self) -> u64 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
            _ => 0,
        }
    }
}

/// The length of time bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeSpan {
    amount: u32,
    unit: TimeUnit,
    /// Day that weeks start with, 0 = Sunday.
    first_weekday: Option<u32>,
}

/// Reads a time span: a number (1 when missing) and a unit (seconds when missing), with sub-second units `us`, `ms`,
/// `cs`, `ds`, and optionally the unit it starts with (`1d@d`, `1w@w1`). A sub-second span must divide a second
/// evenly. The error says what is wrong.
///
/// Source: Splunk search reference, bin and timechart, span options.
pub fn parse_span(text: &str) -> Result<TimeSpan, String> {
    let trimmed = text.trim();
    let (length, snap) = match trimmed.split_once('@') {
        Some((length, snap)) => (length, Some(snap)),
        None => (trimmed, None),
    };
    let digits = length.bytes().take_while(u8::is_ascii_digit).count();
    let (count, name) = length.split_at(digits);
    if trimmed.is_empty() || length.is_empty() {
        return Err(format!("\"{text}\" is not a time span: expected a number and a unit, such as 5m"));
    }
    let amount: u32 =
        if count.is_empty() { 1 } else { count.parse().map_err(|_| format!("the time span \"{text}\" is too long"))? };
    if amount == 0 {
        return Err(format!("the time span \"{text}\" must be more than 0"));
    }
    let unit = match name.trim_start() {
        "" => TimeUnit::Second,
        "us" => TimeUnit::Microsecond,
        "ms" => TimeUnit::Millisecond,
        "cs" => TimeUnit::Centisecond,
        "ds" => TimeUnit::Decisecond,
        name => TimeUnit::parse(name).ok_or_else(|| {
            format!("\"{name}\" in the time span \"{text}\" is not a time unit: use us, ms, cs, ds, s, m, h, d, w, mon, q or y")
        })?,
    };
    if let Some(microseconds) = unit.microseconds()
        && microseconds < 1_000_000
        && 1_000_000 % (i64::from(amount) * microseconds) != 0
    {
        return Err(format!("the sub-second time span \"{text}\" does not divide a second evenly"));
    }
    let first_weekday = match snap {
        None => None,
        Some(snap) => match (snap.as_bytes(), unit) {
            ([b'w', day @ b'0'..=b'7'], TimeUnit::Week) => Some(u32::from(day - b'0') % 7),
            _ => match TimeUnit::parse(snap) {
                Some(TimeUnit::Week) if unit == TimeUnit::Week => Some(0),
                Some(start) if start == unit => None,
                _ => {
                    return Err(format!(
                        "the time span \"{text}\" can't start at \"@{snap}\": use the unit of the span, or @w0 to @w6 for weeks"
                    ));
                }
            },
        },
    };
    Ok(TimeSpan { amount, unit, first_weekday })
}

/// 1970-01-01, which bins of days, weeks and months are counted from.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1970, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// The spans that are chosen from when none is given.
const AUTOMATIC_SPANS: [(u32, TimeUnit); 11] = [
    (1, TimeUnit::Second),
    (5, TimeUnit::Second),
    (10, TimeUnit::Second),
    (30, TimeUnit::Second),
    (1, TimeUnit::Minute),
    (5, TimeUnit::Minute),
    (10, TimeUnit::Minute),
    (30, TimeUnit::Minute),
    (1, TimeUnit::Hour),
    (1, TimeUnit::Day),
    (1, TimeUnit::Month),
];

impl TimeSpan {
    /// A span of a number of units; a number of 0 is taken as 1.
    pub fn new(amount: u32, unit: TimeUnit) -> Self {
        Self { amount: amount.max(1), unit, first_weekday: None }
    }

    /// The span that cuts `range` seconds into at most `bins` bins, not smaller than `smallest`: 1, 5, 10, 30 seconds or
    /// minutes, an hour, a day, a month.
    ///
    /// Source: Splunk search reference, timechart, default time spans.
    pub fn for_range(range: f64, bins: usize, smallest: Option<Self>) -> Self {
        let least = smallest.map_or(0.0, |span| span.seconds());
        let mut chosen = Self::new(1, TimeUnit::Month);
        for (amount, unit) in AUTOMATIC_SPANS.into_iter().rev() {
            let span = Self::new(amount, unit);
            if range / span.seconds() > bins as f64 || span.seconds() < least {
                break;
            }
            chosen = span;
        }
        chosen
    }

    /// The number of units.
    pub fn amount(&self) -> u32 {
        self.amount
    }

    /// The unit.
    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// Its length in seconds, with a day of 24 hours, a month of 30 days, a year of 365 days.
    pub fn seconds(&self) -> f64 {
        let unit = match self.unit {
            TimeUnit::Day => 86_400.0,
            TimeUnit::Week => 604_800.0,
            TimeUnit::Month => 2_592_000.0,
            TimeUnit::Quarter => 7_776_000.0,
            TimeUnit::Year => 31_536_000.0,
            other => other.microseconds().unwrap_or(0) as f64 / 1e6,
        };
        f64::from(self.amount) * unit
    }

    /// The start of the bin that a time is in. Bins up to hours are counted from 1970-01-01 UTC, or from `aligntime`;
    /// days and months are those of the zone's calendar, where `aligntime` has no effect; weeks start with the day of
    /// `aligntime`, with the weekday of the span (`1w@w1`), or on Thursday, the first day of the epoch. A time outside
    /// the calendar is its own bin.
    pub fn floor(&self, epoch: f64, zone: Tz, aligntime: Option<f64>) -> f64 {
        self.floor_in_calendar(epoch, zone, aligntime).unwrap_or(epoch)
    }

    fn floor_in_calendar(&self, epoch: f64, zone: Tz, aligntime: Option<f64>) -> Option<f64> {
        if let Some(unit) = self.unit.microseconds() {
            let size = i128::from(unit) * i128::from(self.amount);
            // The usual case without wide arithmetic: whole seconds of this epoch, which floats divide exactly.
            const EXACT: std::ops::Range<f64> = 0.0..1e12;
            if aligntime.is_none() && unit >= 1_000_000 && EXACT.contains(&epoch) {
                let size = (unit / 1_000_000) as f64 * f64::from(self.amount);
                return Some(((epoch as i64 as f64 / size) as i64) as f64 * size);
            }
            let origin = match aligntime {
                Some(time) => microseconds(time)?,
                None => 0,
            };
            let start = (microseconds(epoch)? - origin).div_euclid(size) * size + origin;
            return Some(start.div_euclid(1_000_000) as f64 + start.rem_euclid(1_000_000) as f64 / 1e6);
        }
        let date = local_time(epoch, zone)?.date_naive();
        let amount = i64::from(self.amount);
        let days_from = |origin: NaiveDate, size: i64| {
            let days = (date - origin).num_days().div_euclid(size) * size;
            origin.checked_add_signed(TimeDelta::try_days(days)?)
        };
        let start = match self.unit {
            TimeUnit::Day => days_from(FIRST_DAY, amount)?,
            TimeUnit::Week => {
                let origin = match (aligntime, self.first_weekday) {
                    (Some(time), _) => local_time(time, zone)?.date_naive(),
                    // 1970-01-04 was a Sunday.
                    (None, Some(weekday)) => FIRST_DAY.checked_add_signed(TimeDelta::days(3 + i64::from(weekday)))?,
                    (None, None) => FIRST_DAY,
                };
                days_from(origin, amount * 7)?
            }
            _ => {
                let size = amount * self.unit.months() as i64;
                let month = ((i64::from(date.year()) - 1970) * 12 + i64::from(date.month0())).div_euclid(size) * size;
                month_start(month)?
            }
        };
        start_of_day(start, zone)
    }

    /// The start of the bin after the one that starts at a time.
    pub fn next(&self, start: f64, zone: Tz) -> f64 {
        self.next_in_calendar(start, zone).unwrap_or(start + self.seconds())
    }

    fn next_in_calendar(&self, start: f64, zone: Tz) -> Option<f64> {
        if let Some(unit) = self.unit.microseconds() {
            let next = microseconds(start)? + i128::from(unit) * i128::from(self.amount);
            return Some(next.div_euclid(1_000_000) as f64 + next.rem_euclid(1_000_000) as f64 / 1e6);
        }
        let date = local_time(start, zone)?.date_naive();
        let amount = i64::from(self.amount);
        let next = match self.unit {
            TimeUnit::Day => date.checked_add_signed(TimeDelta::try_days(amount)?)?,
            TimeUnit::Week => date.checked_add_signed(TimeDelta::try_weeks(amount)?)?,
            _ => {
                month_start((i64::from(date.year()) - 1970) * 12 + i64::from(date.month0()) + amount * self.unit.months() as i64)?
            }
        };
        start_of_day(next, zone)
    }
}

fn microseconds(epoch: f64) -> Option<i128> {
    let (seconds, nanoseconds) = split_epoch(epoch)?;
    Some(i128::from(seconds) * 1_000_000 + i128::from(nanoseconds / 1000))
}

/// The first day of a month, counted from January 1970.
fn month_start(month: i64) -> Option<NaiveDate> {
    let year = i32::try_from(1970 + month.div_euclid(12)).ok()?;
    NaiveDate::from_ymd_opt(year, month.rem_euclid(12) as u32 + 1, 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn floor(span: &str, epoch: f64, zone: Tz) -> f64 {
        parse_span(span).unwrap().floor(epoch, zone, None)
    }

    #[test]
    fn fixed_spans() {
        assert_eq!(floor("1h", 1_699_930_801.0, Tz::UTC), 1_699_930_800.0);
        assert_eq!(floor("10", 1_699_930_801.0, Tz::UTC), 1_699_930_800.0);
        assert_eq!(floor("10m", 1_699_920_700.0, Tz::UTC), 1_699_920_600.0);
        assert_eq!(floor("250ms", 1_700_000_000.8, Tz::UTC), 1_700_000_000.75);
        assert_eq!(floor("100ms", 1_700_000_000.3, Tz::UTC), 1_700_000_000.3);
        assert_eq!(floor("1m", -1.0, Tz::UTC), -60.0);
        let span = parse_span("1h").unwrap();
        assert_eq!(span.floor(1_699_925_600.0, Tz::UTC, Some(1800.0)), 1_699_925_400.0);
        assert_eq!(span.next(1_699_925_400.0, Tz::UTC), 1_699_929_000.0);
    }

    #[test]
    fn calendar_spans() {
        let new_york = Tz::America__New_York;
        // 2023-11-05 has 25 hours in New York.
        let day = floor("1d", 1_699_200_000.0, new_york);
        assert_eq!(day, 1_699_156_800.0);
        assert_eq!(parse_span("1d").unwrap().next(day, new_york), day + 25.0 * 3600.0);
        assert_eq!(floor("1mon", 1_700_000_000.0, Tz::UTC), 1_698_796_800.0);
        assert_eq!(floor("1q", 1_700_000_000.0, Tz::UTC), 1_696_118_400.0);
        assert_eq!(floor("1y", 1_700_000_000.0, Tz::UTC), 1_672_531_200.0);
        assert_eq!(parse_span("mon").unwrap().next(1_698_796_800.0, Tz::UTC), 1_701_388_800.0);
        assert_eq!(floor("1w@w1", 1_700_000_000.0, Tz::UTC), 1_699_833_600.0);
        assert_eq!(floor("1w", 1_700_000_000.0, Tz::UTC), 1_699_488_000.0);
        assert_eq!(parse_span("1w").unwrap().floor(1_700_000_000.0, Tz::UTC, Some(1_699_747_200.0)), 1_699_747_200.0);
    }

    #[test]
    fn errors() {
        for span in ["", "0s", "5x", "300ms", "1d@h", "99999999999s", "-5m", "1.5h", "@d", "1é"] {
            assert!(parse_span(span).is_err(), "{span}");
        }
    }

    #[test]
    fn automatic_spans() {
        for (range, expected) in [
            (900.0, "10s"),
            (3600.0, "1m"),
            (4.0 * 3600.0, "5m"),
            (86400.0, "30m"),
            (604_800.0, "1d"),
            (30.0 * 86400.0, "1d"),
            (365.0 * 86400.0, "1mon"),
        ] {
            assert_eq!(TimeSpan::for_range(range, 100, None), parse_span(expected).unwrap(), "{range}");
        }
        assert_eq!(TimeSpan::for_range(60.0, 100, Some(parse_span("15m").unwrap())), parse_span("30m").unwrap());
    }
}
