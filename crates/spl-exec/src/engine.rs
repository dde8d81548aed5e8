//! The engine as its users see it: settings and knowledge in, searches compiled, checked, explained and run.

mod session;

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::execution::context::SessionState;
use futures::future::{BoxFuture, Either, select};
use indexmap::IndexMap;
use spl_commands::fields::fieldformat;
use spl_commands::table::Commands;
use spl_knowledge::Knowledge;
use spl_macros::Expansion;
use spl_operators::columns::Places;
use spl_operators::errors::engine_error;
use spl_operators::functions::location::GeoDatabase;
use spl_parser::effects::{RequiredFields, listed_by_name};
use spl_parser::{Diagnostic, Pipeline, Practice};
use spl_plan::context::clock::{SearchClock, TimeRange};
use spl_plan::context::limits::Limits;
use spl_plan::context::written_lookups::WrittenLookups;
use spl_plan::context::{EngineContext, PlanContext};
use spl_plan::events::data::EventData;
use spl_plan::events::parts::EventParts;
use spl_plan::events::planned_knowledge::PlannedKnowledge;
use spl_plan::events::summaries::Summaries;
use spl_plan::models::required::data_model_fields;
use spl_plan::scan::carried::{CarriedFields, carried_fields};
use spl_plan::scan::required_texts::required_texts;
use spl_sources::{EventTable, FieldSelection, KeptTexts, RequiredTexts};

use crate::session_runner::{Passage, SessionRunner};

/// Says when a time has passed, by a clock of its maker.
pub trait Timer: std::fmt::Debug + Send + Sync {
    /// Comes to an end after so many seconds.
    fn after(&self, seconds: u64) -> BoxFuture<'static, ()>;
}

/// What all searches of an engine depend on beside the knowledge and the data.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The clock of searches that bring none of their own.
    pub clock: SearchClock,
    /// Limits by name (`subsearch_maxout`), as `splq limits` lists them; what is not set has Splunk's default.
    pub limits: IndexMap<String, u64>,
    /// Most bytes that sorts and aggregations may hold; none = no limit.
    pub memory_limit: Option<usize>,
    /// Threads; 0 = one per core.
    pub threads: usize,
    /// Most rows of a batch; none = by the memory limit.
    pub batch_rows: Option<usize>,
    /// The rewrites that make searches faster and never change their rows.
    pub rewrites: Rewrites,
    /// Counts the seconds of searches, for the limit `search_maxtime`; the engine has no clock of its own.
    pub timer: Option<Arc<dyn Timer>>,
    /// Where `iplocation` looks addresses up.
    pub geo_database: Option<Arc<GeoDatabase>>,
    /// The folder of `inputcsv` and `outputcsv`; without one tables are kept in the session.
    pub csv_folder: Option<PathBuf>,
}

impl Settings {
    /// The defaults, with the clock of searches that bring none of their own.
    pub fn at(clock: SearchClock) -> Self {
        Self {
            clock,
            limits: IndexMap::new(),
            memory_limit: None,
            threads: 0,
            batch_rows: None,
            rewrites: Rewrites::default(),
            timer: None,
            geo_database: None,
            csv_folder: None,
        }
    }
}

/// Rewrites that make searches faster and never change their rows; each can be switched off, so that tests compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrites {
    /// Expressions over a dictionary column are evaluated once per distinct value.
    pub once_per_distinct: bool,
    /// Dictionary columns are grouped and partitioned by code.
    pub group_by_code: bool,
    /// Rows are filtered before they are sorted.
    pub filter_below_numbers: bool,
    /// Rows are sorted by the ranks of texts that many of them share.
    pub sort_by_ranks: bool,
    /// Conditions that the statistics of the loaded events settle are settled while planning.
    pub statistics: bool,
    /// Events without the texts that the searches look for are passed over while they are loaded.
    pub required_texts: bool,
}

impl Default for Rewrites {
    fn default() -> Self {
        Self {
            once_per_distinct: true,
            group_by_code: true,
            filter_below_numbers: true,
            sort_by_ranks: true,
            statistics: true,
            required_texts: true,
        }
    }
}

impl Rewrites {
    /// No rewrite at all.
    pub const NONE: Self = Self {
        once_per_distinct: false,
        group_by_code: false,
        filter_below_numbers: false,
        sort_by_ranks: false,
        statistics: false,
        required_texts: false,
    };
}

/// A search that was expanded and parsed, with the clock that it runs by.
#[derive(Clone, Debug)]
pub struct Search {
    /// As written.
    pub text: String,
    /// With macros expanded, and the way back.
    pub expansion: Expansion,
    /// Parsed from the expanded text.
    pub pipeline: Pipeline,
    /// Its now, time zone and time range.
    pub clock: Arc<SearchClock>,
    /// Forms in it that apps rely on and no page documents.
    pub practice: Vec<Practice>,
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
    /// The fields to show, in order; internal fields are left out, unless the search lists them by name.
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

/// What searches can need from the data, so that a loader can leave out the rest.
#[derive(Clone, Debug)]
pub struct RequiredData {
    /// The fields.
    pub fields: FieldSelection,
    /// The events whose texts they need, when `_raw` is among the fields; none when that is all events.
    pub kept_texts: Option<KeptTexts>,
}

/// Knowledge, settings and data: what searches run on. It never changes; a copy shares everything, so that searches of
/// several threads run on one engine.
#[derive(Clone)]
pub struct Engine {
    context: Arc<EngineContext>,
    settings: Arc<Settings>,
    state: Arc<SessionState>,
    data: Option<EventTable>,
    passage: Option<Arc<dyn Passage>>,
}

impl Engine {
    /// An engine without data.
    ///
    /// # Errors
    /// Settings that the engine refuses.
    pub fn new(knowledge: Knowledge, settings: Settings) -> Result<Self, Diagnostic> {
        let events = EventData::empty(&knowledge)?;
        let state = Arc::new(session::session_state(&settings)?);
        let context = EngineContext {
            knowledge: Arc::new(knowledge),
            parsed: Arc::default(),
            planned: PlannedKnowledge::default(),
            events,
            parts: None,
            summaries: None,
            functions: Arc::default(),
            written: WrittenLookups::default(),
            limits: settings.limits.clone(),
            memory_limit: settings.memory_limit,
            geo_database: settings.geo_database.clone(),
            csv_folder: settings.csv_folder.clone(),
            settles: settings.rewrites.statistics,
            commands: &Commands,
            evaluate_constant: spl_plan::expression::constant::evaluate,
        };
        Ok(Self { context: Arc::new(context), settings: Arc::new(settings), state, data: None, passage: None })
    }

    /// The knowledge objects.
    pub fn knowledge(&self) -> &Knowledge {
        &self.context.knowledge
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock of searches that bring none of their own.
    pub fn clock(&self) -> &SearchClock {
        &self.settings.clock
    }

    /// The loaded events.
    pub fn data(&self) -> Option<&EventTable> {
        self.data.as_ref()
    }

    /// The same engine over loaded events.
    ///
    /// # Errors
    /// Events without an ordinal, knowledge objects that can't be applied.
    pub fn with_data(&self, data: EventTable) -> Result<Self, Diagnostic> {
        // What rules keep is about the events before.
        let state = Arc::new(session::session_state(&self.settings)?);
        Ok(Self { state, ..self.with_some_data(data)? })
    }

    /// The same engine over some of its events: what rules keep of their columns serves them too, where they share its texts.
    ///
    /// # Errors
    /// As [`Engine::with_data`].
    pub fn with_some_data(&self, data: EventTable) -> Result<Self, Diagnostic> {
        let events =
            EventData::new(&data.schema, &data.batches, &self.context.knowledge, &self.context.parsed, threads(&self.settings))?;
        let context = Arc::new(EngineContext { parts: None, ..self.context.over_events(events) });
        Ok(Self { context, data: Some(data), ..self.clone() })
    }

    /// The same engine over events that are loaded part by part, anew for each search that reads them.
    ///
    /// # Errors
    /// Knowledge objects that can't be applied.
    pub fn with_parts(&self, parts: Arc<dyn EventParts>) -> Result<Self, Diagnostic> {
        let events = EventData::empty(&self.context.knowledge)?;
        let context = Arc::new(EngineContext { parts: Some(parts), ..self.context.over_events(events) });
        let state = Arc::new(session::session_state(&self.settings)?);
        Ok(Self { context, state, data: None, ..self.clone() })
    }

    /// The same engine with other knowledge objects, over the same events.
    ///
    /// # Errors
    /// Knowledge objects that can't be applied.
    pub fn with_knowledge(&self, knowledge: Knowledge) -> Result<Self, Diagnostic> {
        let parsed = Arc::default();
        let events = match &self.data {
            Some(data) => EventData::new(&data.schema, &data.batches, &knowledge, &parsed, threads(&self.settings))?,
            None => EventData::empty(&knowledge)?,
        };
        let context = EngineContext {
            knowledge: Arc::new(knowledge),
            parsed,
            parts: self.context.parts.clone(),
            functions: Arc::default(),
            ..self.context.over_events(events)
        };
        Ok(Self { context: Arc::new(context), ..self.clone() })
    }

    /// The same engine with data model summaries, which `tstats summariesonly=true` reads; none = it has none.
    pub fn with_summaries(&self, summaries: Option<Arc<dyn Summaries>>) -> Self {
        let events = self.context.events.clone();
        let parts = self.context.parts.clone();
        let context = EngineContext { summaries, parts, ..self.context.over_events(events) };
        Self { context: Arc::new(context), ..self.clone() }
    }

    /// The same engine, whose plans go through something before they are run: written and read back, sent elsewhere.
    pub fn with_passage(&self, passage: Arc<dyn Passage>) -> Self {
        Self { passage: Some(passage), ..self.clone() }
    }

    /// Whether each search loads the events anew, part by part.
    pub fn reads_in_parts(&self) -> bool {
        self.context.parts.is_some()
    }

    /// Expands and parses a search, which runs by the engine's clock.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn compile(&self, text: &str) -> Result<Search, Failure> {
        self.compile_at(text, self.settings.clock.clone())
    }

    /// Expands and parses a search that runs by a clock of its own.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn compile_at(&self, text: &str, clock: SearchClock) -> Result<Search, Failure> {
        let clock = Arc::new(clock);
        let context = self.plan_context(&clock, "", false);
        let expansion = self
            .context
            .knowledge
            .macros
            .expand(text, &|definition| spl_plan::expression::constant::evaluate(&context, definition))
            .map_err(|diagnostics| Failure { diagnostics, expansion: None })?;
        match spl_parser::parse_with_practice(&expansion.text) {
            Ok((pipeline, practice)) => Ok(Search { text: text.to_owned(), expansion, pipeline, clock, practice }),
            Err(diagnostics) => {
                let diagnostics = diagnostics.into_iter().map(|error| self.of_custom_command(error, &expansion.text)).collect();
                Err(Failure { diagnostics, expansion: Some(expansion) })
            }
        }
    }

    /// An unknown command that an app declares is known by its app: splq runs no scripts of apps.
    fn of_custom_command(&self, error: Diagnostic, text: &str) -> Diagnostic {
        let name = error.span().and_then(|span| text.get(span.start..span.end)).unwrap_or_default();
        match self.context.knowledge.custom_commands.get(&name.to_ascii_lowercase()) {
            Some(app) if error.code == "parse/unknown-command" => {
                let message =
                    format!("`{name}` can't be run: it is a custom command of the app `{app}`, a script for a Splunk server");
                Diagnostic { message, help: None, code: "plan/refused-command", ..error }
            }
            _ => error,
        }
    }

    /// From when until when a search looks.
    pub(crate) fn time_range_of(&self, search: &Search) -> TimeRange {
        let context = self.plan_context(&search.clock, &search.expansion.text, false);
        spl_plan::search::time_range::time_range(&context, &search.pipeline)
    }

    /// What planning a search of this text sees.
    fn plan_context(&self, clock: &Arc<SearchClock>, source: &str, runs: bool) -> PlanContext {
        let runner = SessionRunner::new(self.context.clone(), &self.state, clock, runs, self.passage.clone());
        PlanContext::new(self.context.clone(), clock.clone(), Arc::new(runner), source)
    }

    /// Evaluates the expressions of index-time transforms while data are loaded, at the time of the engine's clock.
    pub fn ingest_evaluator(&self) -> Arc<dyn spl_sources::IngestEvaluator> {
        let clock = Arc::new(self.clock().clone());
        Arc::new(spl_plan::expression::ingest::IngestEvaluation::new(self.plan_context(&clock, "", false)))
    }

    /// The fields that a search can need from the data, so that a loader can leave out the rest.
    pub fn required_fields(&self, search: &Search) -> FieldSelection {
        self.required_data([search]).fields
    }

    /// What these searches can need from the data.
    pub fn required_data<'s>(&self, searches: impl IntoIterator<Item = &'s Search>) -> RequiredData {
        let (knowledge, parsed) = (&self.context.knowledge, &self.context.parsed);
        let mut all = CarriedFields::none();
        for search in searches {
            let required = spl_parser::effects::of_pipeline(&search.pipeline);
            let required = data_model_fields(&search.pipeline, knowledge, parsed, required);
            all.add(carried_fields(knowledge, parsed, required));
        }
        let kept_texts = all.kept_texts(knowledge, parsed);
        match all.fields {
            RequiredFields::Only(mut names) if !names.iter().any(|name| name.contains('*')) => {
                names.extend(["_time", "host", "source", "sourcetype", "index"].map(str::to_owned));
                RequiredData { fields: FieldSelection::Only(names.into_iter().collect()), kept_texts }
            }
            _ => RequiredData { fields: FieldSelection::All, kept_texts: None },
        }
    }

    /// Texts of which an event must have one so that one of these searches can find it, for a loader; none where they may find
    /// any event.
    pub fn required_texts<'s>(&self, searches: impl IntoIterator<Item = &'s Search>) -> Option<RequiredTexts> {
        if !self.settings.rewrites.required_texts {
            return None;
        }
        let pipelines = searches.into_iter().map(|search| &search.pipeline);
        required_texts(pipelines, &self.context.knowledge, &self.context.parsed)
    }

    /// Plans a search without running it: every error and warning that can be known beforehand. It has no effects.
    ///
    /// # Errors
    /// What is wrong with the search.
    pub async fn check(&self, search: &Search) -> Result<Vec<Diagnostic>, Failure> {
        let fail = |error| failure(search, error);
        let context = self.plan_context(&search.clock, &search.expansion.text, false);
        let frame = context.pipeline(&search.pipeline, RequiredFields::All).await.map_err(fail)?;
        let plan = frame.finished().map_err(fail)?;
        self.state.optimize(&plan).map_err(|error| fail(engine_error(error)))?;
        Ok(context.notes().take_warnings())
    }

    /// Runs a search, and carries its effects out when it has run to its end. Dropping the future cancels it.
    ///
    /// # Errors
    /// What is wrong with the search; what the engine fails with; files that can't be written.
    pub async fn run(&self, search: &Search) -> Result<Results, Failure> {
        let most = Limits::new(&self.context.limits).get("search_maxtime");
        if most == 0 {
            return self.run_to_end(search).await;
        }
        let Some(timer) = &self.settings.timer else {
            let error = Diagnostic::general("run/time", "nothing here counts the seconds of a search")
                .with_help("the limit `search_maxtime` needs a timer in the settings of the engine");
            return Err(failure(search, error));
        };
        // On a task of its own, so that a batch of rows that takes long does not keep the end waiting.
        let (engine, own) = (self.clone(), search.clone());
        let mut running = AbortOnDrop(tokio::spawn(async move { engine.run_to_end(&own).await }));
        match select(&mut running.0, timer.after(most)).await {
            Either::Left((Ok(answer), _)) => answer,
            Either::Left((Err(error), _)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(failure(search, Diagnostic::general("run/time", "the search was ended"))),
            },
            Either::Right(_) => {
                let message = format!("the search took longer than {most} s");
                let error = Diagnostic::general("run/time", message)
                    .with_help("the limit is `search_maxtime`, in seconds; 0 is no limit");
                Err(failure(search, error))
            }
        }
    }

    async fn run_to_end(&self, search: &Search) -> Result<Results, Failure> {
        let fail = |error| failure(search, error);
        let context = self.plan_context(&search.clock, &search.expansion.text, true);
        for choice in search.practice.iter().filter(|practice| practice.is_choice) {
            context.warn(choice.warning());
        }
        let frame = context.pipeline(&search.pipeline, RequiredFields::All).await.map_err(fail)?;
        let frame = fieldformat::shown(&context, frame, &context.formats().all()).map_err(fail)?;
        let listed = listed_by_name(&search.pipeline);
        let is_shown = |name: &String| is_shown(name) || listed.contains(name.as_str());
        let fields: Vec<String> = frame.fields().into_iter().map(|field| field.name).filter(is_shown).collect();
        let (schema, batches) = context.collect(frame).await.map_err(fail)?;
        let known = Places::of(&schema);
        let places: Vec<usize> = fields.iter().filter_map(|field| known.get(field)).collect();
        let shown = |batch: RecordBatch| batch.project(&places).map_err(|error| fail(engine_error(error.into())));
        let batches = batches.into_iter().filter(|batch| batch.num_rows() > 0).map(shown).collect::<Result<_, _>>()?;
        for effect in context.notes().take_effects() {
            effect.carry_out(&self.context.written).map_err(fail)?;
        }
        Ok(Results { fields, batches, warnings: context.notes().take_warnings() })
    }

    /// Shows how a search would be run.
    ///
    /// # Errors
    /// What is wrong with the search.
    pub async fn explain(&self, search: &Search, stage: Stage) -> Result<String, Failure> {
        let fail = |error| failure(search, error);
        match stage {
            Stage::Expanded => return Ok(search.expansion.text.clone()),
            Stage::Syntax => return Ok(format!("{:#?}", search.pipeline)),
            Stage::Logical | Stage::Physical => {}
        }
        let context = self.plan_context(&search.clock, &search.expansion.text, false);
        let frame = context.pipeline(&search.pipeline, RequiredFields::All).await.map_err(fail)?;
        let plan = frame.finished().map_err(fail)?;
        let optimised = self.state.optimize(&plan).map_err(|error| fail(engine_error(error)))?;
        if stage == Stage::Logical {
            return Ok(optimised.display_indent().to_string());
        }
        let physical = self.state.create_physical_plan(&plan).await.map_err(|error| fail(engine_error(error)))?;
        Ok(datafusion::physical_plan::displayable(physical.as_ref()).indent(false).to_string())
    }
}

/// A task that ends, at the next step that waits, when nobody waits for it any more.
struct AbortOnDrop(tokio::task::JoinHandle<Result<Results, Failure>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn failure(search: &Search, error: Diagnostic) -> Failure {
    Failure { diagnostics: vec![error], expansion: Some(search.expansion.clone()) }
}

/// Whether a field is shown: names that start with `_` are internal but for `_time` and `_raw`.
fn is_shown(name: &str) -> bool {
    !name.starts_with('_') || matches!(name, "_time" | "_raw")
}

fn threads(settings: &Settings) -> usize {
    match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    }
}

#[cfg(test)]
mod tests;
