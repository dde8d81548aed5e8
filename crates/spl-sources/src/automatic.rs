//! What Splunk finds in the text of events without being asked: pairs, JSON, XML, tables.
//!
//! Source: Splunk admin manual, props.conf, `KV_MODE`, `AUTO_KV_JSON` and `KV_TRIM_SPACES`.

use spl_functions::extraction::table::Layout;
use spl_functions::xml_document;

use crate::chunk::ChunkBuilder;
use crate::embedded::Adder;
use crate::options::FieldSelection;
use crate::pairs::PairRules;

/// What is looked for in the text of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutomaticFields {
    /// `key=value`, and in which way.
    pub pairs: Option<PairRules>,
    /// The fields of an event that is a JSON object.
    pub json: bool,
    /// The elements and attributes of an event that is XML, by their paths: `a.b`, `a.b{@c}`.
    pub xml: bool,
    /// The columns of a table, each with the values of all its lines.
    pub table: bool,
}

impl Default for AutomaticFields {
    /// `KV_MODE = auto`.
    fn default() -> Self {
        Self { pairs: Some(PairRules::default()), json: true, xml: false, table: false }
    }
}

impl AutomaticFields {
    /// `KV_MODE = none`.
    pub const NONE: Self = Self { pairs: None, json: false, xml: false, table: false };

    /// Whether an event is looked at as a whole, as XML or as a table.
    pub(crate) fn reads_documents(self) -> bool {
        self.xml || self.table
    }
}

/// Adds the fields of an event that is XML or holds a table; those that it has already stay as they are.
pub(crate) fn read_document(builder: &mut ChunkBuilder<'_>, selection: &FieldSelection, automatic: AutomaticFields, text: &str) {
    let mut adder = Adder::new(builder, selection);
    let begins = text.trim_start().starts_with('<');
    if automatic.xml
        && begins
        && let Some(roots) = xml_document::parse(text.trim())
    {
        for (name, values) in xml_document::flatten(&roots) {
            values.iter().for_each(|value| adder.add(&name, value));
        }
    }
    if automatic.table {
        for (name, value) in Layout::default().rows(text).into_iter().flatten().flat_map(|line| line.fields) {
            adder.add(&name, &value);
        }
    }
}
