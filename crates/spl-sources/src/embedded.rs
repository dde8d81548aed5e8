//! Fields of an event's own text, `_raw`, that came inside another format: exports of searches, posts to the HTTP Event
//! Collector. The text may be a Windows event in either form, or JSON.

use std::borrow::Cow;

use hashbrown::HashMap;

use crate::chunk::{ChunkBuilder, ColumnKind, unescape};
use crate::json_scanner::Scanner;
use crate::options::FieldSelection;
use crate::role::Role;
use crate::windows_text;

/// The deepest nesting that is followed.
const DEEPEST: usize = 64;

/// Adds fields to the event being read, those that it has already apart.
pub(crate) struct Adder<'a, 'b> {
    builder: &'a mut ChunkBuilder<'b>,
    selection: &'a FieldSelection,
    /// Whether a field is new: the event had others before.
    known: HashMap<String, bool>,
}

impl<'a, 'b> Adder<'a, 'b> {
    pub(crate) fn new(builder: &'a mut ChunkBuilder<'b>, selection: &'a FieldSelection) -> Self {
        Self { builder, selection, known: HashMap::new() }
    }

    /// Adds a value; one field may have several.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        if value.is_empty() || !self.selection.contains(name) || Role::of(name).is_some_and(Role::is_meta) {
            return;
        }
        let is_new = match self.known.get(name) {
            Some(is_new) => *is_new,
            None => {
                let is_new = !self.builder.has_value(name);
                self.known.insert(name.to_owned(), is_new);
                is_new
            }
        };
        if is_new {
            let column = self.builder.column(name, ColumnKind::Field);
            self.builder.append_text(column, value);
        }
    }

    /// Adds the fields of a JSON object; says whether the text is one. What stands before an error is added.
    pub(crate) fn json(&mut self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut check = Scanner { text: bytes, at: 0 };
        if check.peek() != Some(b'{') || check.skip_value().is_err() || check.peek().is_some() {
            return false;
        }
        let mut scanner = Scanner { text: bytes, at: 0 };
        let mut name = String::new();
        self.value(&mut scanner, &mut name, 0);
        true
    }

    fn value(&mut self, scanner: &mut Scanner<'_>, name: &mut String, depth: usize) -> Option<()> {
        let length = name.len();
        let first = scanner.peek()?;
        if depth > DEEPEST || !matches!(first, b'{' | b'[') {
            let start = scanner.at;
            scanner.skip_value().ok()?;
            let text = scanner.text.get(start..scanner.at)?;
            if depth <= DEEPEST {
                let value = match text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) {
                    Some(inside) => plain(inside),
                    None => String::from_utf8_lossy(text),
                };
                self.add(name, &value);
            }
            return Some(());
        }
        scanner.at += 1;
        loop {
            match scanner.peek()? {
                b'}' | b']' => {
                    scanner.at += 1;
                    return Some(());
                }
                b',' => scanner.at += 1,
                _ => {
                    if first == b'{' {
                        let key = plain(scanner.key()?).into_owned();
                        if !name.is_empty() {
                            name.push('.');
                        }
                        name.push_str(&key);
                    } else {
                        name.push_str("{}");
                    }
                    let read = self.value(scanner, name, depth + 1);
                    name.truncate(length);
                    read?;
                }
            }
        }
    }

    /// Adds the fields of a Windows event in its text form; gives log and computer.
    pub(crate) fn classic(&mut self, text: &str) -> windows_text::Classic {
        windows_text::classic(text, |name, start, end| self.add(name, text.get(start..end).unwrap_or_default()))
    }
}

/// A JSON string without its escapes.
fn plain(inside: &[u8]) -> Cow<'_, str> {
    if !inside.contains(&b'\\') {
        return String::from_utf8_lossy(inside);
    }
    let mut text = Vec::with_capacity(inside.len());
    unescape(inside, &mut text);
    Cow::Owned(String::from_utf8_lossy(&text).into_owned())
}
