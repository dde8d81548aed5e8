//! Cron lines as Splunk reads them, and the times that they name.

use std::str::FromStr;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use croner::Cron;

/// When a search runs: the five fields of a cron line.
#[derive(Clone, Debug)]
pub struct CronSchedule {
    cron: Cron,
}

impl CronSchedule {
    /// Reads a cron line: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday), each with `*`, numbers,
    /// lists, ranges and steps. The error says what is wrong.
    ///
    /// Source: Splunk admin manual, savedsearches.conf, cron_schedule: names of months and days are not supported.
    ///
    /// # Errors
    /// A line of another form, and one that names no day that ever comes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            let count = fields.len();
            return Err(format!(
                "`{text}` is no cron line: it has {count} fields, not 5 (minute, hour, day, month, day of the week)"
            ));
        }
        if let Some(field) = fields.iter().find(|field| field.contains(|one: char| one.is_alphabetic())) {
            return Err(format!("`{text}` is no cron line for Splunk: `{field}` names a month or day, which must be a number"));
        }
        if let Some(strange) = text.chars().find(|one| !one.is_ascii_digit() && !" \t*,-/".contains(*one)) {
            return Err(format!("`{text}` is no cron line: `{strange}` has no meaning in it"));
        }
        let cron = Cron::from_str(&fields.join(" ")).map_err(|problem| {
            let problem = problem.to_string();
            let told = problem.split_once(": ").map_or(problem.as_str(), |(_, told)| told).trim_end_matches('.');
            format!("`{text}` is no cron line: {told}")
        })?;
        let schedule = Self { cron };
        match schedule.next(0.0, Tz::UTC) {
            Some(_) => Ok(schedule),
            None => Err(format!("the cron line `{text}` never comes: no month has such a day")),
        }
    }

    /// The first time after a time, in epoch seconds; none when there is none.
    pub fn next(&self, after: f64, zone: Tz) -> Option<f64> {
        let next = self.cron.find_next_occurrence(&local(after.floor(), zone)?, false).ok()?;
        Some(next.timestamp() as f64)
    }

    /// The last time that is not after a time; none when there is none.
    pub fn last(&self, until: f64, zone: Tz) -> Option<f64> {
        let last = self.cron.find_previous_occurrence(&local(until.floor(), zone)?, true).ok()?;
        Some(last.timestamp() as f64)
    }
}

fn local(time: f64, zone: Tz) -> Option<DateTime<Tz>> {
    // What lies outside of the calendar has no next minute.
    if !(-6.0e10..2.5e11).contains(&time) {
        return None;
    }
    zone.timestamp_opt(time as i64, 0).single()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// 12 March 2025, 08:00 UTC.
    const MORNING: f64 = 1_741_766_400.0;

    fn next(line: &str, after: f64, zone: Tz) -> f64 {
        CronSchedule::parse(line).unwrap().next(after, zone).unwrap()
    }

    #[test]
    fn times_of_cron_lines() {
        for (line, expected) in [
            ("0 * * * *", MORNING + 3_600.0),
            ("*/5 * * * *", MORNING + 300.0),
            ("03,23,43 * * * *", MORNING + 180.0),
            ("10 0 * * *", MORNING + 16.0 * 3_600.0 + 600.0),
            ("0 9-17/4 * * *", MORNING + 3_600.0),
            // 12 March 2025 is a Wednesday; either the day of the month or that of the week counts.
            ("0 0 * * 0", MORNING + 3.0 * 86_400.0 + 16.0 * 3_600.0),
            ("0 0 * * 7", MORNING + 3.0 * 86_400.0 + 16.0 * 3_600.0),
            ("0 0 13 * 0", MORNING + 16.0 * 3_600.0),
        ] {
            assert_eq!(next(line, MORNING, Tz::UTC), expected, "{line}");
        }
        assert_eq!(next("0 9 * * *", MORNING, Tz::Europe__Berlin), MORNING + 24.0 * 3_600.0, "it is 9 there");
        assert_eq!(next("0 9 * * *", MORNING - 0.5, Tz::Europe__Berlin), MORNING);
    }

    #[test]
    fn times_before() {
        let daily = CronSchedule::parse("10 0 * * *").unwrap();
        assert_eq!(daily.last(MORNING, Tz::UTC), Some(MORNING - 8.0 * 3_600.0 + 600.0));
        assert_eq!(CronSchedule::parse("0 * * * *").unwrap().last(MORNING, Tz::UTC), Some(MORNING));
    }

    #[test]
    fn hours_that_clocks_skip() {
        // 30 March 2025, 02:30 does not exist in Berlin.
        let before = 1_743_289_200.0;
        let next = next("30 2 * * *", before, Tz::Europe__Berlin);
        assert!(next > before && next < before + 86_400.0, "{next}");
    }

    #[test]
    fn what_is_no_cron_line() {
        for (line, told) in [
            ("0 * * *", "`0 * * *` is no cron line: it has 4 fields, not 5 (minute, hour, day, month, day of the week)"),
            ("0 0 * * MON", "`0 0 * * MON` is no cron line for Splunk: `MON` names a month or day, which must be a number"),
            ("0 0 30 2 *", "the cron line `0 0 30 2 *` never comes: no month has such a day"),
            ("0 0 ? * *", "`0 0 ? * *` is no cron line: `?` has no meaning in it"),
        ] {
            assert_eq!(CronSchedule::parse(line).unwrap_err(), told);
        }
        assert!(CronSchedule::parse("61 * * * *").unwrap_err().starts_with("`61 * * * *` is no cron line: "));
        assert!(CronSchedule::parse("*/0 * * * *").is_err());
    }
}
