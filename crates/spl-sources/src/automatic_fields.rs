//! What Splunk finds in the text of events without being asked: pairs, JSON, XML, tables.
//!
//! Source: Splunk admin manual, props.conf, `KV_MODE`, `AUTO_KV_JSON` and `KV_TRIM_SPACES`.

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

/// How pairs are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairRules {
    /// `KV_MODE = auto_escaped`: in quoted values `\"` is a quote and `\\` a backslash. Otherwise the next quote ends the value.
    pub escapes: bool,
    /// `KV_TRIM_SPACES`: blanks around quoted values are cut.
    pub trims: bool,
}

impl Default for PairRules {
    fn default() -> Self {
        Self { escapes: false, trims: true }
    }
}
