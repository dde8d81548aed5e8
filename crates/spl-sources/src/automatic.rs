//! Reads the fields of events that are XML or tables, which Splunk finds without being asked.
//!
//! Source: Splunk admin manual, props.conf, `KV_MODE`, `AUTO_KV_JSON` and `KV_TRIM_SPACES`.

use spl_functions::extraction::table::Layout;
use spl_functions::xml_document;

use crate::automatic_fields::AutomaticFields;
use crate::chunk::ChunkBuilder;
use crate::embedded::Adder;
use crate::options::FieldSelection;

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
