//! JSON events: one pass over the text, values noted where they stand, names as Splunk's JSON extraction gives them.

use std::borrow::Cow;

use crate::chunk::{ChunkBuilder, LONGEST, Span, unescape};
use crate::envelope::{self, Envelope};
use crate::event::EventFinisher;
use crate::fields::{FieldTree, NONE, ROOT};
use crate::json_scanner::{JsonError, RECORD, Scalar, Scanner};
use crate::options::FieldSelection;
use crate::report::WarningKind;
use crate::required_texts::LineFinder;
use crate::role::{Role, Slots};

/// The deepest nesting that is followed.
const DEEPEST: usize = 512;

/// Fields of records that hold an event which was no JSON itself: a null in them is a field that the event lacks.
const CARRIERS: [Role; 4] = [Role::Time, Role::Raw, Role::Channel, Role::LogName];

/// Reads the JSON lines of a part.
///
/// With a finder, lines that need not be read are passed over.
pub(crate) fn read_lines(
    builder: &mut ChunkBuilder<'_>,
    finisher: &mut EventFinisher<'_>,
    envelope: Envelope,
    mut finder: Option<LineFinder>,
) {
    let text = builder.data();
    let mut reader = JsonReader::new(finisher, envelope);
    let mut start = 0;
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
        builder.lines += 1;
        if finder.as_mut().is_none_or(|finder| finder.must_read(text, start, end)) {
            let cut = reader.finisher.cut(builder, &text[start..end]);
            reader.read_line(builder, start, start + cut);
        } else {
            builder.passed_over += u64::from(trim(text, start, end).is_some());
        }
        start = end + 1;
    }
}

/// Reads the JSON events at these places of a part's text.
pub(crate) fn read_places(
    builder: &mut ChunkBuilder<'_>,
    finisher: &mut EventFinisher<'_>,
    envelope: Envelope,
    places: &[(usize, usize)],
) {
    let mut reader = JsonReader::new(finisher, envelope);
    for &(start, end) in places {
        builder.lines += 1;
        reader.read_line(builder, start, end);
    }
}

/// Reads JSON events at places of a part's text.
pub(crate) struct JsonReader<'f, 'o> {
    finisher: &'f mut EventFinisher<'o>,
    fields: JsonFields<'o>,
    slots: Slots,
    envelope: Envelope,
}

impl<'f, 'o> JsonReader<'f, 'o> {
    pub(crate) fn new(finisher: &'f mut EventFinisher<'o>, envelope: Envelope) -> Self {
        let mut fields = JsonFields::new(finisher.selection(), finisher.timestamp_fields());
        fields.tree.trims_braces = finisher.trims_braces();
        // Several values of a field are a list in results of searches.
        fields.tree.plain_lists = matches!(envelope, Envelope::Result | Envelope::Row);
        Self { finisher, fields, slots: Slots::new(), envelope }
    }

    /// Reads the event between two places, unless there are only blanks. Envelopes may stand one after another.
    pub(crate) fn read_line(&mut self, builder: &mut ChunkBuilder<'_>, start: usize, end: usize) {
        let mut start = start;
        if self.envelope != Envelope::None {
            let text = builder.data();
            loop {
                let mut scanner = Scanner { text: &text[..end], at: start };
                let complete = scanner.peek() == Some(b'{') && scanner.skip_value().is_ok();
                if !complete || scanner.peek() != Some(b'{') {
                    break;
                }
                self.read_event(builder, start, scanner.at);
                start = scanner.at;
            }
        }
        self.read_event(builder, start, end);
    }

    fn read_event(&mut self, builder: &mut ChunkBuilder<'_>, start: usize, end: usize) {
        let text = builder.data();
        let Some((start, end)) = trim(text, start, end) else {
            return;
        };
        let mut line = Span::data(start, end, false);
        if end - start > LONGEST {
            builder.warnings.add(WarningKind::TooLarge, builder.lines, &String::from_utf8_lossy(&text[start..start + 200]));
        }
        let read = match (text[start], self.envelope) {
            (b'{', Envelope::None) => self.fields.read(builder, &mut self.slots, start, end),
            (b'{', envelope) => {
                let mut scanner = Scanner { text: &text[..end], at: start };
                let complete = scanner.skip_value().and_then(|()| scanner.expect_end());
                let opened = envelope.open(builder, &mut self.slots, start, end);
                if opened.is_empty() {
                    return;
                }
                line = Span::data(opened.event.0, opened.event.1, false);
                let mut objects = opened.objects();
                complete
                    .and_then(|()| objects.try_for_each(|(start, end)| self.fields.read(builder, &mut self.slots, start, end)))
            }
            // A line that is no object has no fields; it is not an error when it is JSON.
            _ => {
                let mut scanner = Scanner { text: &text[..end], at: start };
                scanner.skip_value().and_then(|()| scanner.expect_end())
            }
        };
        if read.is_err() {
            builder.clear_row();
            self.slots.clear();
            let example = String::from_utf8_lossy(&text[start..end.min(start + 400)]);
            let line = builder.lines;
            builder.warnings.add(WarningKind::BadJson, line, &example);
        }
        if let Some(stamp) = self.fields.stamp(builder) {
            self.finisher.stamped_time = self.finisher.time_of_fields(&stamp);
        }
        if self.finisher.without_json(&self.slots) && self.envelope == Envelope::None {
            builder.clear_row();
            self.slots.clear();
        }
        self.finisher.finish(builder, &mut self.slots, Some(line));
    }
}

/// Reads the fields of JSON objects; knows the fields met so far.
pub(crate) struct JsonFields<'o> {
    tree: FieldTree<'o>,
    /// The values that make the time of the event being read, by their order.
    stamps: Vec<(usize, Span)>,
    /// Columns of the object being read that are null, lists apart, and where each null stands.
    nulls: Vec<(u32, Span)>,
    /// Whether the object being read is a record that carries an event.
    is_record: bool,
}

impl<'o> JsonFields<'o> {
    pub(crate) fn new(selection: &'o FieldSelection, stamps: &'o [String]) -> Self {
        Self { tree: FieldTree::new(selection, stamps), stamps: Vec::new(), nulls: Vec::new(), is_record: false }
    }

    /// The values that make the time of the event that was read, joined by blanks.
    pub(crate) fn stamp<'b>(&mut self, builder: &'b ChunkBuilder<'_>) -> Option<Cow<'b, str>> {
        if self.stamps.len() <= 1 {
            return self.stamps.pop().map(|(_, span)| builder.text(span));
        }
        self.stamps.sort_by_key(|(place, _)| *place);
        self.stamps.dedup_by_key(|(place, _)| *place);
        let texts: Vec<String> = self.stamps.drain(..).map(|(_, span)| builder.text(span).into_owned()).collect();
        Some(Cow::Owned(texts.join(" ")))
    }

    /// Adds the fields of the object that stands between two places of a part's text.
    ///
    /// # Errors
    /// A text that is not one JSON object; fields before the error were added.
    pub(crate) fn read(
        &mut self,
        builder: &mut ChunkBuilder<'_>,
        slots: &mut Slots,
        start: usize,
        end: usize,
    ) -> Result<(), JsonError> {
        let text = builder.data();
        let mut scanner = Scanner { text: &text[..end], at: start };
        self.nulls.clear();
        self.is_record = false;
        self.object(builder, slots, &mut scanner, ROOT, 0).and_then(|()| scanner.expect_end())?;
        // What the object is, its other fields tell.
        if !self.is_record {
            self.nulls.drain(..).for_each(|(column, span)| builder.append(column, span));
        }
        Ok(())
    }

    fn object(
        &mut self,
        builder: &mut ChunkBuilder<'_>,
        slots: &mut Slots,
        scanner: &mut Scanner<'_>,
        parent: u32,
        depth: usize,
    ) -> Result<(), JsonError> {
        if depth > DEEPEST {
            return Err(JsonError);
        }
        scanner.at += 1;
        let mut previous = NONE;
        if scanner.next_is(b'}') {
            return Ok(());
        }
        loop {
            scanner.expect(b'"')?;
            let child = match self.tree.predict(parent, previous, scanner.rest()) {
                Some((child, length)) => {
                    scanner.at += length;
                    child
                }
                None => {
                    let start = scanner.at;
                    let escaped = scanner.string()?;
                    let quoted = &scanner.text[start..scanner.at];
                    let key = &quoted[..quoted.len() - 1];
                    if escaped {
                        let mut plain = Vec::with_capacity(key.len());
                        unescape(key, &mut plain);
                        self.tree.child(parent, previous, quoted, &String::from_utf8_lossy(&plain))
                    } else {
                        self.tree.child(parent, previous, quoted, &String::from_utf8_lossy(key))
                    }
                }
            };
            previous = child;
            scanner.expect(b':')?;
            self.value(builder, slots, scanner, child, depth)?;
            match scanner.next() {
                Some(b',') => {}
                Some(b'}') => return Ok(()),
                _ => return Err(JsonError),
            }
        }
    }

    fn array(
        &mut self,
        builder: &mut ChunkBuilder<'_>,
        slots: &mut Slots,
        scanner: &mut Scanner<'_>,
        parent: u32,
        depth: usize,
    ) -> Result<(), JsonError> {
        if depth > DEEPEST {
            return Err(JsonError);
        }
        scanner.at += 1;
        let elements = self.tree.elements(parent);
        if scanner.next_is(b']') {
            return Ok(());
        }
        loop {
            self.value(builder, slots, scanner, elements, depth)?;
            match scanner.next() {
                Some(b',') => {}
                Some(b']') => return Ok(()),
                _ => return Err(JsonError),
            }
        }
    }

    #[inline]
    fn value(
        &mut self,
        builder: &mut ChunkBuilder<'_>,
        slots: &mut Slots,
        scanner: &mut Scanner<'_>,
        node: u32,
        depth: usize,
    ) -> Result<(), JsonError> {
        let first = scanner.peek().ok_or(JsonError)?;
        let (descend, wanted, role) = {
            let node = self.tree.node(node);
            (node.descend, node.wanted, node.role)
        };
        match first {
            b'{' if descend => return self.object(builder, slots, scanner, node, depth + 1),
            b'[' if descend => return self.array(builder, slots, scanner, node, depth + 1),
            b'[' if (wanted || role.is_some()) && self.tree.elements(node) == node => {
                return self.array(builder, slots, scanner, node, depth + 1);
            }
            b'{' | b'[' => return scanner.skip_value(),
            _ => {}
        }
        let start = scanner.at;
        let mut is_null = false;
        let span = if first == b'"' {
            scanner.at += 1;
            let escaped = scanner.string()?;
            Span::data(start + 1, scanner.at - 1, escaped)
        } else {
            is_null = scanner.scalar()? == Scalar::Null;
            Span::data(start, scanner.at, false)
        };
        // In results of searches a field without a value is null.
        if is_null && self.tree.plain_lists {
            return Ok(());
        }
        if wanted {
            let column = self.tree.column(node, builder);
            if is_null && !self.tree.node(node).name.ends_with("{}") {
                self.nulls.push((column, span));
            } else {
                builder.append(column, span);
            }
        }
        // Splunk has the text `null` for a JSON null; it says nothing of the event.
        if is_null {
            return Ok(());
        }
        if let Some(role) = role {
            slots.set(role, span);
            self.is_record |= CARRIERS.contains(&role);
        }
        if let Some(place) = self.tree.node(node).stamp {
            self.stamps.push((place, span));
        }
        if self.tree.node(node).alias.is_some() {
            self.tree.append_alias(node, builder, span);
        }
        Ok(())
    }
}

/// The places of the events of a JSON text: the elements of an array or of the only list in an object (`Records`), or
/// the values one after another. What can't be read goes up to the next line that begins an object.
pub(crate) fn events(text: &[u8]) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut scanner = Scanner { text, at: 0 };
    while let Some(first) = scanner.peek() {
        let start = scanner.at;
        match first {
            b'[' => elements(&mut scanner, &mut places),
            b',' | RECORD => scanner.at += 1,
            _ if scanner.skip_value().is_ok() => match envelope::list_place(text, start, scanner.at) {
                Some(list) => {
                    let mut list = Scanner { text: &text[..scanner.at], at: list };
                    elements(&mut list, &mut places);
                }
                None => places.push((start, scanner.at)),
            },
            _ => {
                scanner.at = next_object(text, start);
                places.push((start, scanner.at));
            }
        }
    }
    places
}

/// The elements of the array at the scanner's place.
fn elements(scanner: &mut Scanner<'_>, places: &mut Vec<(usize, usize)>) {
    scanner.at += 1;
    while let Some(next) = scanner.peek() {
        let start = scanner.at;
        match next {
            b']' => {
                scanner.at += 1;
                return;
            }
            b',' => scanner.at += 1,
            _ => {
                if scanner.skip_value().is_err() || scanner.at == start {
                    scanner.at = next_object(scanner.text, start);
                }
                places.push((start, scanner.at));
            }
        }
    }
}

/// Where a line begins an object after `start`, else the end.
fn next_object(text: &[u8], start: usize) -> usize {
    let mut lines = memchr::memchr_iter(b'\n', &text[start..]).map(|at| start + at + 1);
    let begins = |at: &usize| {
        let rest = text[*at..].trim_ascii_start();
        rest.starts_with(b"{") || rest.starts_with(b"[{")
    };
    lines.find(begins).unwrap_or(text.len())
}

/// The place without the blanks around it; None when there is nothing else.
fn trim(text: &[u8], mut start: usize, mut end: usize) -> Option<(usize, usize)> {
    while start < end && (text[start].is_ascii_whitespace() || text[start] == RECORD) {
        start += 1;
    }
    while end > start && text[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    (start < end).then_some((start, end))
}
