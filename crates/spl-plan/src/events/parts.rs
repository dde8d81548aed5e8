//! Events that do not fit into memory at once and are loaded part by part.

use spl_sources::EventTable;

/// Events that are loaded part by part.
pub trait EventParts: Send + Sync {
    /// Loads one part after the other, from the first each time that it is called; input order.
    fn parts(&self) -> Box<dyn Iterator<Item = Result<EventTable, String>> + Send>;
}
