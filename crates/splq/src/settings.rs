//! Engine settings from the command line; the only place that reads the clock.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use indexmap::IndexMap;
use spl_exec::geo_database::GeoDatabase;
use spl_exec::limits::LIMITS;
use spl_exec::{SearchClock, Settings};
use spl_parser::diagnostic::nearest;

use crate::arguments::SettingOptions;
use crate::stop::Stop;
use crate::timer::SystemTimer;

/// The time by the clock, in epoch seconds.
pub fn clock() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

/// The settings that the options ask for.
///
/// # Errors
/// Values that can't be read, as wrong usage.
pub fn settings(options: &SettingOptions) -> Result<Settings, Stop> {
    let time_zone = time_zone(options.tz.as_deref().unwrap_or("UTC"))?;
    let now = match &options.now {
        Some(text) => time(text, time_zone).ok_or_else(|| {
            Stop::Usage(format!("--now: `{text}` is not a time; expected epoch seconds, RFC 3339 or YYYY-MM-DD"))
        })?,
        None => clock(),
    };
    let memory_limit =
        match &options.memory_limit {
            Some(text) => Some(size(text).ok_or_else(|| {
                Stop::Usage(format!("--memory-limit: `{text}` is not a size; expected a number with K, M or G"))
            })?),
            None => None,
        };
    let earliest = options.earliest.clone().or_else(|| options.configured_times.0.clone());
    let latest = options.latest.clone().or_else(|| options.configured_times.1.clone());
    Ok(Settings {
        limits: limits(&options.limit)?,
        memory_limit,
        threads: options.threads.map_or(0, usize::from),
        geo_database: options.geoip.as_deref().map(|file| Arc::new(GeoDatabase::new(file))),
        csv_folder: options.csv_dir.clone(),
        timer: Some(Arc::new(SystemTimer)),
        ..Settings::at(SearchClock::at(now, time_zone).with_range(earliest, latest))
    })
}

/// Reads `name=value` pairs.
fn limits(options: &[String]) -> Result<IndexMap<String, u64>, Stop> {
    let mut limits = IndexMap::new();
    for option in options {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let Some(limit) = LIMITS.iter().find(|limit| limit.name.eq_ignore_ascii_case(name.trim())) else {
            let hint = nearest(name, LIMITS.iter().map(|limit| limit.name)).map(|near| format!("; the nearest is {near}"));
            return Err(Stop::Usage(format!("--limit: unknown limit `{name}`{}", hint.unwrap_or_default())));
        };
        let value = value.trim().parse().map_err(|_| Stop::Usage(format!("--limit: `{option}` is not {name}=NUMBER")))?;
        limits.insert(limit.name.to_owned(), value);
    }
    Ok(limits)
}

/// Reads a time zone name; letter case does not matter.
///
/// # Errors
/// A name that is not in the IANA list, as wrong usage with the nearest one.
pub fn time_zone(name: &str) -> Result<Tz, Stop> {
    if let Some(zone) = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name)) {
        return Ok(*zone);
    }
    let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let hint = nearest(name, known).map(|near| format!("; the nearest name is {near}")).unwrap_or_default();
    Err(Stop::Usage(format!("--tz: `{name}` is not a time zone of the IANA list{hint}")))
}

/// Reads epoch seconds, RFC 3339, or a date with or without a time in `zone`, as epoch seconds.
pub fn time(text: &str, zone: Tz) -> Option<f64> {
    let text = text.trim();
    if let Some(number) = spl_functions::value::parse_number(text) {
        return Some(number);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(seconds(&time));
    }
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let local = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|date| date.and_hms_opt(0, 0, 0)))?;
    zone.from_local_datetime(&local).earliest().map(|time| seconds(&time))
}

fn seconds<Z: TimeZone>(time: &DateTime<Z>) -> f64 {
    time.timestamp() as f64 + f64::from(time.timestamp_subsec_micros()) / 1e6
}

/// Reads a size: bytes, or a number with `K`, `M`, `G`, `T` (powers of 1,024; `B` and `iB` may follow).
fn size(text: &str) -> Option<usize> {
    let text = text.trim().to_ascii_uppercase();
    let text = text.strip_suffix("IB").or_else(|| text.strip_suffix('B')).unwrap_or(&text);
    let (digits, factor) = match text.chars().last()? {
        'K' => (&text[..text.len() - 1], 1u64 << 10),
        'M' => (&text[..text.len() - 1], 1 << 20),
        'G' => (&text[..text.len() - 1], 1 << 30),
        'T' => (&text[..text.len() - 1], 1 << 40),
        _ => (text, 1),
    };
    let number: f64 = digits.trim().parse().ok()?;
    let bytes = number * factor as f64;
    (bytes >= 1.0 && bytes < usize::MAX as f64).then_some(bytes as usize)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("512M"), Some(512 << 20));
        assert_eq!(size("1.5 GiB"), Some(3 << 29));
        assert_eq!(size("100"), Some(100));
        assert_eq!(size("kb"), None);
        assert_eq!(size("-1G"), None);
    }

    #[test]
    fn times() {
        assert_eq!(time("1700000000.25", Tz::UTC), Some(1_700_000_000.25));
        assert_eq!(time("2023-11-14T22:13:20Z", Tz::UTC), Some(1_700_000_000.0));
        assert_eq!(time("2023-11-14 23:13:20", Tz::Europe__Berlin), Some(1_700_000_000.0));
        assert_eq!(time("2023-11-14", Tz::UTC), Some(1_699_920_000.0));
        assert_eq!(time("yesterday", Tz::UTC), None);
    }
}
