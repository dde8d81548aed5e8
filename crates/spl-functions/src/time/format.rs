//! `strftime`: times as text.

use std::fmt::Write;

use chrono::{DateTime, Datelike, Offset, Timelike};
use chrono_tz::Tz;

use super::local_time;

/// One variable of a time format, as `%-d`, `%3N`, `%:z` or `%Ez`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variable {
    /// Padding asked for: `-` none, `_` blanks, `0` zeros.
    pub(super) padding: Option<u8>,
    /// Number of digits.
    pub(super) digits: Option<u8>,
    /// Number of colons before `z`.
    pub(super) colons: u8,
    /// With `E`.
    pub(super) extended: bool,
    /// The letter.
    pub(super) letter: u8,
    /// Bytes it takes in the format.
    pub(super) len: usize,
}

impl Variable {
    /// Reads the variable at the start of a text that starts with `%`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut at = 1;
        let mut variable = Self { padding: None, digits: None, colons: 0, extended: false, letter: 0, len: 0 };
        if let Some(b'-' | b'_' | b'0') = bytes.get(at) {
            variable.padding = Some(bytes[at]);
            at += 1;
        }
        if let Some(digit @ b'1'..=b'9') = bytes.get(at) {
            variable.digits = Some(digit - b'0');
            at += 1;
        }
        while bytes.get(at) == Some(&b':') && variable.colons < 3 {
            variable.colons += 1;
            at += 1;
        }
        if bytes.get(at) == Some(&b'E') {
            variable.extended = true;
            at += 1;
        }
        variable.letter = *bytes.get(at)?;
        variable.len = at + 1;
        variable.is_known().then_some(variable)
    }

    fn is_known(&self) -> bool {
        if self.extended || self.colons > 0 {
            return self.letter == b'z' && !(self.extended && self.colons > 0) && self.digits.is_none();
        }
        if self.digits.is_some() {
            return matches!(self.letter, b'N' | b'Q' | b'f');
        }
        if self.padding.is_some() {
            return b"CdeHIjklmMgGSUVWyYuw".contains(&self.letter);
        }
        b"%aAbBcCdDeFfgGhHIjklmMnNpQrRsStTuUVwWxXyYzZ+".contains(&self.letter)
    }

    /// What the variable is short for.
    pub(super) fn expansion(&self) -> Option<&'static str> {
        Some(match self.letter {
            b'c' => "%a %b %e %H:%M:%S %Y",
            b'+' => "%a %b %e %H:%M:%S %Z %Y",
            b'D' => "%m/%d/%y",
            b'x' => "%m/%d/%Y",
            b'F' => "%Y-%m-%d",
            b'R' => "%H:%M",
            b'r' => "%I:%M:%S %p",
            b'T' | b'X' => "%H:%M:%S",
            b'h' => "%b",
            _ => return None,
        })
    }
}

/// A time as text, in a zone. Text that is no variable, and a variable that is not known, stay as they are; sub-second
/// digits (`%N` nine, `%Q` three, `%f` six unless a number of digits is given) are cut off, not rounded. Locale
/// dependent variables use the English forms. A time outside the calendar (see
/// [`is_representable`](super::is_representable)) gives an empty text.
///
/// Source: Splunk search reference, Date and time format variables.
pub fn strftime(epoch: f64, format: &str, zone: Tz) -> String {
    let mut text = String::with_capacity(format.len() + 16);
    if let Some(time) = local_time(epoch, zone) {
        write_format(&mut text, format, &time);
    }
    text
}

fn write_format(text: &mut String, format: &str, time: &DateTime<Tz>) {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match Variable::read(rest) {
            Some(variable) => {
                match variable.expansion() {
                    Some(expansion) => write_format(text, expansion, time),
                    None => write_variable(text, &variable, time),
                }
                rest = &rest[variable.len..];
            }
            None => {
                text.push('%');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
}

fn write_variable(text: &mut String, variable: &Variable, time: &DateTime<Tz>) {
    let mut number = |value: i64, width: usize, padding: u8| {
        let padding = variable.padding.unwrap_or(padding);
        // Most parts of a time are two digits.
        if let (b'0', 2, 0..100) = (padding, width, value) {
            text.extend([value / 10, value % 10].map(|digit| char::from(b'0' + digit as u8)));
            return;
        }
        // Writing to a String can't fail.
        let _ = match padding {
            b'-' => write!(text, "{value}"),
            b'_' => write!(text, "{value:width$}"),
            _ => write!(text, "{value:0width$}"),
        };
    };
    let hour_of_twelve = match time.hour() % 12 {
        0 => 12,
        hour => i64::from(hour),
    };
    let day_of_year = i64::from(time.ordinal0());
    match variable.letter {
        b'Y' => number(time.year().into(), 4, b'0'),
        b'C' => number(time.year().div_euclid(100).into(), 2, b'0'),
        b'y' => number(time.year().rem_euclid(100).into(), 2, b'0'),
        b'G' => number(time.iso_week().year().into(), 4, b'0'),
        b'g' => number(time.iso_week().year().rem_euclid(100).into(), 2, b'0'),
        b'm' => number(time.month().into(), 2, b'0'),
        b'd' => number(time.day().into(), 2, b'0'),
        b'e' => number(time.day().into(), 2, b'_'),
        b'j' => number(day_of_year + 1, 3, b'0'),
        b'H' => number(time.hour().into(), 2, b'0'),
        b'k' => number(time.hour().into(), 2, b'_'),
        b'I' => number(hour_of_twelve, 2, b'0'),
        b'l' => number(hour_of_twelve, 2, b'_'),
        b'M' => number(time.minute().into(), 2, b'0'),
        b'S' => number(time.second().into(), 2, b'0'),
        b'u' => number(time.weekday().number_from_monday().into(), 1, b'0'),
        b'w' => number(time.weekday().num_days_from_sunday().into(), 1, b'0'),
        b'U' => number((day_of_year + 7 - i64::from(time.weekday().num_days_from_sunday())) / 7, 2, b'0'),
        b'W' => number((day_of_year + 7 - i64::from(time.weekday().num_days_from_monday())) / 7, 2, b'0'),
        b'V' => number(time.iso_week().week().into(), 2, b'0'),
        b's' => number(time.timestamp(), 1, b'0'),
        b'a' => text.push_str(&WEEKDAYS[time.weekday().num_days_from_sunday() as usize][..3]),
        b'A' => text.push_str(WEEKDAYS[time.weekday().num_days_from_sunday() as usize]),
        b'b' => text.push_str(&MONTHS[time.month0() as usize][..3]),
        b'B' => text.push_str(MONTHS[time.month0() as usize]),
        b'p' => text.push_str(if time.hour() < 12 { "AM" } else { "PM" }),
        b'n' => text.push('\n'),
        b't' => text.push('\t'),
        b'%' => text.push('%'),
        b'Z' => text.push_str(&time.format("%Z").to_string()),
        b'z' => write_offset(text, variable, time.offset().fix().local_minus_utc()),
        letter @ (b'N' | b'Q' | b'f') => {
            let digits = usize::from(variable.digits.unwrap_or(match letter {
                b'N' => 9,
                b'Q' => 3,
                _ => 6,
            }));
            text.push_str(&format!("{:09}", time.nanosecond() % 1_000_000_000)[..digits]);
        }
        _ => {}
    }
}

fn write_offset(text: &mut String, variable: &Variable, seconds: i32) {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    let _ = match (variable.extended, variable.colons) {
        (true, _) => write!(text, "{sign}{}", seconds.abs() / 60),
        (_, 0) => write!(text, "{sign}{hours:02}{minutes:02}"),
        (_, 1) => write!(text, "{sign}{hours:02}:{minutes:02}"),
        (_, 2) => write!(text, "{sign}{hours:02}:{minutes:02}:{rest:02}"),
        _ => write!(text, "{sign}{hours:02}"),
    };
}

/// Weekdays, Sunday first.
pub(super) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Months.
pub(super) const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn utc(epoch: f64, format: &str) -> String {
        strftime(epoch, format, Tz::UTC)
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(utc(1_700_000_000.0, "%Y-%m-%dT%H:%M:%S.%Q"), "2023-11-14T22:13:20.000");
        assert_eq!(
            utc(1_700_000_000.0, "%F %T|%D %R|%x %X|%r"),
            "2023-11-14 22:13:20|11/14/23 22:13|11/14/2023 22:13:20|10:13:20 PM"
        );
        assert_eq!(utc(1_700_000_000.0, "%a %A %b %B %h %w %u %j %e %C %y"), "Tue Tuesday Nov November Nov 2 2 318 14 20 23");
        assert_eq!(utc(1_700_000_000.0, "%c|%+"), "Tue Nov 14 22:13:20 2023|Tue Nov 14 22:13:20 UTC 2023");
        assert_eq!(utc(1_699_167_600.0, "[%k][%l][%I][%-H][%_d][%e][%-d]"), "[ 7][ 7][07][7][ 5][ 5][5]");
        assert_eq!(utc(1_699_920_300.0, "%I %p"), "12 AM");
        assert_eq!(utc(1_738_569_600.0, "%G-%V %g %U %W"), "2025-06 25 05 05");
    }

    #[test]
    fn sub_seconds_have_no_noise() {
        assert_eq!(
            utc(1_700_000_000.123, "%3N %6N %9N %N %Q %3Q %6Q %f %1N"),
            "123 123000 123000000 123000000 123 123 123000 123000 1"
        );
        assert_eq!(utc(1_521_467_703.049, "%S.%Q"), "03.049");
        assert_eq!(utc(1_699_999_999.999_999_9, "%S.%6N"), "20.000000");
        assert_eq!(utc(-0.25, "%F %T.%3N %s"), "1969-12-31 23:59:59.750 -1");
    }

    #[test]
    fn zones() {
        let at = |zone: Tz, format: &str| strftime(1_700_000_000.0, format, zone);
        assert_eq!(at(Tz::America__New_York, "%z %:z %::z %:::z %Z %Ez"), "-0500 -05:00 -05:00:00 -05 EST -300");
        assert_eq!(at(Tz::Asia__Kolkata, "%H:%M %z"), "03:43 +0530");
    }

    #[test]
    fn unknown_variables_stay_and_nothing_panics() {
        assert_eq!(utc(0.0, "100%% %q %é %5Y % %"), "100% %q %é %5Y % %");
        assert_eq!(utc(f64::NAN, "%Y"), "");
        assert_eq!(utc(1e300, "%Y"), "");
        assert_eq!(utc(8.2e12, "%Y"), "261817");
        assert_eq!(utc(1.7e12, "%Y"), "55840");
    }
}
