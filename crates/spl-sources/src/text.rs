//! Text as events: lines, or lines put together, with the fields of the kind of line that they are.

use crate::chunk::{ChunkBuilder, Span};
use crate::event::EventFinisher;
use crate::format::Format;
use crate::json::JsonFields;
use crate::report::WarningKind;
use crate::role::Slots;
use crate::rules::Rules;
use crate::timestamp::{Found, TimeReader};
use crate::windows_text;
use crate::xml::{Place, XmlReader};
use crate::{access, audit, breaking, cef, sourcetype, syslog};

/// Reads the events of a part.
pub(crate) fn read(
    builder: &mut ChunkBuilder<'_>,
    finisher: &mut EventFinisher<'_>,
    format: Format,
    rules: &Rules,
    sourcetype: &str,
) {
    let (breaking, time) = (&rules.breaking, &rules.time);
    let data = builder.data();
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut reader = EventReader {
        xml: XmlReader::new(finisher.selection()),
        json: JsonFields::new(finisher.selection(), finisher.timestamp_fields()),
        reads_json: rules.automatic.json,
        slots: Slots::new(),
        format,
        has_process: sourcetype::has_syslog_fields(sourcetype),
        merges: breaking.merge.is_some(),
        truncate: breaking.truncate,
        text,
        finisher,
    };
    let Some(merge) = &breaking.merge else {
        breaking::for_each_line(text, breaking, |start, end| {
            builder.lines += 1;
            reader.event(builder, start, end, None);
        });
        return;
    };
    let times: TimeReader = reader.finisher.times.clone();
    let mut starts = breaking::Starts::new(merge, &times, time);
    // The event being put together: its place, its lines, its time, the last line.
    let mut open: Option<(usize, usize, usize, Option<Found>, &str)> = None;
    breaking::for_each_line(text, breaking, |start, end| {
        builder.lines += 1;
        let line = &text[start..end];
        if line.trim_ascii().is_empty() {
            return;
        }
        let (before, lines) = open.map_or((None, 0), |(_, _, lines, _, before)| (Some(before), lines));
        let found = starts.of(line, before, lines);
        match &mut open {
            Some((_, last, lines, _, before)) if !found.begins => {
                (*last, *before) = (end, line);
                *lines += 1;
            }
            _ => {
                if let Some((first, last, _, known, _)) = open.replace((start, end, 1, found.time, line)) {
                    reader.event(builder, first, last, known);
                }
                times.note(found.time.map_or(f64::NAN, |time| time.seconds));
            }
        }
    });
    if let Some((first, last, _, known, _)) = open {
        reader.event(builder, first, last, known);
    }
}

/// Reads single events.
struct EventReader<'r, 't, 'o> {
    xml: XmlReader<'o>,
    json: JsonFields<'o>,
    slots: Slots,
    format: Format,
    has_process: bool,
    merges: bool,
    truncate: Option<usize>,
    reads_json: bool,
    text: &'t str,
    finisher: &'r mut EventFinisher<'o>,
}

impl EventReader<'_, '_, '_> {
    /// Reads the event between two places, unless there are only blanks.
    fn event(&mut self, builder: &mut ChunkBuilder<'_>, start: usize, end: usize, known_time: Option<Found>) {
        let mut line = self.text[start..end].trim_ascii_end();
        if line.is_empty() {
            return;
        }
        let mut shortened = None;
        if self.truncate.is_some_and(|most| line.len() > most) {
            // Lines are cut before they are put together.
            if self.merges && line.contains('\n') {
                let lines: Vec<&str> =
                    line.split('\n').map(|line| &line[..self.finisher.cut(builder, line.as_bytes())]).collect();
                shortened = Some(lines.join("\n")).filter(|text| text.len() < line.len());
            } else {
                line = &line[..self.finisher.cut(builder, line.as_bytes())];
            }
        }
        let mut span = Span::data(start, start + line.len(), false);
        if let Some(text) = &shortened {
            (line, span) = (text, builder.store(text.as_bytes()));
        }
        match self.format {
            Format::Access => access::read(builder, self.finisher, line),
            Format::Audit => audit::read(builder, self.finisher, &mut self.slots, line),
            // Their parts are places of the file's text.
            _ if shortened.is_some() => {}
            Format::Syslog if line.starts_with('{') => self.json_object(builder, start, line),
            Format::Syslog | Format::Cef | Format::Leef => self.syslog(builder, start, line),
            // Splunk looks for JSON in any text (props.conf, AUTO_KV_JSON).
            Format::Text => self.json_object(builder, start, line),
            _ => {}
        }
        self.finisher.line_pairs(builder, span);
        self.finisher.known_time = known_time;
        self.finisher.finish(builder, &mut self.slots, Some(span));
    }

    /// Adds the fields of an event that is a JSON object.
    fn json_object(&mut self, builder: &mut ChunkBuilder<'_>, start: usize, line: &str) {
        if !self.reads_json || !line.starts_with('{') {
            return;
        }
        if self.json.read(builder, &mut self.slots, start, start + line.len()).is_err() {
            builder.clear_row();
            self.slots.clear();
        }
        if let Some(stamp) = self.json.stamp(builder) {
            self.finisher.stamped_time = self.finisher.time_of_fields(&stamp);
        }
    }

    fn syslog(&mut self, builder: &mut ChunkBuilder<'_>, start: usize, line: &str) {
        let message = syslog::read(builder, self.finisher, &mut self.slots, line, self.has_process).unwrap_or(line);
        if cef::read(builder, self.finisher, line) {
            return;
        }
        if message.starts_with("AgentDevice=") {
            wincollect(builder, self.finisher, message);
        }
        // Sysmon for Linux writes its events as XML.
        if windows_text::is_event(message.as_bytes()) {
            let offset = start + (line.len() - message.len());
            if !self.xml.read(builder, &mut self.slots, message.as_bytes(), Place::Data(offset), false) {
                let number = builder.lines;
                builder.warnings.add(WarningKind::BadXml, number, &message[..message.floor_char_boundary(400)]);
            }
        }
    }
}

/// The fields of an event that WinCollect sends: pairs between tabs, whose values hold blanks. The code of the event has the
/// name that it has in Splunk, too.
fn wincollect(builder: &mut ChunkBuilder<'_>, finisher: &EventFinisher<'_>, message: &str) {
    for (key, value) in message.split('\t').filter_map(|pair| pair.split_once('=')) {
        let value = value.trim();
        finisher.field(builder, &crate::pairs::clean(key.trim()), value);
        match key.trim() {
            "EventIDCode" => finisher.field(builder, "EventCode", value),
            "AgentLogFile" => finisher.field(builder, "Channel", value),
            _ => {}
        }
    }
}
