//! What planning one search sees: knowledge, events, the search's clock, its limits, functions and commands.
//!
//! Planning a search changes its notes and formats, and what is kept to be faster; nothing else in it changes.
//!
//! It builds on `frame` and `events`. Read `clock.rs`, `notes.rs` and `effects.rs` for what belongs to one search.

pub mod clock;
pub mod effects;
pub mod limits;
pub mod notes;
pub mod runner;
pub mod written_lookups;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chrono_tz::Tz;
use datafusion::common::config::ConfigOptions;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_functions::aggregate::{self, ValueLimit};
use spl_functions::scalar::{self, FunctionSpec, SplFunction};
use spl_knowledge::{Knowledge, LookupDefinition, LookupSource, LookupTable, MatchType};
use spl_macros::Origin;
use spl_operators::functions::location::GeoDatabase;
use spl_operators::lookup::matcher::Matcher;
use spl_parser::syntax::{CommandCall, Expression};
use spl_parser::{Diagnostic, Span};

use crate::context::clock::{SearchClock, TimeRange};
use crate::context::effects::Target;
use crate::context::limits::Limits;
use crate::context::notes::{Formats, SearchNotes};
use crate::context::runner::Runner;
use crate::context::written_lookups::WrittenLookups;
use crate::events::data::EventData;
use crate::events::parsed_knowledge::ParsedKnowledge;
use crate::events::parts::EventParts;
use crate::events::planned_knowledge::{KnowledgeVersion, PlannedKnowledge};
use crate::events::summaries::Summaries;
use crate::frame::Frame;
use spl_parser::effects::RequiredFields;

/// What a command gets.
pub struct Input {
    /// The rows before it; none when it stands first.
    pub frame: Option<Frame>,
    /// The fields that what follows needs.
    pub required: RequiredFields,
}

/// Plans a command whose columns follow from the columns before it.
pub type RowsPlan = fn(&PlanContext, &CommandCall, Frame) -> Result<Frame, Diagnostic>;
/// Plans a command that runs something first: a subsearch, the stage before it.
pub type StagePlan = for<'a> fn(&'a PlanContext, &'a CommandCall, Input) -> BoxFuture<'a, Result<Frame, Diagnostic>>;

/// How a command is planned.
#[derive(Clone, Copy)]
pub enum Planning {
    /// From the frame before it.
    Rows(RowsPlan),
    /// From the frame before it, running something while planning.
    Stage(StagePlan),
    /// It can stand first.
    Source(StagePlan),
    /// As the command of this name, whose summary it makes; the command itself that follows at once reads the same rows.
    SummaryOf(&'static str),
}

/// The commands that searches may use.
pub trait CommandTable: Send + Sync {
    /// How a command is planned.
    ///
    /// # Errors
    /// A command that is known but not built, or that can't be run without a Splunk server.
    fn planning(&self, call: &CommandCall) -> Result<Planning, Diagnostic>;

    /// Whether a command, as it is written, looks at one event at a time, wherever the event is.
    fn is_streaming(&self, call: &CommandCall) -> bool;
}

/// Evaluates an eval expression without fields: the definition of an `iseval` macro. The error says why it has no value.
pub type EvaluateConstant = fn(&PlanContext, &str) -> Result<String, String>;

/// What all searches of an engine share.
pub struct EngineContext {
    /// Knowledge objects.
    pub knowledge: Arc<Knowledge>,
    /// What knowledge objects say, parsed.
    pub parsed: Arc<ParsedKnowledge>,
    /// Fields and searches of knowledge objects, planned over the loaded events.
    pub planned: PlannedKnowledge,
    /// Loaded events; without data an empty table.
    pub events: EventData,
    /// Events that are loaded part by part while a search runs, in place of loaded ones.
    pub parts: Option<Arc<dyn EventParts>>,
    /// Data model summaries, if there are any.
    pub summaries: Option<Arc<dyn Summaries>>,
    /// Functions by name, so that compiled patterns and kept results are shared by all searches of a run.
    pub functions: Arc<Mutex<IndexMap<&'static str, Arc<ScalarUDF>>>>,
    /// Lookup tables that searches of this session wrote.
    pub written: WrittenLookups,
    /// Limits that are not Splunk's defaults, by name.
    pub limits: IndexMap<String, u64>,
    /// Most bytes that a search may hold; none = no limit.
    pub memory_limit: Option<usize>,
    /// Where `iplocation` looks addresses up.
    pub geo_database: Option<Arc<GeoDatabase>>,
    /// The folder of `inputcsv` and `outputcsv`; without one tables are kept in the session.
    pub csv_folder: Option<PathBuf>,
    /// Whether conditions that the statistics of the events settle are settled while planning.
    pub settles: bool,
    /// The commands.
    pub commands: &'static dyn CommandTable,
    /// Evaluates the definitions of `iseval` macros.
    pub evaluate_constant: EvaluateConstant,
}

impl EngineContext {
    /// The same over other events, which are loaded.
    pub fn over_events(&self, events: EventData) -> Self {
        Self {
            knowledge: self.knowledge.clone(),
            parsed: self.parsed.clone(),
            planned: PlannedKnowledge::default(),
            events,
            parts: None,
            summaries: self.summaries.clone(),
            functions: self.functions.clone(),
            written: self.written.clone(),
            limits: self.limits.clone(),
            memory_limit: self.memory_limit,
            geo_database: self.geo_database.clone(),
            csv_folder: self.csv_folder.clone(),
            settles: self.settles,
            commands: self.commands,
            evaluate_constant: self.evaluate_constant,
        }
    }
}

/// What planning one search sees. A copy shares everything.
#[derive(Clone)]
pub struct PlanContext {
    engine: Arc<EngineContext>,
    clock: Arc<SearchClock>,
    runner: Arc<dyn Runner>,
    notes: Arc<SearchNotes>,
    formats: Arc<Formats>,
    depth: usize,
    range: TimeRange,
    /// What spans refer to; empty when the text is not known.
    source: Arc<str>,
    /// How `starttime` and `endtime` are written, when a search says so.
    time_format: Option<Arc<str>>,
    /// Whether the loaded events are a part of all events.
    is_over_part: bool,
}

impl PlanContext {
    /// The context of a search of this text, which its spans refer to.
    pub fn new(engine: Arc<EngineContext>, clock: Arc<SearchClock>, runner: Arc<dyn Runner>, source: &str) -> Self {
        Self {
            engine,
            clock,
            runner,
            notes: Arc::default(),
            formats: Arc::default(),
            depth: 0,
            range: TimeRange::default(),
            source: Arc::from(source),
            time_format: None,
            is_over_part: false,
        }
    }

    /// The context of another text within the search, which its spans refer to.
    pub fn over_source(&self, source: &str) -> Self {
        Self { source: Arc::from(source), ..self.clone() }
    }

    /// The same context where a search says how its times are written.
    pub fn with_time_format(&self, format: &str) -> Self {
        Self { time_format: Some(Arc::from(format)), ..self.clone() }
    }

    /// The same context with the time range of the search that is being planned.
    pub fn with_time_range(&self, range: TimeRange) -> Self {
        Self { range, ..self.clone() }
    }

    /// The same context over a part of the events, which is loaded.
    pub fn over_part(&self, events: EventData) -> Self {
        Self { engine: Arc::new(self.engine.over_events(events)), is_over_part: true, ..self.clone() }
    }

    /// Whether the loaded events are all events, not a part of them.
    pub fn has_all_events(&self) -> bool {
        self.engine.parts.is_none() && !self.is_over_part
    }

    /// The context of a search inside this one.
    ///
    /// # Errors
    /// Searches that are nested too deeply.
    pub fn nested(&self, span: Span) -> Result<Self, Diagnostic> {
        const DEEPEST: usize = 50;
        if self.depth >= DEEPEST {
            return Err(Diagnostic::error("plan/nesting", "subsearches are nested too deeply", span));
        }
        Ok(Self { depth: self.depth + 1, formats: Arc::default(), ..self.clone() })
    }

    /// What the search has to say beside its rows.
    pub fn notes(&self) -> &SearchNotes {
        &self.notes
    }

    /// How fields are shown at the end.
    pub fn formats(&self) -> &Formats {
        &self.formats
    }

    /// Runs what was planned.
    pub fn runner(&self) -> &dyn Runner {
        self.runner.as_ref()
    }

    /// The clock of the search.
    pub fn clock(&self) -> &SearchClock {
        &self.clock
    }

    /// The now of the search, in epoch seconds.
    pub fn now(&self) -> f64 {
        self.clock.now
    }

    /// The time zone of the search.
    pub fn time_zone(&self) -> Tz {
        self.clock.time_zone
    }

    /// The time range of the search that is being planned.
    pub fn time_range(&self) -> TimeRange {
        self.range
    }

    /// How `starttime` and `endtime` are written, when the search says so.
    pub fn time_format(&self) -> Option<&str> {
        self.time_format.as_deref()
    }

    /// Whether the search is run, not only checked or explained.
    pub fn is_running(&self) -> bool {
        self.runner.is_running()
    }

    /// The text at a span of the search.
    pub fn source(&self, span: Span) -> Option<&str> {
        self.source.get(span.start..span.end).filter(|text| !text.is_empty())
    }

    /// Whether a word occurs anywhere in the search.
    pub fn names(&self, word: &str) -> bool {
        self.source.split(|character: char| !character.is_alphanumeric() && character != '_').any(|found| found == word)
    }

    /// Whether a text stands anywhere in the search.
    pub fn says(&self, text: &str) -> bool {
        self.source.contains(text)
    }

    /// Fields and searches of knowledge objects, planned over the loaded events.
    pub fn planned(&self) -> &PlannedKnowledge {
        &self.engine.planned
    }

    /// Events that are loaded part by part, if they are.
    pub fn event_parts(&self) -> Option<&Arc<dyn EventParts>> {
        self.engine.parts.as_ref()
    }

    /// Data model summaries, if there are any.
    pub fn summaries(&self) -> Option<&Arc<dyn Summaries>> {
        self.engine.summaries.as_ref()
    }

    /// Whether conditions that the statistics of the events settle are settled while planning.
    pub fn settles(&self) -> bool {
        self.engine.settles
    }

    /// The commands.
    pub fn commands(&self) -> &'static dyn CommandTable {
        self.engine.commands
    }

    /// Evaluates the definition of an `iseval` macro.
    ///
    /// # Errors
    /// Why it has no value.
    pub fn evaluate_constant(&self, definition: &str) -> Result<String, String> {
        (self.engine.evaluate_constant)(self, definition)
    }

    /// The number of threads that searches run on.
    pub fn threads(&self) -> usize {
        self.runner.threads()
    }

    /// Most bytes that the search may hold; none = no limit.
    pub fn memory_limit(&self) -> Option<usize> {
        self.engine.memory_limit
    }

    /// Where `iplocation` looks addresses up.
    pub fn geo_database(&self) -> Option<&Arc<GeoDatabase>> {
        self.engine.geo_database.as_ref()
    }

    /// The folder of `inputcsv` and `outputcsv`, if there is one.
    pub fn csv_folder(&self) -> Option<&PathBuf> {
        self.engine.csv_folder.as_ref()
    }

    /// What planned knowledge depends on beside the knowledge objects and the events.
    pub fn knowledge_version(&self) -> KnowledgeVersion {
        let (now, time_zone) = (self.clock.now, self.clock.time_zone);
        KnowledgeVersion { written: self.engine.written.times(), now, time_zone }
    }

    /// A table of the session by its key (see [`written_lookups::key_of`]), as this search sees it.
    pub fn written_table(&self, key: &str) -> Option<Arc<LookupTable>> {
        match self.notes.pending(Target::Key(key)) {
            Some(pending) => pending,
            None => self.engine.written.get(key),
        }
    }

    /// A lookup by name, with the rows that this session wrote to it, if any.
    ///
    /// # Errors
    /// An unknown lookup.
    pub fn lookup(&self, name: &str) -> Result<LookupDefinition, Diagnostic> {
        match self.engine.knowledge.lookup(name) {
            Ok(mut definition) => {
                if let LookupSource::File(path) = &definition.source
                    && let Some(pending) = self.notes.pending(Target::File(path))
                {
                    definition.source = LookupSource::Table(pending.unwrap_or_default());
                } else if let Some(table) = self.written_table(&written_lookups::key_of(&definition)) {
                    definition.source = LookupSource::Table(table);
                }
                Ok(definition)
            }
            Err(unknown) => match self.written_table(&written_lookups::key_of_file(name)) {
                Some(table) => Ok(LookupDefinition::new(name, LookupSource::Table(table), Origin::CommandLine)),
                None => Err(unknown),
            },
        }
    }

    /// The rows of a lookup. A file is read once as long as it does not change.
    ///
    /// # Errors
    /// As [`LookupDefinition::load`].
    pub fn lookup_table(&self, definition: &LookupDefinition) -> Result<Arc<LookupTable>, Diagnostic> {
        let table = self.engine.parsed.lookup_table(definition)?;
        if let LookupSource::File(path) = &definition.source
            && let Some(note) = self.engine.parsed.lookup_note(path)
        {
            let message = format!("{}: lookup `{}`: {note}", path.display(), definition.name);
            self.warn(Diagnostic::warning("lookup/file", message, None));
        }
        Ok(table)
    }

    /// What finds rows of a lookup by the values of these columns of its table. It is shared by all searches as long as
    /// the table does not change.
    pub fn lookup_matcher(
        &self,
        definition: &LookupDefinition,
        table: &Arc<LookupTable>,
        inputs: Vec<(usize, MatchType)>,
    ) -> Result<Arc<Matcher>, Diagnostic> {
        self.engine.parsed.lookup_matcher(definition, table, inputs, self.time_zone())
    }

    /// The knowledge objects.
    pub fn knowledge(&self) -> &Knowledge {
        &self.engine.knowledge
    }

    /// What knowledge objects say, parsed.
    pub fn parsed(&self) -> &ParsedKnowledge {
        &self.engine.parsed
    }

    /// The loaded events.
    pub fn data(&self) -> &EventData {
        &self.engine.events
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits<'_> {
        Limits::new(&self.engine.limits)
    }

    /// Notes something that the user should know; the same words are noted once.
    pub fn warn(&self, warning: Diagnostic) {
        self.notes.warn(warning);
    }

    /// Notes how a field is shown at the end.
    pub fn remember_format(&self, field: &str, format: &Expression) {
        self.formats.set(field, format);
    }

    /// A scalar function as DataFusion knows it.
    pub fn function(&self, spec: &'static FunctionSpec) -> Arc<ScalarUDF> {
        let mut functions = self.engine.functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.entry(spec.name).or_insert_with(|| SplFunction::udf(spec)).clone()
    }

    /// A scalar function by name, for those that planning itself uses.
    ///
    /// # Errors
    /// A name that is no function.
    pub fn function_named(&self, name: &str) -> Result<Arc<ScalarUDF>, Diagnostic> {
        scalar::lookup(name)
            .map(|spec| self.function(spec))
            .ok_or_else(|| Diagnostic::general("plan/unknown-function", format!("`{name}` is not a function")))
    }

    /// A statistical function by name, as written at a place of the search.
    pub fn aggregate(&self, name: &str, span: Span) -> Option<(&'static aggregate::AggregateSpec, Arc<AggregateUDF>)> {
        let (spec, parameter) = aggregate::lookup(name)?;
        Some((spec, aggregate::udaf(spec, parameter, self.value_limit(spec, span))))
    }

    /// How many values a statistical function may gather; one that had more warns.
    pub fn value_limit(&self, spec: &aggregate::AggregateSpec, span: Span) -> ValueLimit {
        if spec.name != "list" {
            return ValueLimit::default();
        }
        let most = match self.limits().get("list_maxsize") {
            0 => usize::MAX,
            most => usize::try_from(most).unwrap_or(usize::MAX),
        };
        let limit = ValueLimit { most, was_cut: Arc::default() };
        let warning =
            Diagnostic::warning("limit/reached", format!("`list` gives the first {most} values of each group"), Some(span))
                .with_help("`values` gives all distinct ones; the limit is `list_maxsize`");
        self.notes.watch(limit.was_cut.clone(), warning);
        limit
    }

    /// The settings of the search as functions read them.
    pub fn options(&self) -> &Arc<ConfigOptions> {
        self.runner.options()
    }
}
