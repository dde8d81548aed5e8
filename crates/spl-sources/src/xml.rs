//! Windows events as XML: fields under the names that Splunk's XmlWinEventLog gives them.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::fields::NONE;
use crate::options::FieldSelection;
use crate::role::{Role, Slots};

/// Where in an event an element lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Event,
    System,
    EventData,
    UserData,
    Rendering,
    Other,
}

/// Where the text that is read lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// In the part's text, at this offset.
    Data(usize),
    /// Somewhere else; values are copied.
    Elsewhere,
}

/// A field by the name in the text.
#[derive(Debug)]
struct Known {
    spelling: Box<[u8]>,
    name: String,
    column: u32,
    wanted: bool,
    role: Option<Role>,
    /// The last row that got a value from here.
    row: u32,
}

/// Reads XML events; knows the fields met so far.
pub(crate) struct XmlReader<'s> {
    known: Vec<Known>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    selection: &'s FieldSelection,
    wants_event_data: bool,
    wants_system: bool,
    wants_user_data: bool,
    scratch: String,
}

/// A value on its way to its column.
struct Sink<'a, 'b> {
    builder: &'a mut ChunkBuilder<'b>,
    slots: &'a mut Slots,
    text: &'a [u8],
    place: Place,
    /// Whether fields that the event has already are left as they are.
    only_new: bool,
}

impl<'s> XmlReader<'s> {
    pub(crate) fn new(selection: &'s FieldSelection) -> Self {
        // The blocks repeat what the other fields say, so they are there for those who name them.
        let named = |name: &str| matches!(selection, FieldSelection::Only(names) if names.contains(name));
        Self {
            known: Vec::new(),
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            selection,
            wants_event_data: named("EventData_Xml"),
            wants_system: named("System_Props_Xml"),
            wants_user_data: selection.contains("UserData_Xml"),
            scratch: String::new(),
        }
    }

    /// Reads the event between two places; says whether it is complete.
    pub(crate) fn read(
        &mut self,
        builder: &mut ChunkBuilder<'_>,
        slots: &mut Slots,
        text: &[u8],
        place: Place,
        only_new: bool,
    ) -> bool {
        let mut sink = Sink { builder, slots, text, place, only_new };
        let mut open: Vec<(&[u8], Section)> = Vec::new();
        // The element whose text is being read: where it begins, and its field when an attribute names it.
        let mut leaf: Option<(usize, Option<(usize, usize)>)> = None;
        let mut block = 0;
        let mut at = 0;
        let mut cut = text.len();
        let mut well_formed = true;
        while let Some(tag) = memchr::memchr(b'<', &text[at..]).map(|found| at + found) {
            let rest = &text[tag..];
            if rest.starts_with(b"<![CDATA[") {
                let Some(end) = memchr::memmem::find(rest, b"]]>") else {
                    break;
                };
                at = tag + end + 3;
                continue;
            }
            if rest.starts_with(b"<!--") {
                let Some(end) = memchr::memmem::find(rest, b"-->") else {
                    return false;
                };
                at = tag + end + 3;
                continue;
            }
            let Some(end) = tag_end(rest).map(|end| tag + end) else {
                cut = tag;
                break;
            };
            at = end + 1;
            if rest.starts_with(b"<?") || rest.starts_with(b"<!") {
                continue;
            }
            if rest.starts_with(b"</") {
                let name = text[tag + 2..end].trim_ascii_end();
                let Some((opened, section)) = open.pop() else {
                    return false;
                };
                if let Some((start, field)) = leaf.take() {
                    self.element(&mut sink, section, opened, field, start, tag);
                }
                if opened != name {
                    // The end of an element further out, or of this one by another name.
                    well_formed = false;
                    if let Some(outer) = open.iter().rposition(|(known, _)| *known == name) {
                        open.truncate(outer);
                    }
                }
                if open.len() == 1 {
                    self.block(&mut sink, name, block, tag);
                }
                if open.is_empty() {
                    return well_formed;
                }
                continue;
            }
            leaf = None;
            let empty = text[end - 1] == b'/';
            let inner = tag + 1..if empty { end - 1 } else { end };
            let length = text[inner.clone()].iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(inner.len());
            let name = &text[inner.start..inner.start + length];
            let section = match (open.len(), open.last()) {
                (0, _) => Section::Event,
                (1, _) => match name {
                    b"System" => Section::System,
                    b"EventData" => Section::EventData,
                    b"UserData" => Section::UserData,
                    b"RenderingInfo" => Section::Rendering,
                    _ => Section::Other,
                },
                (_, Some((_, section))) => *section,
                (_, None) => return false,
            };
            let mut field = None;
            let mut attributes = inner.start + length;
            while let Some((key, value)) = attribute(text, &mut attributes, inner.end) {
                let key = &text[key.0..key.1];
                match section {
                    Section::System => self.system_attribute(&mut sink, name, key, value),
                    Section::EventData if key == b"Name" && name == b"Data" => field = Some(value),
                    _ => {}
                }
            }
            if empty {
                if open.is_empty() {
                    return well_formed;
                }
                continue;
            }
            if open.len() == 1 {
                block = at;
            }
            if open.len() >= 64 {
                return false;
            }
            if open.len() > 1 {
                leaf = Some((at, field));
            }
            open.push((name, section));
        }
        // The text ends within the event: of the element that was being read there is what stands before the end.
        if let (Some((start, field)), Some((name, section))) = (leaf, open.last()) {
            let end = start + text[start..cut].trim_ascii_end().len();
            self.element(&mut sink, *section, name, field, start, end);
        }
        false
    }

    fn system_attribute(&mut self, sink: &mut Sink<'_, '_>, element: &[u8], key: &[u8], value: (usize, usize)) {
        if key.starts_with(b"xmlns") {
            return;
        }
        self.field(sink, key, value.0, value.1);
        if element == b"Provider" {
            match key {
                b"Name" => self.field(sink, b"Provider_Name", value.0, value.1),
                b"Guid" => self.field(sink, b"Provider_Guid", value.0, value.1),
                _ => {}
            }
        }
    }

    fn element(
        &mut self,
        sink: &mut Sink<'_, '_>,
        section: Section,
        name: &[u8],
        field: Option<(usize, usize)>,
        start: usize,
        end: usize,
    ) {
        match section {
            Section::System => {
                self.field(sink, name, start, end);
                match name {
                    b"EventID" => self.field(sink, b"EventCode", start, end),
                    b"EventRecordID" => self.field(sink, b"RecordNumber", start, end),
                    _ => {}
                }
            }
            Section::EventData => match field {
                Some((from, to)) if from < to => {
                    let text = sink.text;
                    self.field(sink, &text[from..to], start, end);
                }
                _ => self.field(sink, name, start, end),
            },
            Section::UserData => self.field(sink, name, start, end),
            Section::Rendering if name == b"Message" => self.field(sink, name, start, end),
            Section::Event | Section::Rendering | Section::Other => {}
        }
    }

    fn block(&mut self, sink: &mut Sink<'_, '_>, name: &[u8], start: usize, end: usize) {
        let field = match name {
            b"EventData" if self.wants_event_data => "EventData_Xml",
            b"System" if self.wants_system => "System_Props_Xml",
            b"UserData" if self.wants_user_data => "UserData_Xml",
            _ => return,
        };
        if start < end {
            let column = sink.builder.column(field, ColumnKind::Field);
            sink.append(column, start, end);
        }
    }

    /// Adds the value of a field between two places, unless it is empty.
    fn field(&mut self, sink: &mut Sink<'_, '_>, spelling: &[u8], start: usize, end: usize) {
        if start >= end {
            return;
        }
        let known = self.known(spelling);
        let known = &mut self.known[known as usize];
        if !known.wanted && known.role.is_none() {
            return;
        }
        let row = sink.builder.row();
        if sink.only_new && known.row != row && sink.builder.has_value(&known.name) {
            return;
        }
        known.row = row;
        let text = sink.text;
        let value = &text[start..end];
        let plain = !value.iter().any(|&byte| byte == b'&' || byte == b'<');
        if let (true, Place::Data(offset)) = (plain, sink.place) {
            let span = Span::data(offset + start, offset + end, false);
            if let Some(role) = known.role {
                sink.slots.set(role, span);
            }
            if known.wanted {
                if known.column == NONE {
                    known.column = sink.builder.column(&known.name, ColumnKind::Field);
                }
                sink.builder.append_new(known.column, span);
            }
            return;
        }
        self.scratch.clear();
        if plain {
            self.scratch.push_str(&String::from_utf8_lossy(value));
        } else {
            resolve(&String::from_utf8_lossy(value), &mut self.scratch);
        }
        if let Some(role) = known.role {
            let span = sink.builder.store(self.scratch.as_bytes());
            sink.slots.set(role, span);
        }
        if known.wanted {
            if known.column == NONE {
                known.column = sink.builder.column(&known.name, ColumnKind::Field);
            }
            sink.builder.append_text(known.column, &self.scratch);
        }
    }

    fn known(&mut self, spelling: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(spelling);
        let known = &self.known;
        if let Some(&index) = self.table.find(hash, |&index| *known[index as usize].spelling == *spelling) {
            return index;
        }
        let name = clean(spelling);
        let role = Role::of(&name).filter(|role| !role.is_meta());
        let index = self.known.len() as u32;
        let wanted = self.selection.contains(&name);
        self.known.push(Known { spelling: spelling.into(), name, column: NONE, wanted, role, row: u32::MAX });
        let (known, hasher) = (&self.known, &self.hasher);
        self.table.insert_unique(hash, index, |&index| hasher.hash_one(&*known[index as usize].spelling));
        index
    }
}

impl Sink<'_, '_> {
    fn append(&mut self, column: u32, start: usize, end: usize) {
        match self.place {
            Place::Data(offset) => self.builder.append(column, Span::data(offset + start, offset + end, false)),
            Place::Elsewhere => self.builder.append_text(column, &String::from_utf8_lossy(&self.text[start..end])),
        }
    }
}

/// A field name as Splunk cleans keys: letters, digits and underscores, others become underscores.
pub(crate) fn clean(spelling: &[u8]) -> String {
    let text = String::from_utf8_lossy(spelling);
    let name: String = text
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() || character == '_' { character } else { '_' })
        .collect();
    let trimmed = name.trim_start_matches(|first: char| first == '_' || first.is_ascii_digit());
    if trimmed.is_empty() { name } else { trimmed.to_owned() }
}

/// The end of a tag (its `>`); quotes may hold others.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let found = at + memchr::memchr3(b'>', b'"', b'\'', &tag[at..])?;
        if tag[found] == b'>' {
            return Some(found);
        }
        at = found + 1 + memchr::memchr(tag[found], &tag[found + 1..])? + 1;
    }
}

type Range = (usize, usize);

/// The next attribute of a tag: its key and its value without quotes.
fn attribute(text: &[u8], at: &mut usize, end: usize) -> Option<(Range, Range)> {
    let mut start = *at;
    while start < end && text[start].is_ascii_whitespace() {
        start += 1;
    }
    let equals = start + memchr::memchr(b'=', &text[start..end])?;
    let key_end = start + text[start..equals].trim_ascii_end().len();
    let mut quote = equals + 1;
    while quote < end && text[quote].is_ascii_whitespace() {
        quote += 1;
    }
    if quote >= end || !matches!(text[quote], b'"' | b'\'') {
        return None;
    }
    let close = quote + 1 + memchr::memchr(text[quote], &text[quote + 1..end])?;
    *at = close + 1;
    Some(((start, key_end), (quote + 1, close)))
}

/// Resolves entities and CDATA sections; what is no known entity stays as it is.
pub(crate) fn resolve(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            let end = inner.find("]]>").unwrap_or(inner.len());
            out.push_str(&inner[..end]);
            rest = inner.get(end + 3..).unwrap_or_default();
            continue;
        }
        let entity = rest.strip_prefix('&').and_then(|inner| {
            inner
                .get(..inner.len().min(12))
                .or(inner.get(..inner.len().min(9)))
                .and_then(|head| head.find(';'))
                .map(|end| &inner[..end])
        });
        let character = entity.and_then(|entity| match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }
        });
        match (character, entity) {
            (Some(character), Some(entity)) => {
                out.push(character);
                rest = &rest[entity.len() + 2..];
            }
            _ => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_resolved() {
        for (text, expected) in [
            ("a &amp;&lt;&gt;&quot;&apos; b", "a &<>\"' b"),
            ("&#65;&#x42;&#10;é", "AB\né"),
            ("&unknown; & &amp", "&unknown; & &amp"),
            ("<![CDATA[<b>&amp;</b>]]> x", "<b>&amp;</b> x"),
            ("100% & éééééééééééé;", "100% & éééééééééééé;"),
        ] {
            let mut out = String::new();
            resolve(text, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn names_are_cleaned() {
        assert_eq!(clean(b"Product Name"), "Product_Name");
        assert_eq!(clean(b"SubjectUserName"), "SubjectUserName");
        assert_eq!(clean("1_é".as_bytes()), "1__");
    }
}
