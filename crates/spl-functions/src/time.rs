//! Time in SPL: formatting and reading timestamps, time modifiers, and time spans, all in a given time zone.
//!
//! A time is an `f64` of seconds since 1970-01-01 UTC. At today's times such a number resolves a quarter of a
//! microsecond, so sub-seconds are rounded to microseconds before they are shown or compared: `.123` stays `.123`.

mod format;
mod modifier;
mod parse;
#[cfg(test)]
mod properties;
mod span;
pub mod written;
mod zone;

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

pub use format::strftime;
pub use modifier::{TimeModifier, parse_time_modifier, relative_time};
pub use parse::{TimeFormat, TimeParts, strptime, strptime_at};
pub use span::{TimeSpan, TimeUnit, parse_span};
pub use zone::ZoneText;

/// Format of ISO 8601 timestamps with milliseconds and offset, as result tables show `_time`.
pub const ISO_FORMAT: &str = "%Y-%m-%dT%H:%M:%S.%Q%:z";

/// Splits a time into whole seconds and nanoseconds, free of floating-point noise; none when it is not finite or does
/// not fit.
pub(crate) fn split_epoch(epoch: f64) -> Option<(i64, u32)> {
    let whole = epoch.floor();
    if !(-9e15..9e15).contains(&whole) {
        return None;
    }
    // Small numbers resolve nanoseconds, times of our days microseconds.
    let (steps, nanoseconds) = if whole.abs() < 4e6 { (1e9, 1) } else { (1e6, 1000) };
    let fraction = ((epoch - whole) * steps).round();
    let seconds = whole as i64;
    if fraction >= steps { Some((seconds + 1, 0)) } else { Some((seconds, fraction as u32 * nanoseconds)) }
}

/// Seconds and nanoseconds as one number.
pub(crate) fn join_epoch(seconds: i64, nanoseconds: u32) -> f64 {
    seconds as f64 + f64::from(nanoseconds) / 1e9
}

/// The date and time of day in a zone; none outside the years that a calendar can show.
pub(crate) fn local_time(epoch: f64, zone: Tz) -> Option<DateTime<Tz>> {
    let (seconds, nanoseconds) = split_epoch(epoch)?;
    let local = zone.timestamp_opt(seconds, nanoseconds).single()?;
    // The last day on either end can't be shown in every zone.
    (local.naive_utc().date() > NaiveDate::MIN.succ_opt()? && local.naive_utc().date() < NaiveDate::MAX.pred_opt()?)
        .then_some(local)
}

/// Epoch seconds of a date and time of day in a zone. A time that exists twice (clocks set back) is the first one, one
/// that does not exist (clocks set forward) is counted on from the time before the change.
pub(crate) fn epoch_of_local(local: NaiveDateTime, zone: Tz) -> Option<i64> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.timestamp()),
        LocalResult::None => {
            let day_before = local.checked_sub_signed(TimeDelta::days(1))?;
            let offset = zone.offset_from_utc_datetime(&day_before).fix().local_minus_utc();
            Some(local.and_utc().timestamp() - i64::from(offset))
        }
    }
}

/// Epoch seconds of the start of a day in a zone.
pub(crate) fn start_of_day(date: NaiveDate, zone: Tz) -> Option<f64> {
    epoch_of_local(date.and_time(NaiveTime::MIN), zone).map(|seconds| seconds as f64)
}

/// Whether a time can be shown as a date.
pub fn is_representable(epoch: f64) -> bool {
    local_time(epoch, Tz::UTC).is_some()
}
