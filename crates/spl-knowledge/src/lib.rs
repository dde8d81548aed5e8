//! Knowledge objects: macros, event types, tags, field definitions, lookups and data models, from splq's own pack, from
//! apps and from content folders.
//!
//! [`Knowledge::built_in`] holds what splq brings; [`Knowledge::load_app`], [`Knowledge::load_content`] and
//! [`Knowledge::add_lookup_file`] add to it, later definitions over earlier ones. Searches and expressions stay text:
//! who runs them parses them.

pub mod app;
pub mod data_model;
pub mod event_type;
pub mod fields;
pub mod index_transform;
mod knowledge;
pub mod lint;
mod load;
pub mod lookup;
mod pack;
mod problem;
pub mod props;
pub mod saved_search;
pub mod settings;
pub mod stanza;
pub mod transaction_type;
pub mod transform;

pub use data_model::{Calculation, CalculationKind, DataModel, Dataset, DatasetField, FieldKind};
pub use event_type::{EventType, TagRule};
pub use index_transform::IndexTransform;
pub use knowledge::Knowledge;
pub use lint::{AppProblem, lint_app};
pub use lookup::{LookupDefinition, LookupSource, LookupTable, MatchType};
pub use props::{
    AutomaticLookup, CalculatedField, Extraction, FieldAlias, IndexTimeSettings, KvMode, LookupField, PropsStanza, Report,
    ResolvedProps,
};
pub use saved_search::SavedSearch;
pub use spl_macros::{MacroDefinition, MacroTable, Origin};
pub use stanza::{NamePattern, StanzaMatcher};
pub use transaction_type::TransactionType;
pub use transform::{Delimiters, Transform};
