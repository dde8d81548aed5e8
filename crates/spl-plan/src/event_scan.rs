//! `EventScan`: what a search reads of the events, as one value. Loaded events and events in parts answer it alike.
//!
//! It builds on `models`, `scan` and what lies below. `planned.rs` plans a scan over loaded events, `parts.rs` over each part
//! of the data, `written.rs` is its form outside the process.

mod named;
mod parts;
mod planned;
mod written;

use serde::{Deserialize, Serialize};
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::SearchExpression;
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::frame::Frame;
use crate::models::dataset_name::DatasetName;
use crate::models::search_text::Naming;

/// What a search reads of the events: which events, and which of their fields. Whoever has events answers it with rows:
/// the loaded table, each part of the data, a store. It says nothing about types or places of columns, as each part of the
/// data has its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventScan {
    /// The condition that events meet; its subsearches are resolved. Time modifiers in it replace the search's time range.
    #[serde(with = "written")]
    pub condition: Option<SearchExpression>,
    /// The dataset whose constraints events meet.
    pub dataset: Option<ScannedDataset>,
    /// The events of which time are read.
    pub times: ScannedTimes,
    /// The columns that come out.
    pub columns: ScannedColumns,
}

/// The dataset of a scan, by names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScannedDataset {
    /// The data model.
    pub model: String,
    /// The dataset's name.
    pub dataset: String,
    /// Where the search names it.
    #[serde(skip)]
    pub place: Span,
}

/// Which times a scan reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScannedTimes {
    /// All events, whatever their time.
    All,
    /// The time range of the condition, else that of the search.
    OfTheSearch,
}

/// The columns of a scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ScannedColumns {
    /// The columns that events are loaded with, without search-time fields.
    Carried,
    /// The required fields that the events have.
    Required(#[serde(with = "written::required")] RequiredFields),
    /// The default fields and the fields of the dataset, as far as they are required.
    OfTheDataset {
        /// How the dataset's fields are named.
        naming: Naming,
        /// Leaves out the fields that the model does not define.
        strict: bool,
        /// Which of them are required.
        #[serde(with = "written::required")]
        required: RequiredFields,
    },
    /// These columns in this order, null where the events have no such field.
    Named(Vec<NamedColumn>),
}

/// A column that a scan gives whether the events have the field or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedColumn {
    /// Its name, which is the field's.
    pub name: String,
    /// For `PREFIX(...)` of `tstats`: what the values follow in the texts of events; none = the field.
    pub prefix: Option<String>,
}

impl EventScan {
    /// The events that a condition finds, with required fields.
    pub fn of_events(condition: Option<SearchExpression>, required: &RequiredFields) -> Self {
        Self { condition, dataset: None, times: ScannedTimes::OfTheSearch, columns: ScannedColumns::Required(required.clone()) }
    }

    /// The rows of a dataset that starts from events.
    pub fn of_dataset(dataset: &DatasetName<'_>, naming: Naming, strict: bool, required: &RequiredFields, place: Span) -> Self {
        Self {
            condition: None,
            dataset: Some(ScannedDataset::named(dataset, place)),
            times: ScannedTimes::OfTheSearch,
            columns: ScannedColumns::OfTheDataset { naming, strict, required: required.clone() },
        }
    }

    /// All events as they are loaded.
    pub fn carried(times: ScannedTimes) -> Self {
        Self { condition: None, dataset: None, times, columns: ScannedColumns::Carried }
    }

    /// Whether rows that come out are events: commands behind may ask for more of their fields.
    fn gives_events(&self) -> bool {
        matches!(self.columns, ScannedColumns::Required(_) | ScannedColumns::OfTheDataset { .. })
    }
}

impl ScannedDataset {
    /// A dataset by its names.
    pub fn named(dataset: &DatasetName<'_>, place: Span) -> Self {
        Self { model: dataset.model.name.clone(), dataset: dataset.dataset.to_owned(), place }
    }
}

impl PlanContext {
    /// The rows of a scan: planned over the loaded events, or read from each part of the data.
    ///
    /// # Errors
    /// Conditions and fields that can't be planned, data that can't be read, a disk that is full.
    pub async fn scan(&self, scan: &EventScan) -> Result<Frame, Diagnostic> {
        let mut frame = match self.event_parts().filter(|_| self.is_running()) {
            Some(parts) => parts::scan(self, parts.as_ref(), scan).await?,
            None => planned::scan(self, scan)?.frame,
        };
        frame.is_event_stream = scan.gives_events();
        Ok(frame)
    }
}
