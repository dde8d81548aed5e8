//! Time modifiers: `-70m@m`, `@w1`, `now`, `11/14/2023:12:00:00`.

use chrono::{Datelike, Months, NaiveDate, Offset, TimeDelta};
use chrono_tz::Tz;

use super::parse::{Parts, read};
use super::span::TimeUnit;
use super::{epoch_of_local, local_time, start_of_day};

/// A point in time as `earliest`, `latest` and `relative_time` name it.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeModifier(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Epoch(f64),
    Absolute(Box<Parts>),
    Relative(Vec<Step>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Move {
        count: i64,
        unit: TimeUnit,
    },
    Snap(TimeUnit),
    /// To the start of a weekday, 0 = Sunday.
    SnapToWeekday(u32),
}

/// Formats of absolute times; the first is the default time format of search.
const ABSOLUTE_FORMATS: [&str; 13] = [
    "%m/%d/%Y:%H:%M:%S",
    "%m/%d/%Y:%H:%M:%S.%N",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%N",
    "%Y-%m-%dT%H:%M:%S.%N%z",
    "%Y-%m-%d:%H:%M:%S",
    "%Y-%m-%d:%H:%M:%S.%N",
];

/// Reads a time modifier: `now`, offsets and snaps in any number (`-1d@d+2h`, no number means 1), epoch seconds, or
/// an absolute time (`%m/%d/%Y:%H:%M:%S`, ISO 8601). Units are case-sensitive, as `m` and `mon` show. The error says
/// what is wrong.
///
/// Source: Splunk search reference, Time modifiers.
pub fn parse_time_modifier(text: &str) -> Result<TimeModifier, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err("a time modifier is missing, for example -24h@h".to_owned());
    }
    if !trimmed.is_ascii() {
        return Err(not_a_modifier(text));
    }
    let without_sign = trimmed.trim_start_matches(['+', '-']);
    if without_sign.starts_with("rt") {
        return Err(format!(
            "\"{trimmed}\" is a real-time range; searches over files have none, use a relative time such as -5m"
        ));
    }
    if trimmed.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && let Ok(epoch) = trimmed.parse()
    {
        return Ok(TimeModifier(Kind::Epoch(epoch)));
    }
    let steps = trimmed.strip_prefix("now()").or_else(|| trimmed.strip_prefix("now")).unwrap_or(trimmed);
    if steps.is_empty() || steps.starts_with(['+', '-', '@']) {
        return parse_steps(steps, trimmed).map(|steps| TimeModifier(Kind::Relative(steps)));
    }
    let normalized = match trimmed.as_bytes() {
        // ISO 8601 also allows a blank for the T.
        [date @ .., _] if date.len() > 10 && date[4] == b'-' && date[10] == b' ' => trimmed.replacen(' ', "T", 1),
        _ => trimmed.to_owned(),
    };
    for format in ABSOLUTE_FORMATS {
        if let Some((parts, "")) = read(&normalized, format) {
            return match parts.resolve(Tz::UTC, None) {
                Some(_) => Ok(TimeModifier(Kind::Absolute(Box::new(parts)))),
                None => Err(format!("\"{trimmed}\" is not a date of the calendar")),
            };
        }
    }
    if trimmed.starts_with(|first: char| first.is_ascii_digit()) && parse_steps(&format!("-{trimmed}"), trimmed).is_ok() {
        return Err(format!("\"{trimmed}\" needs a sign: -{trimmed} for the past or +{trimmed} for the future"));
    }
    Err(not_a_modifier(text))
}

fn not_a_modifier(text: &str) -> String {
    format!(
        "\"{text}\" is not a time: expected a relative time such as -24h@h, epoch seconds, MM/DD/YYYY:HH:MM:SS or YYYY-MM-DDTHH:MM:SS"
    )
}

fn parse_steps(text: &str, whole: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    while let Some(mark) = rest.chars().next() {
        rest = &rest[1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, after) = rest.split_at(digits);
        match mark {
            '+' | '-' => {
                let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
                let (name, after) = after.split_at(letters);
                let amount: i64 = if count.is_empty() { 1 } else { count.parse().map_err(|_| too_far(whole))? };
                if amount > 1_000_000_000_000 {
                    return Err(too_far(whole));
                }
                if name.is_empty() {
                    return Err(format!("\"{whole}\" lacks a time unit after \"{mark}{count}\", as in {mark}{count}m"));
                }
                let unit = TimeUnit::parse(name).ok_or_else(|| unknown_unit(name, whole))?;
                steps.push(Step::Move { count: if mark == '-' { -amount } else { amount }, unit });
                rest = after;
            }
            '@' => {
                let len = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
                let (name, after) = rest.split_at(len);
                steps.push(match name.as_bytes() {
                    [b'w', day @ b'0'..=b'7'] => Step::SnapToWeekday(u32::from(day - b'0') % 7),
                    b"" => {
                        return Err(format!("\"{whole}\" lacks a time unit after \"@\", as in @d"));
                    }
                    _ => match TimeUnit::parse(name).ok_or_else(|| unknown_unit(name, whole))? {
                        TimeUnit::Week => Step::SnapToWeekday(0),
                        unit => Step::Snap(unit),
                    },
                });
                rest = after;
            }
            _ => {
                return Err(format!("\"{mark}\" does not belong in the time modifier \"{whole}\""));
            }
        }
    }
    Ok(steps)
}

fn unknown_unit(name: &str, whole: &str) -> String {
    format!("\"{name}\" in \"{whole}\" is not a time unit: use s, m, h, d, w, mon, q or y")
}

fn too_far(whole: &str) -> String {
    format!("\"{whole}\" reaches too far")
}

impl TimeModifier {
    /// The time in epoch seconds, relative to `now`, with days and larger units in the calendar of the zone. Infinite
    /// when it lies outside the calendar.
    pub fn resolve(&self, now: f64, zone: Tz) -> f64 {
        match &self.0 {
            Kind::Epoch(epoch) => *epoch,
            Kind::Absolute(parts) => parts.resolve(zone, Some(now)).unwrap_or(f64::NEG_INFINITY),
            Kind::Relative(steps) => {
                let mut time = now;
                for step in steps {
                    match step.apply(time, zone) {
                        Some(next) => time = next,
                        None => {
                            return if matches!(step, Step::Move { count: 1.., .. }) { f64::INFINITY } else { f64::NEG_INFINITY };
                        }
                    }
                }
                time
            }
        }
    }

    /// Whether it depends on the time of the search.
    pub fn is_relative(&self) -> bool {
        matches!(self.0, Kind::Relative(_))
    }
}

/// A time changed by a time modifier; none when the modifier can't be read or leads out of the calendar.
pub fn relative_time(epoch: f64, modifier: &str, zone: Tz) -> Option<f64> {
    parse_time_modifier(modifier).ok().map(|modifier| modifier.resolve(epoch, zone)).filter(|time| time.is_finite())
}

impl Step {
    fn apply(self, time: f64, zone: Tz) -> Option<f64> {
        match self {
            Self::Move { count, unit } => move_by(time, count, unit, zone),
            Self::Snap(unit) => snap(time, unit, zone),
            Self::SnapToWeekday(day) => {
                let date = local_time(time, zone)?.date_naive();
                let days = (date.weekday().num_days_from_sunday() + 7 - day) % 7;
                start_of_day(date.checked_sub_signed(TimeDelta::days(days.into()))?, zone)
            }
        }
    }
}

/// A time moved by a number of units. Days and larger keep the time of day across clock changes; a day that the month
/// does not have becomes its last.
fn move_by(time: f64, count: i64, unit: TimeUnit, zone: Tz) -> Option<f64> {
    if let Some(microseconds) = unit.microseconds() {
        let moved = time + count as f64 * microseconds as f64 / 1e6;
        return local_time(moved, zone).map(|_| moved);
    }
    let local = local_time(time, zone)?.naive_local();
    let moved = match unit {
        TimeUnit::Day => local.checked_add_signed(TimeDelta::try_days(count)?)?,
        TimeUnit::Week => local.checked_add_signed(TimeDelta::try_weeks(count)?)?,
        _ => {
            let months = u32::try_from(count.unsigned_abs().checked_mul(unit.months())?).ok().map(Months::new)?;
            if count < 0 { local.checked_sub_months(months)? } else { local.checked_add_months(months)? }
        }
    };
    Some(epoch_of_local(moved, zone)? as f64 + (time - time.floor()))
}

/// The start of the unit that a time is in.
fn snap(time: f64, unit: TimeUnit, zone: Tz) -> Option<f64> {
    let local = local_time(time, zone)?;
    if let Some(microseconds) = unit.microseconds() {
        let size = (microseconds / 1_000_000).max(1);
        let offset = i64::from(local.offset().fix().local_minus_utc());
        return Some(((local.timestamp() + offset).div_euclid(size) * size - offset) as f64);
    }
    let date = local.date_naive();
    let first = |month0: u32| NaiveDate::from_ymd_opt(date.year(), month0 + 1, 1);
    let start = match unit {
        TimeUnit::Month => first(date.month0())?,
        TimeUnit::Quarter => first(date.month0() / 3 * 3)?,
        TimeUnit::Year => first(0)?,
        _ => date,
    };
    start_of_day(start, zone)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const NOW: f64 = 1_700_000_000.0;

    fn utc(modifier: &str) -> f64 {
        parse_time_modifier(modifier).unwrap().resolve(NOW, Tz::UTC)
    }

    #[test]
    fn relative() {
        for (modifier, expected) in [
            ("now", NOW),
            ("now()", NOW),
            ("-1d@d", 1_699_833_600.0),
            ("-70m@m", 1_699_995_780.0),
            ("+1d@d", 1_700_006_400.0),
            ("@w", 1_699_747_200.0),
            ("@w0", 1_699_747_200.0),
            ("@w7", 1_699_747_200.0),
            ("@w5", 1_699_574_400.0),
            ("@mon", 1_698_796_800.0),
            ("-1mon@mon", 1_696_118_400.0),
            ("-m", 1_699_999_940.0),
            ("@q", 1_696_118_400.0),
            ("-1qtr@quarter", 1_688_169_600.0),
            ("@y", 1_672_531_200.0),
            ("@d-2h", 1_699_912_800.0),
            ("-3hours@hour", 1_699_988_400.0),
            ("-90secs", 1_699_999_910.0),
            ("now-1d@d", 1_699_833_600.0),
            ("-1d@d+2h@h-5m", 1_699_840_500.0),
        ] {
            assert_eq!(utc(modifier), expected, "{modifier}");
        }
        assert_eq!(relative_time(NOW, "@d", Tz::Asia__Kolkata), Some(1_699_986_600.0));
        assert_eq!(relative_time(NOW + 0.5, "-1d", Tz::UTC), Some(NOW + 0.5 - 86400.0));
        assert_eq!(relative_time(NOW, "@h", Tz::Asia__Kolkata), Some(1_699_997_400.0));
    }

    #[test]
    fn calendar_in_the_zone() {
        let noon = strptime_berlin("2024-03-31 12:00");
        assert_eq!(relative_time(noon, "-1d", Tz::Europe__Berlin), Some(strptime_berlin("2024-03-30 12:00")));
        assert_eq!(relative_time(noon, "-24h", Tz::Europe__Berlin), Some(strptime_berlin("2024-03-30 11:00")));
        assert_eq!(relative_time(noon, "-1mon", Tz::Europe__Berlin), Some(strptime_berlin("2024-02-29 12:00")));
    }

    fn strptime_berlin(text: &str) -> f64 {
        super::super::strptime(text, "%F %R", Tz::Europe__Berlin).unwrap()
    }

    #[test]
    fn absolute() {
        assert_eq!(utc("0"), 0.0);
        assert_eq!(utc("1700000000.5"), NOW + 0.5);
        assert_eq!(utc("11/14/2023:22:13:20"), NOW);
        assert_eq!(utc("2023-11-14T22:13:20Z"), NOW);
        assert_eq!(utc("2023-11-14 22:13:20.250"), NOW + 0.25);
        assert_eq!(utc("2023-11-14T23:13:20.5+01:00"), NOW + 0.5);
        assert_eq!(utc("2023-11-14"), 1_699_920_000.0);
        let noon = parse_time_modifier("11/14/2023:12:00:00").unwrap();
        assert_eq!(noon.resolve(0.0, Tz::America__New_York), 1_699_981_200.0);
    }

    #[test]
    fn errors_name_the_mistake() {
        for (modifier, part) in [
            ("", "missing"),
            ("rt", "real-time"),
            ("-rt-5m", "real-time"),
            ("-5", "unit"),
            ("-5x", "\"x\""),
            ("-1D", "\"D\""),
            ("5m", "sign"),
            ("@", "unit"),
            ("-1d@d foo", "does not belong"),
            ("yesterday", "not a time"),
            ("13/40/2023:00:00:00", "calendar"),
            ("-99999999999999999999d", "too far"),
            ("é", "not a time"),
        ] {
            let error = parse_time_modifier(modifier).unwrap_err();
            assert!(error.contains(part), "{modifier}: {error}");
        }
        assert_eq!(utc("-999999999999y"), f64::NEG_INFINITY);
        assert_eq!(utc("+999999999999y"), f64::INFINITY);
        assert_eq!(relative_time(NOW, "+999999999999d", Tz::UTC), None);
    }
}
