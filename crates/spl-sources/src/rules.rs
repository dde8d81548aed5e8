//! What props.conf says about how files become events: where events end, how their time is found, which names they get.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;
use spl_functions::pattern::Pattern;

use crate::automatic_fields::AutomaticFields;
use crate::index_time::{IndexTransform, IngestEvaluator};
use crate::timestamp::{Abbreviation, Found, LOOKAHEAD, TimeFormat, TimeReader, aliases, named_zone};

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
    /// `MAX_DIFF_SECS_AGO`: how many seconds before the time of the event before a time may lie that is written in another
    /// form than most; one further away is counted. 3600 when only the other limit is set, no check without both.
    pub max_diff_secs_ago: Option<i64>,
    /// `MAX_DIFF_SECS_HENCE`: the same for times behind that of the event before; 604800 when only the other one is set.
    pub max_diff_secs_hence: Option<i64>,
    /// `ROUTE_EVENTS_OLDER_THAN`: events that lie more seconds before the current time are left out, and counted.
    pub route_events_older_than: Option<i64>,
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
    /// `CHARSET`: the encoding of the files.
    pub charset: Option<String>,
    /// `PREAMBLE_REGEX`: lines before the header that it matches are left out.
    pub preamble_regex: Option<String>,
    /// `FIELD_HEADER_REGEX`: the header is what follows its match.
    pub field_header_regex: Option<String>,
    /// `FIELD_QUOTE`: what values stand in when they hold the delimiter.
    pub field_quote: Option<String>,
    /// `HEADER_FIELD_QUOTE`: the same for the header.
    pub header_field_quote: Option<String>,
    /// `HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS`: characters that names keep.
    pub acceptable_special_characters: Option<String>,
    /// `MISSING_VALUE_REGEX`: values that it matches are none.
    pub missing_value_regex: Option<String>,
    /// `JSON_TRIM_BRACES_IN_ARRAY_NAMES`: names of lists are without `{}`.
    pub json_trim_braces: bool,
    /// `CHECK_FOR_HEADER`: a first line of names is a header, whatever the sourcetype.
    pub check_for_header: bool,
    /// `DETERMINE_TIMESTAMP_DATE_WITH_SYSTEM_TIME`: a time of day alone is one of the current date.
    pub date_with_system_time: bool,
    /// `SEDCMD-` in the order of the classes: the script, and its file and line.
    pub sed_commands: Vec<(String, String)>,
    /// The transforms that `TRANSFORMS-` and then `RULESET-` name, in the order of the classes.
    pub transforms: Vec<IndexTransform>,
    /// What is wrong with the settings beyond this: transforms that are not defined.
    pub problems: Vec<String>,
    /// Files and lines of settings, by their names.
    pub origins: BTreeMap<&'static str, String>,
    /// Whether an app or the knowledge pack defines fields of the sourcetype, source or host.
    pub is_mapped: bool,
    /// Whether an app has a stanza for the sourcetype, so that its files have a header only where the settings say so.
    pub is_known: bool,
    /// `KV_MODE`, `AUTO_KV_JSON`, `KV_TRIM_SPACES`: what is looked for in the text of events.
    pub automatic: AutomaticFields,
}

/// Tells the rules of a sourcetype, source and host.
#[derive(Clone)]
pub struct RuleSource {
    tell: Arc<Tell>,
    evaluator: Option<Arc<dyn IngestEvaluator>>,
    changes_events: bool,
}

type Tell = dyn Fn(&str, &str, &str) -> IndexTimeRules + Send + Sync;

impl RuleSource {
    /// Rules that a function tells from sourcetype, source and host.
    pub fn new(rules: impl Fn(&str, &str, &str) -> IndexTimeRules + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(rules), evaluator: None, changes_events: true }
    }

    /// With what evaluates `INGEST_EVAL` and `STOP_PROCESSING_IF`.
    #[must_use]
    pub fn with_evaluator(self, evaluator: Arc<dyn IngestEvaluator>) -> Self {
        Self { evaluator: Some(evaluator), ..self }
    }

    /// With the promise that no rules have sed scripts or transforms, so that no event needs to be asked about.
    #[must_use]
    pub fn without_changes(self) -> Self {
        Self { changes_events: false, ..self }
    }

    /// What evaluates expressions.
    pub(crate) fn evaluator(&self) -> Option<&Arc<dyn IngestEvaluator>> {
        self.evaluator.as_ref()
    }

    /// Whether rules may have sed scripts or transforms.
    pub(crate) fn changes_events(&self) -> bool {
        self.changes_events
    }

    /// The rules of a sourcetype, source and host.
    pub fn rules(&self, sourcetype: &str, source: &str, host: &str) -> IndexTimeRules {
        (self.tell)(sourcetype, source, host)
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
    /// What stands for no value.
    pub(crate) missing_value: Option<Arc<Pattern>>,
    pub(crate) json_trim_braces: bool,
    pub(crate) automatic: AutomaticFields,
}

/// How the time of an event is found in its text.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimeRules {
    prefix: Option<Arc<Pattern>>,
    pub(crate) format: Option<TimeFormat>,
    /// Bytes from the prefix.
    lookahead: Option<usize>,
    days_ago: Option<i64>,
    days_hence: Option<i64>,
    /// Seconds before and behind the event before.
    pub(crate) spread: Option<(i64, i64)>,
    /// Seconds that events may be old.
    pub(crate) oldest: Option<i64>,
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
    pub(crate) breaker: Option<Arc<Pattern>>,
    /// How lines are put together; none when each is an event.
    pub(crate) merge: Option<Merge>,
    pub(crate) truncate: Option<usize>,
    /// Whether the settings say how lines are put together.
    pub(crate) explicit: bool,
}

/// How lines are put together into events.
#[derive(Clone, Debug)]
pub(crate) struct Merge {
    pub(crate) before: Option<Arc<Pattern>>,
    pub(crate) before_date: bool,
    pub(crate) after: Option<Arc<Pattern>>,
    pub(crate) not_before: Option<Arc<Pattern>>,
    pub(crate) not_after: Option<Arc<Pattern>>,
    pub(crate) most_lines: usize,
}

impl Default for Merge {
    fn default() -> Self {
        Self { before: None, before_date: true, after: None, not_before: None, not_after: None, most_lines: 256 }
    }
}

impl Rules {
    /// Compiles settings. What can't be used is left out, as if it were not there; `problems` gets a message for it.
    pub(crate) fn new(settings: &IndexTimeRules, sourcetype: &str, problems: &mut Vec<String>) -> Self {
        problems.extend(settings.problems.iter().cloned());
        let mut problem = |setting: &str, message: &str| {
            let place = settings.origins.get(setting).map(|origin| format!("{origin}: ")).unwrap_or_default();
            problems.push(format!("{place}`{setting}` of `{sourcetype}`: {message}"));
        };
        let mut regex = |setting: &str, text: &Option<String>| {
            let compiled = text.as_deref().map(Pattern::new)?;
            compiled.map(Arc::new).map_err(|message| problem(setting, &message)).ok()
        };
        let plain_breaker = match settings.line_breaker.as_deref() {
            // Splunk's default, and its plainest forms.
            None | Some(r"([\r\n]+)" | r"([\n\r]+)" | r"(\n)" | r"(\r\n)" | r"(\r?\n)" | r"([\r\n])" | r"(\r*\n)") => true,
            Some(_) => false,
        };
        let breaker = if plain_breaker { None } else { regex("LINE_BREAKER", &settings.line_breaker) };
        let time_prefix = regex("TIME_PREFIX", &settings.time_prefix);
        let merge = Merge {
            before: regex("BREAK_ONLY_BEFORE", &settings.break_only_before),
            before_date: settings.break_only_before_date.unwrap_or(true),
            after: regex("MUST_BREAK_AFTER", &settings.must_break_after),
            not_before: regex("MUST_NOT_BREAK_BEFORE", &settings.must_not_break_before),
            not_after: regex("MUST_NOT_BREAK_AFTER", &settings.must_not_break_after),
            most_lines: settings.max_events.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0).unwrap_or(256),
        };
        let missing_value = regex("MISSING_VALUE_REGEX", &settings.missing_value_regex);
        let has_group = breaker.as_ref().is_none_or(|breaker| breaker.group_names().len() > 1);
        if !has_group {
            problem("LINE_BREAKER", "has no group, which is what is dropped between lines; lines end at line breaks");
        }
        let breaker = breaker.filter(|_| has_group);
        let says = merge.before.is_some() || merge.after.is_some() || merge.not_before.is_some() || merge.not_after.is_some();
        let explicit = settings.should_linemerge.is_some() || settings.break_only_before_date.is_some() || says;
        let merges = settings.should_linemerge.unwrap_or(true);
        let config = match settings.datetime_config.as_deref().map(str::trim) {
            Some(word) if word.eq_ignore_ascii_case("current") => TimeConfig::Current,
            Some(word) if word.eq_ignore_ascii_case("none") => TimeConfig::None,
            _ => TimeConfig::Recognised,
        };
        let format = settings
            .time_format
            .as_deref()
            .and_then(|text| TimeFormat::new(&without_widths(text)).map_err(|message| problem("TIME_FORMAT", &message)).ok());
        let time_zone = settings.time_zone.as_deref().and_then(|name| {
            let zone = named_zone(name);
            if zone.is_none() {
                problem("TZ", &format!("`{name}` is not a time zone"));
            }
            zone
        });
        let aliases = settings.tz_alias.as_deref().and_then(|text| {
            let read = aliases(text);
            if read.is_none() {
                problem("TZ_ALIAS", &format!("`{text}` is not a list such as `EST=GMT+10:00`"));
            }
            read
        });
        Self {
            time: TimeRules {
                prefix: time_prefix,
                format,
                lookahead: match settings.max_timestamp_lookahead {
                    None => Some(LOOKAHEAD),
                    Some(limit) => usize::try_from(limit).ok().filter(|limit| *limit > 0),
                },
                days_ago: settings.max_days_ago,
                days_hence: settings.max_days_hence,
                spread: (settings.max_diff_secs_ago.is_some() || settings.max_diff_secs_hence.is_some())
                    .then_some((settings.max_diff_secs_ago.unwrap_or(3600), settings.max_diff_secs_hence.unwrap_or(604_800))),
                oldest: settings.route_events_older_than,
                config,
            },
            breaking: Breaking {
                breaker,
                merge: (merges && (explicit || settings.should_linemerge == Some(true))).then_some(merge),
                truncate: settings.truncate.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0),
                explicit,
            },
            time_zone,
            aliases: aliases.map_or_else(Arc::default, Into::into),
            timestamp_fields: settings.timestamp_fields.clone(),
            missing_value,
            json_trim_braces: settings.json_trim_braces,
            automatic: settings.automatic,
        }
    }
}

/// A format without the widths of its conversions, which `strptime` allows (`%10s%3N`); sub-seconds keep theirs.
fn without_widths(format: &str) -> String {
    let mut plain = String::with_capacity(format.len());
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let behind = &rest[at + 1..];
        let letter = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        plain.push_str(&rest[..=at]);
        rest = if letter.starts_with(['N', 'Q', 'f', '%']) || !letter.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let taken = behind.len() - letter.len() + letter.chars().next().map_or(0, char::len_utf8);
            plain.push_str(&behind[..taken]);
            &behind[taken..]
        } else {
            letter
        };
    }
    plain.push_str(rest);
    plain
}

impl TimeRules {
    /// Whether the time comes from the event's text, whatever its fields say.
    pub(crate) fn reads_text(&self) -> bool {
        self.prefix.is_some() || self.format.is_some()
    }

    /// Whether an expression says what stands before the time.
    pub(crate) fn has_prefix(&self) -> bool {
        self.prefix.is_some()
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
            Some(prefix) => prefix.first_end(text)?,
            None => 0,
        };
        let text = text.get(start..)?;
        let found = match &self.format {
            Some(format) => reader.formatted(format, &text[..text.floor_char_boundary(self.lookahead())]),
            None => reader.find_within(text, self.lookahead()),
        };
        let found = found.filter(|found| self.accepts(reader, found))?;
        Some(Found { place: found.place + start, ..found })
    }

    /// Whether a time lies within `MAX_DAYS_AGO` and `MAX_DAYS_HENCE`.
    pub(crate) fn accepts(&self, reader: &TimeReader, found: &Found) -> bool {
        let days = |days: i64| days as f64 * 86_400.0;
        self.days_ago.is_none_or(|ago| found.seconds >= reader.now() - days(ago))
            && self.days_hence.is_none_or(|hence| found.seconds <= reader.now() + days(hence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_of_conversions_are_left_out() {
        for (format, plain) in [
            ("%10s%3N", "%s%3N"),
            ("%4Y-%2m", "%Y-%m"),
            ("%d %%10s", "%d %%10s"),
            ("%Y%", "%Y%"),
            ("%H:%M:%S.%6%z", "%H:%M:%S.%6%z"),
        ] {
            assert_eq!(without_widths(format), plain);
        }
    }
}
