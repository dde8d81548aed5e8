//! Search macros: definitions (built in, macros.conf, content YAML, `--macro`), expansion, and the map back to what was written.
//!
//! [`MacroTable`] holds definitions by name and number of arguments; [`MacroTable::expand`] replaces the calls in a
//! search and returns the text to parse with a [`SourceMap`] that leads every byte back to the call and the definition.

mod call;
pub mod conf;
mod definition;
mod expand;
mod source_map;
mod table;
pub mod yaml;

pub use conf::{Conf, Setting, Stanza};
pub use definition::{MacroDefinition, Origin};
pub use expand::{EvalCallback, Expansion, MAXIMUM_CALLS, MAXIMUM_DEPTH, MAXIMUM_SIZE};
pub use source_map::{DefinitionFrame, Located, SourceMap};
pub use table::MacroTable;
