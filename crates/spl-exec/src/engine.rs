//! The engine as its users see it: settings and knowledge in, searches compiled, checked, explained and run.

use arrow::array::RecordBatch;
use chrono_tz::Tz;
use indexmap::IndexMap;
use spl_knowledge::Knowledge;
use spl_macros::Expansion;
use spl_parser::{Diagnostic, Pipeline};
use spl_sources::{EventTable, FieldSelection};

/// What a search depends on beside its text and the data.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Now, in epoch seconds.
    pub now: f64,
    /// Time zone of time modifiers, `strftime` and `bin`.
    pub time_zone: Tz,
    /// Earliest time of the search (time modifier or RFC 3339), inclusive; none = all time.
    pub earliest: Option<String>,
    /// Latest time of the search, exclusive; none = all time.
    pub latest: Option<String>,
    /// Limits by name (`subsearch_maxout`), as `splq limits` lists them; what is not set has Splunk's default.
    pub limits: IndexMap<String, u64>,
    /// Most bytes that sorts and aggregations may hold; none = no limit.
    pub memory_limit: Option<usize>,
    /// Threads; 0 = one per core.
    pub threads: usize,
}

/// A search that was expanded and parsed.
#[derive(Clone, Debug)]
pub struct Search {
    /// As written.
    pub text: String,
    /// With macros expanded, and the way back.
    pub expansion: Expansion,
    /// Parsed from the expanded text.
    pub pipeline: Pipeline,
}

/// Why a search can't be answered. Spans refer to the expanded text when there is an expansion, else to the text.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is wrong; at least one.
    pub diagnostics: Vec<Diagnostic>,
    /// The expansion, when it got that far.
    pub expansion: Option<Expansion>,
}

/// The rows of a search.
#[derive(Clone, Debug)]
pub struct Results {
    /// The fields to show, in order; internal fields are left out.
    pub fields: Vec<String>,
    /// The rows in result order; columns by the names in `fields`.
    pub batches: Vec<RecordBatch>,
    /// What the user should know: limits reached, conversions that failed.
    pub warnings: Vec<Diagnostic>,
}

impl Results {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// What `splq explain` can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The text with macros expanded.
    Expanded,
    /// The syntax tree.
    Syntax,
    /// DataFusion's logical plan, optimised.
    Logical,
    /// DataFusion's physical plan.
    Physical,
}

/// Knowledge, settings and data: what searches run on.
pub struct Engine {
    knowledge: Knowledge,
    settings: Settings,
    data: Option<EventTable>,
}

impl Engine {
    /// An engine without data.
    pub fn new(knowledge: Knowledge, settings: Settings) -> Self {
        Self { knowledge, settings, data: None }
    }

    /// The knowledge objects.
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The loaded events.
    pub fn data(&self) -> Option<&EventTable> {
        self.data.as_ref()
    }

    /// Replaces the loaded events.
    pub fn set_data(&mut self, data: EventTable) {
        self.data = Some(data);
    }

    /// Expands and parses a search.
    pub fn compile(&self, text: &str) -> Result<Search, Failure> {
        let _ = text;
        Err(Failure { diagnostics: Vec::new(), expansion: None })
    }

    /// The fields that a search can need from the data, so that a loader can leave out the rest.
    pub fn needed_fields(&self, search: &Search) -> FieldSelection {
        let _ = search;
        FieldSelection::All
    }

    /// Plans a search without data: every error and warning that can be known beforehand.
    pub async fn check(&self, search: &Search) -> Result<Vec<Diagnostic>, Failure> {
        let _ = search;
        Ok(Vec::new())
    }

    /// Runs a search. Dropping the future cancels it.
    pub async fn run(&self, search: &Search) -> Result<Results, Failure> {
        let _ = search;
        Err(Failure { diagnostics: Vec::new(), expansion: None })
    }

    /// Shows how a search would be run.
    pub async fn explain(&self, search: &Search, stage: Stage) -> Result<String, Failure> {
        let _ = (search, stage);
        Ok(String::new())
    }
}
