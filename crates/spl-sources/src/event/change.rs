//! Events that sed scripts and transforms change, drop or copy as they are loaded.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::automatic;
use crate::automatic_fields::AutomaticFields;
use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::embedded::Adder;
use crate::event::EventFinisher;
use crate::format::Format;
use crate::index_time::{IndexedEvent, Steps};
use crate::report::WarningKind;
use crate::role::{Role, Slots};
use crate::rules::RuleSource;
use crate::windows_text;
use crate::xml::{Place, XmlReader};
use crate::{access, audit, cef, sourcetype, syslog};

/// How often a copy of a copy is taken through its own rules.
const COPIES: usize = 4;

/// The columns of an event's names.
const NAMES: [&str; 4] = ["host", "source", "sourcetype", "index"];

/// The steps of events that have their own names, and those names.
pub(super) type KnownSteps = HashMap<u64, ([String; 3], Option<Arc<Steps>>)>;

impl EventFinisher<'_> {
    /// Takes the event being read, which has its time and its names, through its steps. False when nothing changes, so that
    /// it is still to be finished.
    pub(super) fn change(&mut self, builder: &mut ChunkBuilder<'_>, raw: Option<Span>, time: f64) -> bool {
        let Some(steps) = self.steps_of_row(builder) else {
            return false;
        };
        let names = self.names(builder);
        let [host, source, sourcetype, index] = names.clone();
        let mut event = IndexedEvent {
            raw: raw.map(|raw| builder.text(raw).into_owned()).unwrap_or_default(),
            time: Some(time).filter(|time| !time.is_nan()),
            fields: if self.is_structured() { indexed(builder) } else { Vec::new() },
            host,
            source,
            sourcetype,
            index,
            ..IndexedEvent::default()
        };
        let before = event.fields.clone();
        let copies = self.apply(&steps, &mut event, builder);
        if !event.changed && copies.is_empty() {
            return false;
        }
        if event.dropped {
            builder.clear_row();
        } else {
            self.rewrite(builder, &event, &names, &before);
        }
        self.add_copies(builder, copies, 0);
        true
    }

    /// Whether fields come from the records of the file, not from the text.
    fn is_structured(&self) -> bool {
        use Format::{Csv, Evtx, Parquet, Tsv, W3c, Xml, Zeek};
        matches!(self.format, Csv | Tsv | Parquet | Zeek | W3c | Evtx | Xml) || self.indexed_json
    }

    fn apply(&self, steps: &Steps, event: &mut IndexedEvent, builder: &mut ChunkBuilder<'_>) -> Vec<IndexedEvent> {
        let reached = steps.limits_reached();
        let copies = steps.apply(event);
        if steps.limits_reached() != reached {
            let line = builder.lines;
            builder.warnings.add(WarningKind::RuleLimit, line, &event.raw);
        }
        copies
    }

    /// Writes the event being read as it is now.
    fn rewrite(
        &mut self,
        builder: &mut ChunkBuilder<'_>,
        event: &IndexedEvent,
        names: &[String; 4],
        before: &[(String, String)],
    ) {
        let read_again = !self.is_structured()
            && (event.raw_changed || (event.sourcetype != names[2] && self.reads_otherwise(&names[2], &event.sourcetype)));
        if read_again {
            builder.clear_row();
            self.write_new(builder, event);
            return;
        }
        if event.raw_changed && self.keeps_raw {
            builder.clear_field("_raw");
            let column = builder.column("_raw", ColumnKind::Unique);
            builder.append_text(column, &event.raw);
        }
        let now = [&event.host, &event.source, &event.sourcetype, &event.index];
        for ((name, before), now) in NAMES.iter().zip(names).zip(now) {
            if before != now {
                builder.clear_field(name);
                let column = builder.column(name, ColumnKind::Repeated);
                builder.append_text(column, now);
            }
        }
        match event.fields.strip_prefix(before) {
            // An indexed field comes before one that a search would find in the text.
            Some(added) => self.write_fields(builder, added, before.is_empty()),
            None => {
                before.iter().for_each(|(name, _)| builder.clear_field(name));
                self.write_fields(builder, &event.fields, false);
            }
        }
        builder.finish_row(event.time.unwrap_or(f64::NAN));
    }

    /// Writes an event whose row has no values yet.
    fn write_new(&mut self, builder: &mut ChunkBuilder<'_>, event: &IndexedEvent) {
        if self.keeps_raw {
            let column = builder.column("_raw", ColumnKind::Unique);
            builder.append_text(column, &event.raw);
        }
        for (name, value) in NAMES.iter().zip([&event.host, &event.source, &event.sourcetype, &event.index]) {
            let column = builder.column(name, ColumnKind::Repeated);
            builder.append_text(column, value);
        }
        self.write_fields(builder, &event.fields, false);
        if !self.is_structured() {
            self.read_text(builder, event);
        }
        builder.finish_row(event.time.unwrap_or(f64::NAN));
    }

    fn write_fields(&self, builder: &mut ChunkBuilder<'_>, fields: &[(String, String)], replaces: bool) {
        if replaces {
            fields.iter().for_each(|(name, _)| builder.clear_field(name));
        }
        for (name, value) in fields {
            if self.options.fields.contains(name) && !Role::of(name).is_some_and(Role::is_meta) {
                let column = builder.column(name, ColumnKind::Field);
                builder.append_text(column, value);
            }
        }
    }

    /// Adds the fields that a search finds in a text which is not the file's.
    fn read_text(&mut self, builder: &mut ChunkBuilder<'_>, event: &IndexedEvent) {
        let automatic = self.kind(&event.sourcetype).map_or_else(AutomaticFields::default, |kind| kind.automatic);
        let text = event.raw.as_str();
        let mut slots = Slots::new();
        match self.format {
            Format::Access => access::read(builder, self, text),
            Format::Audit => audit::read(builder, self, &mut slots, text),
            Format::Syslog | Format::Cef | Format::Leef => {
                let has_process = sourcetype::has_syslog_fields(&event.sourcetype);
                let _ = syslog::read(builder, self, &mut slots, text, has_process);
                cef::read(builder, self, text);
            }
            _ if text.starts_with('{') && automatic.json => {
                Adder::new(builder, self.selection()).json(text);
            }
            _ if windows_text::is_event(text.as_bytes()) => {
                let selection = self.selection();
                let xml = self.xml.get_or_insert_with(|| XmlReader::new(selection));
                xml.read(builder, &mut slots, text.as_bytes(), Place::Elsewhere, true);
            }
            _ => {}
        }
        if automatic.reads_documents() {
            automatic::read_document(builder, self.selection(), automatic, text);
        }
        if let Some(rules) = automatic.pairs {
            let span = builder.store(text.as_bytes());
            self.pairs(builder, span, rules);
        }
    }

    /// Whether two sourcetypes find other fields in the same text by themselves.
    fn reads_otherwise(&mut self, before: &str, now: &str) -> bool {
        let automatic = self.kind(now).map_or_else(AutomaticFields::default, |kind| kind.automatic);
        let (was, is) = (sourcetype::has_syslog_fields(before), sourcetype::has_syslog_fields(now));
        automatic != self.rules.automatic || (self.format == Format::Syslog && was != is)
    }

    /// Adds copies, each behind its own rules.
    fn add_copies(&mut self, builder: &mut ChunkBuilder<'_>, copies: Vec<IndexedEvent>, depth: usize) {
        for mut event in copies {
            let steps = if depth < COPIES {
                self.steps_for([event.sourcetype.clone(), event.source.clone(), event.host.clone()], builder)
            } else {
                None
            };
            let more = steps.map(|steps| self.apply(&steps, &mut event, builder)).unwrap_or_default();
            if !event.dropped {
                self.write_new(builder, &event);
            }
            self.add_copies(builder, more, depth + 1);
        }
    }

    /// Host, source, sourcetype and index of the event being read.
    fn names(&self, builder: &ChunkBuilder<'_>) -> [String; 4] {
        let defaults = [&self.defaults.host, &self.defaults.source, &self.defaults.sourcetype, &self.defaults.index];
        let mut names = defaults.map(String::clone);
        for (name, value) in NAMES.iter().zip(&mut names) {
            if let Some(own) = builder.value(name) {
                *value = own.into_owned();
            }
        }
        names
    }

    fn steps_of_row(&mut self, builder: &mut ChunkBuilder<'_>) -> Option<Arc<Steps>> {
        if !NAMES[..3].iter().any(|name| builder.has_value(name)) {
            return self.steps.clone();
        }
        let name = |place: usize, default: &'_ str| builder.value(NAMES[place]).unwrap_or_else(|| Cow::Owned(default.to_owned()));
        let names = [name(2, &self.defaults.sourcetype), name(1, &self.defaults.source), name(0, &self.defaults.host)];
        let hash = self.known_steps.hasher().hash_one(&names);
        if let Some((known, steps)) = self.known_steps.get(&hash)
            && known.iter().zip(&names).all(|(known, name)| *known == **name)
        {
            return steps.clone();
        }
        let names = names.map(Cow::into_owned);
        self.steps_for(names, builder)
    }

    /// The steps of events with this sourcetype, source and host.
    fn steps_for(&mut self, names: [String; 3], builder: &mut ChunkBuilder<'_>) -> Option<Arc<Steps>> {
        // Hosts may be many; what was asked is asked again then.
        const MOST: usize = 4096;
        let hash = self.known_steps.hasher().hash_one(&names);
        if let Some((known, steps)) = self.known_steps.get(&hash)
            && *known == names
        {
            return steps.clone();
        }
        let source = self.options.index_time.as_ref()?;
        let [sourcetype, path, host] = &names;
        let mut problems = Vec::new();
        let rules = source.rules(sourcetype, path, host);
        problems.extend(rules.problems.iter().cloned());
        let steps = Steps::new(&rules, RuleSource::evaluator(source), &mut problems).map(Arc::new);
        for problem in &problems {
            builder.warnings.add(WarningKind::BadRule, 0, problem);
        }
        if self.known_steps.len() >= MOST {
            self.known_steps.clear();
        }
        self.known_steps.insert(hash, (names, steps.clone()));
        steps
    }
}

/// The fields of a record, as indexed fields.
fn indexed(builder: &ChunkBuilder<'_>) -> Vec<(String, String)> {
    let mut fields = builder.row_values();
    fields.retain(|(name, _)| !Role::of(name).is_some_and(Role::is_meta));
    fields
}
