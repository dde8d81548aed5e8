//! Times in the form that `TIME_FORMAT` says, with the conversions of `strptime`.

use spl_functions::time::TimeFormat;

use super::Parts;
use super::zone::Abbreviation;

/// The time at the beginning of a text.
pub(super) fn parse(format: &TimeFormat, text: &str) -> Option<Parts> {
    let found = format.read(text)?;
    let (month, day) = found.month_day.unwrap_or((0, 0));
    let (hour, minute, second) = found.clock.unwrap_or((0, 0, 0));
    Some(Parts {
        year: found.year.map(i64::from),
        month,
        day,
        hour,
        minute,
        second,
        micros: found.nanoseconds / 1000,
        clock: found.clock.is_some() || found.epoch.is_some(),
        offset: found.offset.map(i64::from),
        zone: found.zone,
        abbreviation: found.abbreviation.and_then(|(letters, length)| Abbreviation::new(letters.get(..length)?)),
        epoch: found.epoch,
        ..Parts::default()
    })
}
