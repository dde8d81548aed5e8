//! Ends events: finds their time, sets their origin, adds the names that Windows events always have.

mod change;

use std::borrow::Cow;
use std::sync::Arc;

use hashbrown::HashMap;
use spl_functions::pattern::Pattern;

use crate::automatic;
use crate::automatic_fields::{AutomaticFields, PairRules};
use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::embedded::Adder;
use crate::format::Format;
use crate::index_time::Steps;
use crate::options::{FieldSelection, KeptTexts, LoadOptions};
use crate::pairs;
use crate::report::WarningKind;
use crate::role::{Defaults, FIRST_TIME, ROLES, Role, Slots, TIMES};
use crate::rules::{RuleSource, Rules, TimeConfig};
use crate::timestamp::{FarTimes, Found, TimeReader};
use crate::windows_text::{self, Classic};
use crate::xml::{Place, XmlReader};

/// What the events of a file share.
pub(crate) struct EventRules<'o> {
    pub(crate) rules: &'o Rules,
    pub(crate) format: Format,
    /// Whether the fields of JSON are indexed ones.
    pub(crate) indexed_json: bool,
    pub(crate) defaults: &'o Defaults,
    /// What changes the events.
    pub(crate) steps: Option<&'o Arc<Steps>>,
}

/// Ends events: sets what every event has.
pub(crate) struct EventFinisher<'o> {
    options: &'o LoadOptions,
    rules: &'o Rules,
    pub(crate) times: TimeReader,
    /// The time of the event being read, when its reader found it.
    pub(crate) known_time: Option<Found>,
    /// The time that the fields say which the sourcetype names for it (`TIMESTAMP_FIELDS`).
    pub(crate) stamped_time: Option<Found>,
    /// The time in a column whose name sounds like one, for a record that shows no other.
    pub(crate) column_time: Option<Found>,
    /// Events so far whose time was not found.
    pub(crate) without_time: u64,
    /// Times so far that name no zone.
    pub(crate) without_zone: u64,
    /// What watches times for such as lie far from the one before.
    far: Option<FarTimes>,
    /// What props.conf says about sourcetypes that events name themselves.
    kinds: Vec<Kind>,
    /// The one of them that the event before had.
    last_kind: usize,
    /// Whether events may keep their texts.
    pub(crate) keeps_raw: bool,
    texts: Texts<'o>,
    wants_event_code: bool,
    wants_computer: bool,
    scratch: String,
    /// Whether an event may be looked at as XML or as a table: the file's sourcetype says so, or events name their own.
    reads_documents: bool,
    /// Whether fields are looked for in texts that came inside another format.
    pub(crate) reads_own_text: bool,
    xml: Option<XmlReader<'o>>,
    /// The columns that nearly every event sets, once they are made.
    columns: [u32; SET.len()],
    format: Format,
    /// Whether the fields of JSON are indexed (`INDEXED_EXTRACTIONS = json`).
    indexed_json: bool,
    defaults: &'o Defaults,
    /// Whether sed scripts and transforms may change events.
    changes_events: bool,
    /// The steps of events that have the file's names.
    steps: Option<Arc<Steps>>,
    known_steps: change::KnownSteps,
}

/// Which events keep their texts.
struct Texts<'o> {
    /// What says so; none when all keep them.
    kept: Option<&'o KeptTexts>,
    /// What it said by the keys of sourcetype, source and host in their columns.
    of_origin: HashMap<[u32; 3], bool>,
    last: Option<([u32; 3], bool)>,
    /// How many kept theirs.
    count: u32,
}

/// What props.conf says about a sourcetype at search time.
#[derive(Clone, Debug)]
struct Kind {
    sourcetype: String,
    automatic: AutomaticFields,
}

/// Columns that are set at an event's end.
const SET: [(&str, ColumnKind); 7] = [
    ("_raw", ColumnKind::Unique),
    ("host", ColumnKind::Repeated),
    ("source", ColumnKind::Repeated),
    ("sourcetype", ColumnKind::Repeated),
    ("index", ColumnKind::Repeated),
    ("EventCode", ColumnKind::Field),
    ("Computer", ColumnKind::Field),
];
/// The fields that a record of `Get-WinEvent` has together.
const WINDOWS_RECORD: u64 = 1 << Role::LogName as u64 | 1 << Role::MachineName as u64 | 1 << Role::Id as u64;

const RAW: usize = 0;
const HOST: usize = 1;
const SOURCE: usize = 2;
const SOURCETYPE: usize = 3;
const INDEX: usize = 4;
const EVENT_CODE: usize = 5;
const COMPUTER: usize = 6;

impl<'o> EventFinisher<'o> {
    pub(crate) fn new(options: &'o LoadOptions, file: &EventRules<'o>, times: TimeReader) -> Self {
        Self {
            options,
            rules: file.rules,
            times,
            known_time: None,
            stamped_time: None,
            column_time: None,
            without_time: 0,
            without_zone: 0,
            far: file.rules.time.spread.map(FarTimes::new),
            kinds: Vec::new(),
            last_kind: 0,
            keeps_raw: options.fields.contains("_raw"),
            texts: Texts { kept: options.kept_texts.as_ref(), of_origin: HashMap::new(), last: None, count: 0 },
            wants_event_code: options.fields.contains("EventCode"),
            wants_computer: options.fields.contains("Computer"),
            scratch: String::new(),
            reads_documents: file.rules.automatic.reads_documents()
                || (options.sourcetype.is_none() && options.index_time.is_some()),
            reads_own_text: true,
            xml: None,
            columns: [u32::MAX; SET.len()],
            format: file.format,
            indexed_json: file.indexed_json,
            defaults: file.defaults,
            changes_events: options.index_time.as_ref().is_some_and(RuleSource::changes_events),
            steps: file.steps.cloned(),
            known_steps: change::KnownSteps::default(),
        }
    }

    /// Whether sed scripts, transforms or the like may change events.
    pub(crate) fn changes_events(&self) -> bool {
        self.changes_events || self.steps.is_some()
    }

    fn column(&mut self, builder: &mut ChunkBuilder<'_>, which: usize) -> u32 {
        if self.columns[which] == u32::MAX {
            let (name, kind) = SET[which];
            self.columns[which] = builder.column(name, kind);
        }
        self.columns[which]
    }

    pub(crate) fn selection(&self) -> &'o FieldSelection {
        &self.options.fields
    }

    /// How many bytes of a line are kept (`TRUNCATE`); a line that loses some is counted.
    pub(crate) fn cut(&self, builder: &mut ChunkBuilder<'_>, line: &[u8]) -> usize {
        match self.rules.breaking.truncate {
            Some(most) if line.len() > most => {
                let start = (0..4).find(|back| line.get(most - back).is_none_or(|byte| byte & 0xC0 != 0x80));
                let (number, shown) = (builder.lines, &line[..line.len().min(200)]);
                builder.warnings.add(WarningKind::Truncated, number, &String::from_utf8_lossy(shown));
                most - start.unwrap_or(0)
            }
            _ => line.len(),
        }
    }

    /// Ends the event whose fields were appended and noted in `slots`; `line` is its own text.
    pub(crate) fn finish(&mut self, builder: &mut ChunkBuilder<'_>, slots: &mut Slots, line: Option<Span>) {
        if let Some(own) = slots.raw() {
            self.own_text(builder, slots, own);
        } else if slots.present & WINDOWS_RECORD == WINDOWS_RECORD {
            self.windows_record(builder, slots);
        }
        // The text of an entry of the journal is its message.
        let journal = slots.get(Role::JournalMessage).filter(|_| slots.get(Role::RealtimeTimestamp).is_some());
        let raw = slots.raw().or(journal).or(line);
        if let Some(raw) = raw.filter(|_| self.reads_documents) {
            self.document(builder, slots, raw);
        }
        let column_time = self.column_time.take();
        let found = self.time(builder, slots, raw).filter(|found| found.clock || column_time.is_none()).or(column_time);
        let found = found.filter(|found| self.rules.time.accepts(&self.times, found));
        self.without_zone += u64::from(self.rules.time_zone.is_none() && found.is_some_and(|found| !found.zoned && found.clock));
        // `DATETIME_CONFIG = NONE` asks for no time.
        self.without_time += u64::from(found.is_none() && self.rules.time.config != TimeConfig::None);
        let time = found.map_or(f64::NAN, |found| found.seconds);
        self.times.note(time);
        if let (Some(far), Some(found)) = (&mut self.far, &found) {
            let text = raw.map(|raw| builder.text(raw)).unwrap_or_default();
            if far.is_far(found, &text) {
                let (line, example) = (builder.lines, text.into_owned());
                builder.warnings.add(WarningKind::FarTime, line, &example);
            }
        }
        if let Some(oldest) = self.rules.time.oldest
            && self.times.now() > 0.0
            && time < self.times.now() - oldest as f64
        {
            let example = raw.map(|raw| builder.text(raw).into_owned()).unwrap_or_default();
            let line = builder.lines;
            builder.warnings.add(WarningKind::TooOld, line, &example);
            builder.clear_row();
            slots.clear();
            return;
        }
        self.origin(builder, slots);
        if let Some(raw) = raw.filter(|_| self.keeps_raw && self.keeps_text(builder)) {
            self.texts.count += 1;
            let column = self.column(builder, RAW);
            builder.append(column, raw);
        }
        if !(self.changes_events && self.change(builder, raw, time)) {
            builder.finish_row(time);
        }
        slots.clear();
    }

    /// Whether the event being read keeps its text, now that it has its origin.
    fn keeps_text(&mut self, builder: &ChunkBuilder<'_>) -> bool {
        let Some(kept) = self.texts.kept.filter(|_| !self.changes_events()) else { return true };
        let columns = [SOURCETYPE, SOURCE, HOST].map(|which| self.columns[which]);
        let origin = columns.map(|column| builder.repeated_key(column));
        if let Some((last, keeps)) = self.texts.last
            && last == origin
        {
            return keeps;
        }
        let keeps = *self.texts.of_origin.entry(origin).or_insert_with(|| {
            let text =
                |column: u32, default: &str| builder.repeated_text(column).map_or_else(|| default.to_owned(), Cow::into_owned);
            let defaults = self.defaults;
            let sourcetype = text(columns[0], &defaults.sourcetype);
            kept.keeps(&sourcetype, &text(columns[1], &defaults.source), &text(columns[2], &defaults.host))
        });
        self.texts.last = Some((origin, keeps));
        keeps
    }

    /// How many events kept their texts so far.
    pub(crate) fn kept_texts(&self) -> u32 {
        self.texts.count
    }

    /// Adds the fields of an event's own text, which came inside another format.
    fn own_text(&mut self, builder: &mut ChunkBuilder<'_>, slots: &mut Slots, own: Span) {
        if !self.reads_own_text {
            return;
        }
        let text = builder.text(own);
        match text.as_bytes().first() {
            Some(b'<') if windows_text::is_event(text.as_bytes()) => {
                let text = text.into_owned();
                let selection = self.selection();
                let xml = self.xml.get_or_insert_with(|| XmlReader::new(selection));
                xml.read(builder, slots, text.as_bytes(), Place::Elsewhere, true);
            }
            Some(b'{') => {
                let text = text.into_owned();
                Adder::new(builder, self.selection()).json(&text);
            }
            Some(b'0'..=b'9') if windows_text::is_classic(text.as_bytes()) => {
                let text = text.into_owned();
                let found = Adder::new(builder, self.selection()).classic(&text);
                self.classic_origin(builder, slots, &found);
            }
            _ => {
                if let Some(rules) = self.automatic(builder, slots).pairs {
                    self.pairs(builder, own, rules);
                }
            }
        }
    }

    /// Adds what a record of `Get-WinEvent` has in Splunk: the names of rendered events, and the fields of its message.
    fn windows_record(&mut self, builder: &mut ChunkBuilder<'_>, slots: &Slots) {
        let text = |role: Role| slots.get(role).map(|span| builder.text(span).into_owned()).unwrap_or_default();
        let (log, computer, id, message) = (text(Role::LogName), text(Role::MachineName), text(Role::Id), text(Role::Message));
        let mut adder = Adder::new(builder, self.selection());
        for (name, value) in [("EventCode", &id), ("Channel", &log), ("Computer", &computer), ("ComputerName", &computer)] {
            adder.add(name, value);
        }
        windows_text::message(&message, |name, start, end| adder.add(name, &message[start..end]));
        self.classic_origin(builder, slots, &Classic { log, computer });
    }

    /// Adds a field of the event being read, unless the value is empty, the field is not selected or is there already.
    pub(crate) fn field(&self, builder: &mut ChunkBuilder<'_>, name: &str, value: &str) {
        let is_meta = Role::of(name).is_some_and(Role::is_meta);
        if value.is_empty() || is_meta || !self.options.fields.contains(name) || builder.has_value(name) {
            return;
        }
        let column = builder.column(name, ColumnKind::Field);
        let span = builder.place(value);
        builder.append(column, span);
    }

    /// A time that is in UTC, or in the zone that the sourcetype says.
    pub(crate) fn utc(&self, text: &str) -> Option<Found> {
        if self.rules.time_zone.is_some() { self.times.field(text) } else { self.times.utc(text) }
    }

    /// The time of a record by the fields that the sourcetype names for it.
    pub(crate) fn time_of_fields(&self, text: &str) -> Option<Found> {
        match &self.rules.time.format {
            Some(format) => self.times.formatted(format, text),
            None => self.times.value(text),
        }
    }

    /// The fields that make the time of a record.
    pub(crate) fn timestamp_fields(&self) -> &'o [String] {
        &self.rules.timestamp_fields
    }

    /// What a value must match to be none.
    pub(crate) fn missing_value(&self) -> Option<&'o Pattern> {
        self.rules.missing_value.as_deref()
    }

    /// Whether names of lists in indexed JSON are without `{}`.
    pub(crate) fn trims_braces(&self) -> bool {
        self.indexed_json && self.rules.json_trim_braces
    }

    /// Whether a JSON event has no fields by itself: where `KV_MODE` or `AUTO_KV_JSON` says so, unless the JSON is what an
    /// event was exported in.
    pub(crate) fn without_json(&self, slots: &Slots) -> bool {
        const CARRIERS: [Role; 5] = [Role::Time, Role::Raw, Role::Source, Role::Sourcetype, Role::Channel];
        !self.rules.automatic.json && !CARRIERS.iter().any(|role| slots.get(*role).is_some())
    }

    /// What props.conf says about the sourcetype of an event that names its own.
    fn kind(&mut self, sourcetype: &str) -> Option<&Kind> {
        let source = self.options.index_time.as_ref()?;
        if self.kinds.get(self.last_kind).is_none_or(|kind| kind.sourcetype != sourcetype) {
            let known = self.kinds.iter().position(|kind| kind.sourcetype == sourcetype);
            self.last_kind = known.unwrap_or(self.kinds.len());
            if known.is_none() {
                let rules = source.rules(sourcetype, "", "");
                self.kinds.push(Kind { sourcetype: sourcetype.to_owned(), automatic: rules.automatic });
            }
        }
        self.kinds.get(self.last_kind)
    }

    /// What is looked for in the text of the event being read.
    fn automatic(&mut self, builder: &ChunkBuilder<'_>, slots: &Slots) -> AutomaticFields {
        match slots.get(Role::Sourcetype) {
            Some(own) if self.options.sourcetype.is_none() && self.options.index_time.is_some() => {
                self.kind(&builder.text(own)).map_or_else(AutomaticFields::default, |kind| kind.automatic)
            }
            _ => self.rules.automatic,
        }
    }

    /// Adds the pairs of a line, where the sourcetype has them.
    pub(crate) fn line_pairs(&mut self, builder: &mut ChunkBuilder<'_>, line: Span) {
        if let Some(rules) = self.rules.automatic.pairs {
            self.pairs(builder, line, rules);
        }
    }

    /// Adds the fields that stand as `key=value` in the text of the event being read and that it has not yet.
    pub(crate) fn pairs(&self, builder: &mut ChunkBuilder<'_>, raw: Span, rules: PairRules) {
        let text = builder.text(raw);
        if !pairs::applies(&text) {
            return;
        }
        let text = text.into_owned();
        for pair in pairs::pairs(&text, rules) {
            let is_meta = Role::of(&pair.name).is_some_and(Role::is_meta);
            if is_meta || !self.options.fields.contains(&pair.name) || builder.has_value(&pair.name) {
                continue;
            }
            let column = builder.column(&pair.name, ColumnKind::Field);
            let value = &text[pair.value];
            if pair.escaped {
                builder.append_text(column, &pairs::unescaped(value));
            } else {
                builder.append_text(column, value);
            }
        }
    }

    /// Adds the fields of an event that is XML or a table, where its sourcetype has them.
    fn document(&mut self, builder: &mut ChunkBuilder<'_>, slots: &Slots, raw: Span) {
        let automatic = self.automatic(builder, slots);
        if automatic.reads_documents() {
            let text = builder.text(raw).into_owned();
            automatic::read_document(builder, self.selection(), automatic, &text);
        }
    }

    fn time(&mut self, builder: &mut ChunkBuilder<'_>, slots: &Slots, raw: Option<Span>) -> Option<Found> {
        // In JSON that is not indexed, a prefix for the text is a closer word than fields for the time.
        let plain_json = !self.indexed_json && matches!(self.format, Format::Json | Format::Ndjson | Format::Text);
        if let Some(time) = self.stamped_time.take().filter(|_| !(plain_json && self.rules.time.has_prefix())) {
            return Some(time);
        }
        if let Some(span) = slots.get(Role::Time) {
            let text = builder.text(span);
            if let Some(time) = self.times.value(text.trim()) {
                return Some(time);
            }
            let example = text.into_owned();
            let line = builder.lines;
            builder.warnings.add(WarningKind::BadTime, line, &example);
        }
        if let Some(time) = self.known_time.take() {
            return Some(time);
        }
        match self.rules.time.config {
            TimeConfig::Current => return Some(Found::epoch(self.times.now())),
            TimeConfig::None => return None,
            TimeConfig::Recognised => {}
        }
        if self.rules.time.reads_text() {
            let text = raw.map(|raw| builder.text(raw)).unwrap_or_default();
            if let Some(time) = self.rules.time.find(&self.times, &text) {
                return Some(time);
            }
            let example: String = text.chars().take(120).collect();
            let line = builder.lines;
            builder.warnings.add(WarningKind::NoTimestamp, line, &example);
            return None;
        }
        let of_field = if slots.present & TIMES != 0 { self.field_time(builder, slots) } else { None };
        if of_field.is_some_and(|found| found.clock) {
            return of_field;
        }
        let text = raw.map(|raw| builder.text(raw)).unwrap_or_default();
        self.rules.time.find(&self.times, &text).filter(|found| found.clock || of_field.is_none()).or(of_field)
    }

    /// The time that the fields of an event say: one that names its zone before one that leaves it open, a date alone when
    /// there is nothing else.
    fn field_time(&self, builder: &ChunkBuilder<'_>, slots: &Slots) -> Option<Found> {
        let (mut open, mut date) = (None, None);
        for (_, role) in ROLES[FIRST_TIME..].iter().filter(|(_, role)| role.is_time()) {
            let Some(span) = slots.get(*role) else {
                continue;
            };
            let mut text = builder.text(span);
            let day = match role {
                Role::TimeField => Some(Role::DateField),
                Role::TimeCapital => Some(Role::DateCapital),
                _ => None,
            };
            if let Some(day) = day.and_then(|day| slots.get(day)) {
                text = Cow::Owned(format!("{} {}", builder.text(day).trim(), text.trim()));
            }
            let text = text.trim();
            let is_utc = matches!(role, Role::UtcTime | Role::DateUtc | Role::TimeGeneratedUtc);
            match self.times.field(text) {
                Some(found) if is_utc => return self.times.utc(text).or(Some(found)),
                Some(found) if found.clock && found.zoned => return Some(found),
                Some(found) if found.clock => open = open.or(Some(found)),
                Some(found) => date = date.or(Some(found)),
                None => {}
            }
        }
        open.or(date)
    }

    /// Sets the origin of an event in the older text form of Windows event logs, unless its record says it.
    pub(crate) fn classic_origin(&self, builder: &mut ChunkBuilder<'_>, slots: &Slots, event: &Classic) {
        let own = [
            ("host", Role::Host, &self.options.host, event.computer.clone()),
            ("source", Role::Source, &self.options.source, format!("WinEventLog:{}", event.log)),
            ("sourcetype", Role::Sourcetype, &self.options.sourcetype, "WinEventLog".to_owned()),
        ];
        for (name, role, option, value) in own {
            if option.is_none() && slots.get(role).is_none() && !value.is_empty() {
                let column = builder.column(name, ColumnKind::Repeated);
                builder.append_text(column, &value);
            }
        }
    }

    /// Sets host, source, sourcetype and index where the event says something else than its file.
    fn origin(&mut self, builder: &mut ChunkBuilder<'_>, slots: &Slots) {
        let own = [
            (Role::Host, HOST, &self.options.host),
            (Role::Source, SOURCE, &self.options.source),
            (Role::Sourcetype, SOURCETYPE, &self.options.sourcetype),
            (Role::Index, INDEX, &self.options.index),
        ];
        for (role, which, option) in own {
            if option.is_none()
                && let Some(span) = slots.get(role)
            {
                let column = self.column(builder, which);
                builder.append(column, span);
            }
        }
        self.zeek_origin(builder, slots);
        if self.options.host.is_none()
            && slots.get(Role::Host).is_none()
            && slots.get(Role::RealtimeTimestamp).is_some()
            && let Some(host) = slots.get(Role::JournalHost)
        {
            let column = self.column(builder, HOST);
            builder.append(column, host);
        }
        let Some(id) = slots.get(Role::EventId).or(slots.get(Role::EventCode)) else {
            return;
        };
        let Some(channel) = slots.get(Role::Channel) else {
            return;
        };
        if self.wants_event_code && slots.get(Role::EventCode).is_none() {
            let column = self.column(builder, EVENT_CODE);
            builder.append(column, id);
        }
        let computer = slots.get(Role::Computer).or(slots.get(Role::Hostname));
        if let Some(computer) = computer {
            if self.wants_computer && slots.get(Role::Computer).is_none() {
                let column = self.column(builder, COMPUTER);
                builder.append(column, computer);
            }
            if self.options.host.is_none() && slots.get(Role::Host).is_none() {
                let column = self.column(builder, HOST);
                builder.append(column, computer);
            }
        }
        let linux = builder.text(channel) == "Linux-Sysmon/Operational";
        if self.options.sourcetype.is_none() && slots.get(Role::Sourcetype).is_none() {
            let column = self.column(builder, SOURCETYPE);
            builder.append_text(column, if linux { "sysmon:linux" } else { "XmlWinEventLog" });
        }
        if self.options.source.is_none() && slots.get(Role::Source).is_none() {
            self.scratch.clear();
            self.scratch.push_str(if linux { "Syslog:" } else { "XmlWinEventLog:" });
            let channel: Cow<'_, str> = builder.text(channel);
            self.scratch.push_str(&channel);
            let column = self.column(builder, SOURCE);
            builder.append_text(column, &self.scratch);
        }
    }

    /// Sets the sourcetype of an event of a Zeek log in JSON, which names its log.
    fn zeek_origin(&mut self, builder: &mut ChunkBuilder<'_>, slots: &Slots) {
        if self.options.sourcetype.is_none()
            && slots.get(Role::Sourcetype).is_none()
            && slots.get(Role::ZeekTime).is_some()
            && let Some(path) = slots.get(Role::ZeekPath)
        {
            let name = format!("bro:{}:json", builder.text(path));
            let column = self.column(builder, SOURCETYPE);
            builder.append_text(column, &name);
        }
    }
}
