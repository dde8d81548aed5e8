//! The tree of field names of JSON events: which names exist below which, and what each name means.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::options::FieldSelection;
use crate::role::Role;

/// No node, no column.
pub(crate) const NONE: u32 = u32::MAX;
/// The node of the event itself.
pub(crate) const ROOT: u32 = 0;

/// A name at its place.
#[derive(Debug)]
pub(crate) struct Node {
    /// The key as it stands in the text, with the closing quote.
    quoted: Box<[u8]>,
    parent: u32,
    /// The field's full name.
    pub(crate) name: String,
    /// Its column, when the field is selected and had a value.
    pub(crate) column: u32,
    /// Whether a scalar here is a value of the table.
    pub(crate) wanted: bool,
    /// Whether something below an object or array here is.
    pub(crate) descend: bool,
    /// What the field means for the event.
    pub(crate) role: Option<Role>,
    /// The key that came first in the last object at this node.
    pub(crate) first: u32,
    /// The key that followed this one the last time.
    pub(crate) next: u32,
    /// The node of the elements of an array here.
    array: u32,
    /// The plain name of a field of a nested Windows event.
    pub(crate) alias: Option<Box<str>>,
    /// Its place among the fields that make the time of an event.
    pub(crate) stamp: Option<usize>,
}

/// The name that a field of a Windows event has in Splunk, for one nested as `Event.System` and `Event.EventData`, or as
/// Winlogbeat nests it.
fn windows_alias(name: &str) -> Option<&str> {
    let name = name.strip_suffix("{}").unwrap_or(name);
    if let Some(inner) = name.strip_prefix("winlog.") {
        return match inner {
            "channel" => Some("Channel"),
            "event_id" => Some("EventID"),
            "computer_name" => Some("Computer"),
            "record_id" => Some("EventRecordID"),
            "provider_name" => Some("Provider_Name"),
            "provider_guid" => Some("Provider_Guid"),
            "process.pid" => Some("ProcessID"),
            "process.thread.id" => Some("ThreadID"),
            "user.identifier" => Some("UserID"),
            _ => inner
                .strip_prefix("event_data.")
                .or_else(|| inner.strip_prefix("user_data."))
                .filter(|field| !field.contains('.')),
        };
    }
    let inner = name.strip_prefix("Event.")?;
    let inner = inner.strip_suffix(".#text").unwrap_or(inner);
    if let Some(field) = inner.strip_prefix("System.") {
        let attribute =
            field.split_once(".#attributes.").or_else(|| field.split_once("_attributes.")).map(|(_, attribute)| attribute);
        return Some(attribute.unwrap_or(field)).filter(|field| !field.starts_with("xmlns") && !field.contains('.'));
    }
    let field = match inner.strip_prefix("EventData.") {
        Some(field) => field,
        None => inner.strip_prefix("UserData.")?.split_once('.')?.1,
    };
    (!field.contains(['#', '.'])).then_some(field)
}

/// All names seen so far.
pub(crate) struct FieldTree<'s> {
    nodes: Vec<Node>,
    children: HashTable<u32>,
    hasher: DefaultHashBuilder,
    selection: &'s FieldSelection,
    /// Whether lists of the event itself are several values of a field of their plain name.
    pub(crate) plain_lists: bool,
    /// Whether all lists are.
    pub(crate) trims_braces: bool,
    /// The fields that make the time of an event.
    stamps: &'s [String],
}

impl<'s> FieldTree<'s> {
    pub(crate) fn new(selection: &'s FieldSelection, stamps: &'s [String]) -> Self {
        let root = Node {
            quoted: Box::default(),
            parent: NONE,
            name: String::new(),
            column: NONE,
            wanted: false,
            descend: true,
            role: None,
            first: NONE,
            next: NONE,
            array: NONE,
            alias: None,
            stamp: None,
        };
        Self {
            nodes: vec![root],
            children: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            selection,
            plain_lists: false,
            trims_braces: false,
            stamps,
        }
    }

    pub(crate) fn node(&self, node: u32) -> &Node {
        &self.nodes[node as usize]
    }

    pub(crate) fn node_mut(&mut self, node: u32) -> &mut Node {
        &mut self.nodes[node as usize]
    }

    /// The node that probably comes next: after `previous`, or the first one of `parent`, if its key stands in the text.
    #[inline]
    pub(crate) fn predict(&self, parent: u32, previous: u32, text: &[u8]) -> Option<(u32, usize)> {
        let guess = if previous == NONE { self.node(parent).first } else { self.node(previous).next };
        let node = self.nodes.get(guess as usize)?;
        text.starts_with(&node.quoted).then_some((guess, node.quoted.len()))
    }

    /// The node of a key (as it stands in the text with the closing quote, and as it reads).
    pub(crate) fn child(&mut self, parent: u32, previous: u32, quoted: &[u8], key: &str) -> u32 {
        let hash = self.hasher.hash_one((parent, quoted));
        let nodes = &self.nodes;
        let found = self
            .children
            .find(hash, |&child| nodes[child as usize].parent == parent && *nodes[child as usize].quoted == *quoted)
            .copied();
        let child = found.unwrap_or_else(|| {
            let name = if parent == ROOT { key.to_owned() } else { format!("{}.{key}", self.node(parent).name) };
            let child = self.add(parent, quoted, name);
            let (nodes, hasher) = (&self.nodes, &self.hasher);
            self.children.insert_unique(hash, child, |&child| {
                let node = &nodes[child as usize];
                hasher.hash_one((node.parent, &*node.quoted))
            });
            child
        });
        if previous == NONE {
            self.node_mut(parent).first = child;
        } else {
            self.node_mut(previous).next = child;
        }
        child
    }

    /// The node of the elements of an array at a node.
    pub(crate) fn elements(&mut self, node: u32) -> u32 {
        if self.node(node).array == NONE {
            // Tags and event types may be lists and keep their plain names.
            let plain = self.trims_braces
                || self.node(node).parent == ROOT
                    && (self.plain_lists || matches!(self.node(node).name.as_str(), "tag" | "eventtype"));
            let array = if plain { node } else { self.add(NONE, b"", format!("{}{{}}", self.node(node).name)) };
            self.node_mut(node).array = array;
        }
        self.node(node).array
    }

    fn add(&mut self, parent: u32, quoted: &[u8], name: String) -> u32 {
        let alias = windows_alias(&name).map(Box::from);
        let role = Role::of(alias.as_deref().unwrap_or(&name)).filter(|role| alias.is_none() || !role.is_meta());
        let meta = role.is_some_and(Role::is_meta);
        let windows = ["Event", "Event.System", "Event.EventData", "Event.UserData", "winlog"]
            .iter()
            .any(|above| name.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
        let below = |stamp: &String| stamp.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['.', '{']));
        let stamped = self.stamps.iter().any(below);
        self.nodes.push(Node {
            quoted: quoted.into(),
            parent,
            column: NONE,
            wanted: !meta && self.selection.contains(&name),
            descend: self.selection.contains_below(&name) || Role::is_above(&name) || windows || stamped,
            stamp: self.stamps.iter().position(|stamp| *stamp == name),
            role,
            name,
            first: NONE,
            next: NONE,
            array: NONE,
            alias,
        });
        self.nodes.len() as u32 - 1
    }

    /// The node's column, made when it is the first value.
    #[inline]
    pub(crate) fn column(&mut self, node: u32, builder: &mut ChunkBuilder<'_>) -> u32 {
        let node = &mut self.nodes[node as usize];
        if node.column == NONE {
            node.column = builder.column(&node.name, ColumnKind::Field);
        }
        node.column
    }

    /// Adds a value under the plain name of a nested Windows event's field.
    #[cold]
    pub(crate) fn append_alias(&self, node: u32, builder: &mut ChunkBuilder<'_>, span: Span) {
        let Some(alias) = self.node(node).alias.as_deref() else {
            return;
        };
        let more = match alias {
            "EventRecordID" => Some("RecordNumber"),
            "Name" if self.node(node).name.contains("Provider") => Some("Provider_Name"),
            _ => None,
        };
        for name in [Some(alias), more].into_iter().flatten() {
            if self.selection.contains(name) {
                let column = builder.column(name, ColumnKind::Field);
                builder.append(column, span);
            }
        }
    }
}
