//! What props.conf says about how files become events: where events end, how their time is found, which names they get.

use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;
use fancy_regex::Regex;

use crate::report::LoadError;
use crate::timestamp::{Abbreviation, Found, LOOKAHEAD, TimeFormat, TimeReader, aliases};

/// Index-time settings of a sourcetype, source or host (Splunk admin manual, props.conf). None stands for Splunk's
/// default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexTimeRules {
    /// `TIME_PREFIX`: a regular expression; the time follows its match.
    pub time_prefix: Option<String>,
    /// `TIME_FORMAT`: strptime conversions; the time stands at the event's beginning or behind `TIME_PREFIX`.
    pub time_format: Option<String>,
    /// `MAX_TIMESTAMP_LOOKAHEAD` in bytes; 0 and -1 for no limit.
    pub max_timestamp_lookahead: Option<i64>,
    /// `TZ`: the zone of times that don't name one.
    pub time_zone: Option<String>,
    /// `TZ_ALIAS`: zones that short names stand for, `EST=GMT+10:00,EDT=GMT+11:00`.
    pub tz_alias: Option<String>,
    /// `MAX_DAYS_AGO`: how many days before the current time an event's time may lie; an older one is no time. Without the
    /// setting any time counts (Splunk: 2000).
    pub max_days_ago: Option<i64>,
    /// `MAX_DAYS_HENCE`: how many days after the current time an event's time may lie. Without the setting only numbers that
    /// begin an event or stand in brackets are bound, by 2 days.
    pub max_days_hence: Option<i64>,
    /// `DATETIME_CONFIG`: `CURRENT` gives every event the current time, `NONE` leaves times in events alone; a path
    /// has no effect.
    pub datetime_config: Option<String>,
    /// `SHOULD_LINEMERGE`: whether lines are put together into events.
    pub should_linemerge: Option<bool>,
    /// `LINE_BREAKER`: a regular expression whose first group separates lines and is dropped.
    pub line_breaker: Option<String>,
    /// `BREAK_ONLY_BEFORE`: lines that it matches begin an event.
    pub break_only_before: Option<String>,
    /// `BREAK_ONLY_BEFORE_DATE`: lines with a time begin an event.
    pub break_only_before_date: Option<bool>,
    /// `MUST_BREAK_AFTER`: the line after one that it matches begins an event.
    pub must_break_after: Option<String>,
    /// `MUST_NOT_BREAK_BEFORE`: lines that it matches never begin an event.
    pub must_not_break_before: Option<String>,
    /// `MUST_NOT_BREAK_AFTER`: the line after one that it matches begins no event, up to a match of
    /// `MUST_BREAK_AFTER`.
    pub must_not_break_after: Option<String>,
    /// `MAX_EVENTS`: the most lines of an event.
    pub max_events: Option<i64>,
    /// `TRUNCATE`: the most bytes of a line; 0, and none, for no limit.
    pub truncate: Option<i64>,
    /// `INDEXED_EXTRACTIONS`: `csv`, `tsv`, `psv`, `w3c`, `json`; the format of the file, whatever it looks like.
    pub indexed_extractions: Option<String>,
    /// `TIMESTAMP_FIELDS`: the fields of a record that make its time, joined with blanks.
    pub timestamp_fields: Vec<String>,
    /// `HEADER_FIELD_LINE_NUMBER`: the line of the header, from 1; 0 for the first one.
    pub header_field_line_number: Option<i64>,
    /// `HEADER_FIELD_DELIMITER`: what separates the names in the header.
    pub header_field_delimiter: Option<String>,
    /// `FIELD_DELIMITER`: what separates values.
    pub field_delimiter: Option<String>,
    /// `FIELD_NAMES`: the names of the values, for a file without a header.
    pub field_names: Vec<String>,
    /// `sourcetype`: the sourcetype of these files.
    pub sourcetype: Option<String>,
    /// Whether `KV_MODE = none` switches the automatic `key=value` fields off.
    pub without_pairs: bool,
}

/// Tells the rules of a sourcetype, source and host.
#[derive(Clone)]
pub struct RuleSource(Arc<Tell>);

type Tell = dyn Fn(&str, &str, &str) -> IndexTimeRules + Send + Sync;

impl RuleSource {
    /// Rules that a function tells from sourcetype, source and host.
    pub fn new(rules: impl Fn(&str, &str, &str) -> IndexTimeRules + Send + Sync + 'static) -> Self {
        Self(Arc::new(rules))
    }

    /// The rules of a sourcetype, source and host.
    pub fn rules(&self, sourcetype: &str, source: &str, host: &str) -> IndexTimeRules {
        (self.0)(sourcetype, source, host)
    }
}

impl fmt::Debug for RuleSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RuleSource")
    }
}

/// Rules ready for use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) time: TimeRules,
    pub(crate) breaking: Breaking,
    pub(crate) time_zone: Option<Tz>,
    pub(crate) aliases: Arc<[(Abbreviation, i64)]>,
    pub(crate) timestamp_fields: Vec<String>,
    pub(crate) without_pairs: bool,
}

/// How the time of an event is found in its text.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimeRules {
    prefix: Option<Regex>,
    pub(crate) format: Option<TimeFormat>,
    /// Bytes from the prefix.
    lookahead: Option<usize>,
    days_ago: Option<i64>,
    days_hence: Option<i64>,
    pub(crate) config: TimeConfig,
}

/// Where times come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimeConfig {
    /// The events.
    #[default]
    Recognised,
    /// The current time.
    Current,
    /// Not from the events.
    None,
}

/// Where events end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breaking {
    /// What separates lines, when it is not a line feed.
    pub(crate) breaker: Option<Regex>,
    /// How lines are put together; none when each is an event.
    pub(crate) merge: Option<Merge>,
    pub(crate) truncate: Option<usize>,
    /// Whether the settings say how lines are put together.
    pub(crate) explicit: bool,
}

/// How lines are put together into events.
#[derive(Clone, Debug)]
pub(crate) struct Merge {
    pub(crate) before: Option<Regex>,
    pub(crate) before_date: bool,
    pub(crate) after: Option<Regex>,
    pub(crate) not_before: Option<Regex>,
    pub(crate) not_after: Option<Regex>,
    pub(crate) most_lines: usize,
}

impl Default for Merge {
    fn default() -> Self {
        Self { before: None, before_date: true, after: None, not_before: None, not_after: None, most_lines: 256 }
    }
}

impl Rules {
    /// Compiles settings; `sourcetype` is for messages.
    pub(crate) fn new(settings: &IndexTimeRules, sourcetype: &str) -> Result<Self, LoadError> {
        let failed =
            |setting: &'static str, message: String| LoadError::Rule { sourcetype: sourcetype.to_owned(), setting, message };
        let regex = |setting: &'static str, text: &Option<String>| {
            let compiled = text.as_deref().map(Regex::new).transpose();
            compiled.map_err(|error| failed(setting, error.to_string()))
        };
        let breaker = match settings.line_breaker.as_deref() {
            // Splunk's default, and its plainest forms.
            None | Some(r"([\r\n]+)" | r"([\n\r]+)" | r"(\n)" | r"(\r\n)" | r"(\r?\n)" | r"([\r\n])" | r"(\r*\n)") => None,
            Some(_) => regex("LINE_BREAKER", &settings.line_breaker)?,
        };
        if breaker.as_ref().is_some_and(|breaker| breaker.captures_len() < 2) {
            return Err(failed("LINE_BREAKER", "has no group, which is what is dropped between lines".to_owned()));
        }
        let merge = Merge {
            before: regex("BREAK_ONLY_BEFORE", &settings.break_only_before)?,
            before_date: settings.break_only_before_date.unwrap_or(true),
            after: regex("MUST_BREAK_AFTER", &settings.must_break_after)?,
            not_before: regex("MUST_NOT_BREAK_BEFORE", &settings.must_not_break_before)?,
            not_after: regex("MUST_NOT_BREAK_AFTER", &settings.must_not_break_after)?,
            most_lines: settings.max_events.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0).unwrap_or(256),
        };
        let says = merge.before.is_some() || merge.after.is_some() || merge.not_before.is_some() || merge.not_after.is_some();
        let explicit = settings.should_linemerge.is_some() || settings.break_only_before_date.is_some() || says;
        let merges = settings.should_linemerge.unwrap_or(true);
        let config = match settings.datetime_config.as_deref().map(str::trim) {
            Some(word) if word.eq_ignore_ascii_case("current") => TimeConfig::Current,
            Some(word) if word.eq_ignore_ascii_case("none") => TimeConfig::None,
            _ => TimeConfig::Recognised,
        };
        let format = settings.time_format.as_deref().map(TimeFormat::new).transpose();
        let time_zone = settings.time_zone.as_deref().map(|name| {
            let name = name.trim();
            name.parse::<Tz>().map_err(|_| failed("TZ", format!("`{name}` is not a time zone")))
        });
        Ok(Self {
            time: TimeRules {
                prefix: regex("TIME_PREFIX", &settings.time_prefix)?,
                format: format.map_err(|message| failed("TIME_FORMAT", message))?,
                lookahead: match settings.max_timestamp_lookahead {
                    None => Some(LOOKAHEAD),
                    Some(limit) => usize::try_from(limit).ok().filter(|limit| *limit > 0),
                },
                days_ago: settings.max_days_ago,
                days_hence: settings.max_days_hence,
                config,
            },
            breaking: Breaking {
                breaker,
                merge: (merges && (explicit || settings.should_linemerge == Some(true))).then_some(merge),
                truncate: settings.truncate.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0),
                explicit,
            },
            time_zone: time_zone.transpose()?,
            aliases: match settings.tz_alias.as_deref() {
                Some(text) => aliases(text)
                    .ok_or_else(|| failed("TZ_ALIAS", format!("`{text}` is not a list such as `EST=GMT+10:00`")))?
                    .into(),
                None => Arc::default(),
            },
            timestamp_fields: settings.timestamp_fields.clone(),
            without_pairs: settings.without_pairs,
        })
    }
}

impl TimeRules {
    /// Whether the time comes from the event's text, whatever its fields say.
    pub(crate) fn reads_text(&self) -> bool {
        self.prefix.is_some() || self.format.is_some()
    }

    /// Bytes in which a time is looked for.
    pub(crate) fn lookahead(&self) -> usize {
        self.lookahead.unwrap_or(usize::MAX)
    }

    /// The time in an event's text.
    pub(crate) fn find(&self, reader: &TimeReader, text: &str) -> Option<Found> {
        if self.config != TimeConfig::Recognised {
            return None;
        }
        let start = match &self.prefix {
            Some(prefix) => prefix.find(text).ok().flatten()?.end(),
            None => 0,
        };
        let text = text.get(start..)?;
        let found = match &self.format {
            Some(format) => reader.formatted(format, &text[..text.floor_char_boundary(self.lookahead())]),
            None => reader.find_within(text, self.lookahead()),
        };
        let days = |days: i64| days as f64 * 86_400.0;
        let oldest = self.days_ago.map_or(f64::NEG_INFINITY, |ago| reader.now() - days(ago));
        let newest = self.days_hence.map_or(f64::INFINITY, |hence| reader.now() + days(hence));
        found.filter(|found| (oldest..=newest).contains(&found.seconds))
    }
}
