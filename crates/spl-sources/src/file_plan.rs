//! What all parts of a file share: its format, the rules for its events, what was found in its head.

use std::sync::{Arc, Mutex};

use crate::breaking;
use crate::envelope::Envelope;
use crate::event::EventRules;
use crate::format::Format;
use crate::headed::{Header, Headers};
use crate::index_time::Steps;
use crate::options::LoadOptions;
use crate::report::{FileReport, Likely, Warnings};
use crate::role::Defaults;
use crate::rules::Rules;
use crate::separated::Dialect;
use crate::timestamp::{DateOrder, TimeReader};

/// What all parts of a file share.
pub(crate) struct FilePlan {
    pub(crate) path: String,
    pub(crate) format: Format,
    pub(crate) compressed: String,
    pub(crate) bytes: u64,
    pub(crate) modified: Option<f64>,
    pub(crate) defaults: Arc<Defaults>,
    /// The header of a separated file.
    pub(crate) names: Vec<String>,
    /// How a separated file is written.
    pub(crate) dialect: Dialect,
    /// The comment lines at the beginning of a log that has its header there.
    pub(crate) header: Option<Header>,
    /// The headers of a file whose fields change on the way.
    pub(crate) headers: Mutex<Headers>,
    /// What its events look like, when nothing maps their sourcetype.
    pub(crate) looks_like: Option<Likely>,
    /// What its JSON events are wrapped in.
    pub(crate) envelope: Envelope,
    pub(crate) rules: Rules,
    /// What changes its events.
    pub(crate) steps: Option<Arc<Steps>>,
    /// Whether the fields of JSON are indexed ones.
    pub(crate) indexed_json: bool,
    /// The date of events that show a time of day only, before any event showed a date.
    pub(crate) day: Option<(i64, u32, u32)>,
    /// Whether that is the current date (`DETERMINE_TIMESTAMP_DATE_WITH_SYSTEM_TIME`).
    pub(crate) today: bool,
    /// Whether it is read in one part, as the dates of events are those of the events before them.
    pub(crate) whole: bool,
    /// What comes first in dates of numbers.
    pub(crate) order: Option<DateOrder>,
    pub(crate) warnings: Warnings,
}

impl FilePlan {
    pub(crate) fn report(&self) -> FileReport {
        FileReport {
            path: self.path.clone(),
            format: self.format,
            compressed: self.compressed.clone(),
            events: 0,
            passed_over: 0,
            bytes: self.bytes,
            without_time: 0,
            without_zone: 0,
            looks_like: self.looks_like,
            warnings: Vec::new(),
        }
    }

    /// Whether a part of it is any run of lines.
    pub(crate) fn is_read_by_line(&self) -> bool {
        self.format.is_lines() || self.format == Format::Ndjson
    }

    /// Where the last event of a text ends and the next one begins, when one begins there.
    pub(crate) fn end_of_event(&self, text: &[u8], times: &TimeReader) -> std::io::Result<Option<(usize, usize)>> {
        if self.format.is_lines() && self.breaks_itself() {
            return breaking::last(text, &self.rules.breaking, times, &self.rules.time);
        }
        Ok(memchr::memrchr(b'\n', text).map(|end| (end + 1, end + 1)))
    }

    /// What reads the times of its events.
    pub(crate) fn times(&self, options: &LoadOptions) -> TimeReader {
        TimeReader::new(self.rules.time_zone.unwrap_or(options.time_zone), options.now)
            .with_day(self.day)
            .with_today(self.today)
            .with_order(self.order)
            .with_aliases(&self.rules.aliases)
    }

    /// What its events share.
    pub(crate) fn of_events(&self) -> EventRules<'_> {
        EventRules {
            rules: &self.rules,
            format: self.format,
            indexed_json: self.indexed_json,
            defaults: &self.defaults,
            steps: self.steps.as_ref(),
        }
    }

    /// Whether events are something else than lines.
    pub(crate) fn breaks_itself(&self) -> bool {
        self.rules.breaking.breaker.is_some() || self.rules.breaking.merge.is_some()
    }
}
