//! The conversions of the `convert` command, as plain functions on one value.
//!
//! Source: Splunk search reference, convert.

use chrono_tz::Tz;

use crate::time;
use crate::value::{format_number, parse_number};

/// Time format of `ctime` and `mktime` when none is given.
pub const DEFAULT_TIME_FORMAT: &str = "%m/%d/%Y %H:%M:%S";

/// `ctime`: epoch seconds as a readable time; none for what is no number or no time of the calendar.
pub fn ctime(value: &str, format: &str, zone: Tz) -> Option<String> {
    time_text(parse_number(value)?, format, zone)
}

/// The same of a number.
pub fn time_text(epoch: f64, format: &str, zone: Tz) -> Option<String> {
    time::is_representable(epoch).then(|| time::strftime(epoch, format, zone))
}

/// `mktime`: a readable time as epoch seconds; parts that the format lacks are filled from `now` as
/// [`strptime_at`](time::strptime_at) does.
pub fn mktime(value: &str, format: &str, zone: Tz, now: f64) -> Option<f64> {
    time::strptime_at(value.trim(), format, zone, now)
}

/// `dur2sec`: a duration `[D+]HH:MM:SS` as seconds.
pub fn dur2sec(value: &str) -> Option<f64> {
    let (days, clock) = match value.trim().split_once('+') {
        Some((days, clock)) => (whole(days)?, clock),
        None => (0.0, value.trim()),
    };
    let mut parts = clock.split(':');
    let (hours, minutes, seconds) = (whole(parts.next()?)?, whole(parts.next()?)?, decimal(parts.next()?)?);
    parts.next().is_none().then_some(days * 86_400.0 + hours * 3600.0 + minutes * 60.0 + seconds)
}

/// `mstime`: `[MM:]SS.SSS` as seconds.
pub fn mstime(value: &str) -> Option<f64> {
    match value.trim().split_once(':') {
        Some((minutes, seconds)) => Some(whole(minutes)? * 60.0 + decimal(seconds)?),
        None => decimal(value.trim()),
    }
}

/// `memk`: a size with an optional `k`, `m` or `g` as kilobytes; kilobytes without a letter. Negative sizes are none.
pub fn memk(value: &str) -> Option<f64> {
    let trimmed = value.trim();
    let (number, factor) = match trimmed.as_bytes().last()?.to_ascii_lowercase() {
        b'k' => (&trimmed[..trimmed.len() - 1], 1.0),
        b'm' => (&trimmed[..trimmed.len() - 1], 1024.0),
        b'g' => (&trimmed[..trimmed.len() - 1], 1024.0 * 1024.0),
        _ => (trimmed, 1.0),
    };
    Some(decimal(number.trim_end())? * factor)
}

/// `rmcomma`: the text without commas, as a number when it is one.
pub fn rmcomma(value: &str) -> String {
    let text = value.replace(',', "");
    match parse_number(&text) {
        Some(number) => format_number(number),
        None => text,
    }
}

/// `rmunit`: the number at the start of a text.
pub fn rmunit(value: &str) -> Option<f64> {
    let trimmed = value.trim_start();
    let bytes = trimmed.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let mut end = sign + digits(sign);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    // An exponent belongs to the number, the e of a unit does not.
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let length = bytes.get(exponent..).map_or(0, |_| digits(exponent));
        if length > 0 {
            end = exponent + length;
        }
    }
    parse_number(&trimmed[..end])
}

/// `auto` and `num`: a number written in one of the known ways: plain, with thousands separators, as duration
/// `[D+]HH:MM:SS` or `MM:SS.SSS`, as size with `k`, `m` or `g`; none for what is none of these.
pub fn num(value: &str) -> Option<f64> {
    parse_number(value).or_else(|| thousands(value)).or_else(|| dur2sec(value)).or_else(|| mstime(value)).or_else(|| memk(value))
}

fn thousands(value: &str) -> Option<f64> {
    let trimmed = value.trim();
    let unsigned = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    let mut groups = unsigned.split('.').next()?.split(',');
    let first = groups.next()?;
    let mut any = false;
    for group in groups {
        any = true;
        if group.len() != 3 {
            return None;
        }
    }
    if any && (1..=3).contains(&first.len()) { parse_number(&trimmed.replace(',', "")) } else { None }
}

fn whole(text: &str) -> Option<f64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A number without sign and exponent.
fn decimal(text: &str) -> Option<f64> {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then(|| parse_number(text))?
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(ctime("1700000000", DEFAULT_TIME_FORMAT, Tz::UTC).as_deref(), Some("11/14/2023 22:13:20"));
        assert_eq!(ctime("soon", DEFAULT_TIME_FORMAT, Tz::UTC), None);
        assert_eq!(mktime("11/14/2023 22:13:20", DEFAULT_TIME_FORMAT, Tz::UTC, 0.0), Some(1_700_000_000.0));
    }

    #[test]
    fn durations() {
        assert_eq!(dur2sec("00:10:15"), Some(615.0));
        assert_eq!(dur2sec("2+01:00:00.5"), Some(176_400.5));
        assert_eq!(dur2sec("10:15"), None);
        assert_eq!(dur2sec("1:2:3:4"), None);
        assert_eq!(mstime("01:30.500"), Some(90.5));
        assert_eq!(mstime("30.25"), Some(30.25));
        assert_eq!(mstime("x:1"), None);
    }

    #[test]
    fn sizes_and_units() {
        assert_eq!(
            [memk("512"), memk("100k"), memk("10M"), memk("1.5g")],
            [Some(512.0), Some(100.0), Some(10_240.0), Some(1_572_864.0)]
        );
        assert_eq!([memk("-1k"), memk("k"), memk(""), memk("10é")], [None; 4]);
        assert_eq!(rmcomma("1,000,000.00"), "1000000");
        assert_eq!(rmcomma("a,b"), "ab");
        assert_eq!(
            [rmunit("212 sec"), rmunit("12.5ms"), rmunit("-3e2x"), rmunit("5e"), rmunit("4eV")],
            [Some(212.0), Some(12.5), Some(-300.0), Some(5.0), Some(4.0)]
        );
        assert_eq!([rmunit("abc"), rmunit(""), rmunit("é1")], [None; 3]);
        assert_eq!(
            [num("42"), num("1,234.5"), num("00:01:00"), num("10m")],
            [Some(42.0), Some(1234.5), Some(60.0), Some(10_240.0)]
        );
        assert_eq!([num("abc"), num("1,23"), num("10.0.0.1"), num("")], [None; 4]);
    }
}
