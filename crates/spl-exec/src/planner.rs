//! Pipelines to frames: what planning a search needs to know, and the walk over its commands.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono_tz::Tz;
use datafusion::common::config::ConfigOptions;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::logical_expr::{AggregateUDF, LogicalPlanBuilder, ScalarUDF};
use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_functions::aggregate::{self, ValueLimit};
use spl_functions::scalar;
use spl_functions::scalar::{FunctionSpec, SplFunction};
use spl_knowledge::{Knowledge, LookupDefinition, LookupSource};
use spl_macros::Origin;
use spl_parser::syntax::{CommandCall, Expression, Pipeline, Subsearch};
use spl_parser::{Diagnostic, Span};

use crate::commands::{self, Input, Planning};
use crate::engine::Settings;
use crate::event_data::EventData;
use crate::event_parts::EventParts;
use crate::frame::{Frame, ORDINAL, column, engine_error, ordinal};
use crate::limits::Limits;
use crate::needed::Needed;
use crate::operators::cut::Cut;
use crate::parsed_knowledge::ParsedKnowledge;
use crate::planned_knowledge::PlannedKnowledge;
use crate::search::{TimeRange, time_range};
use crate::summaries::Summaries;
use crate::written::{self, WrittenLookups};

/// What all planning of one engine shares.
pub struct Shared {
    /// Knowledge objects.
    pub knowledge: Arc<Knowledge>,
    /// Settings.
    pub settings: Settings,
    /// What knowledge objects say, parsed.
    pub parsed: Arc<ParsedKnowledge>,
    /// Fields and searches of knowledge objects, planned over the loaded events.
    pub planned: PlannedKnowledge,
    /// Loaded events; without data an empty table.
    pub data: EventData,
    /// Events that are loaded part by part while a search runs, in place of loaded ones.
    pub parts: Option<Arc<dyn EventParts>>,
    /// Data model summaries, if there are any.
    pub summaries: Option<Arc<dyn Summaries>>,
    /// DataFusion's state: optimiser rules, options, memory pool.
    pub state: SessionState,
    /// Functions by name, so that compiled patterns and kept results are shared by all searches of a run.
    pub functions: Arc<Mutex<IndexMap<&'static str, Arc<ScalarUDF>>>>,
    /// Lookup tables that searches of this session wrote.
    pub written: WrittenLookups,
}

/// A warning for what may happen while the search runs, and whether it did.
type Watched = (Arc<AtomicBool>, Diagnostic);

/// Plans one search.
#[derive(Clone)]
pub struct Planner {
    shared: Arc<Shared>,
    warnings: Arc<Mutex<Vec<Diagnostic>>>,
    /// Warnings for what may happen while the search runs.
    watched: Arc<Mutex<Vec<Watched>>>,
    /// How fields are shown at the end, in the order given.
    formats: Arc<Mutex<Vec<(String, Expression)>>>,
    depth: usize,
    range: TimeRange,
    /// What spans refer to; empty when the text is not known.
    source: Arc<str>,
    /// Whether the search is run, so that it may write lookups.
    runs: bool,
    /// How `starttime` and `endtime` are written, when a search says so.
    time_format: Option<Arc<str>>,
}

impl Planner {
    /// A planner for one search, which it does not run: nothing is written.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            warnings: Arc::default(),
            watched: Arc::default(),
            formats: Arc::default(),
            depth: 0,
            range: TimeRange::default(),
            source: Arc::from(""),
            runs: false,
            time_format: None,
        }
    }

    /// The same planner for a search of this text, which its spans refer to.
    pub fn over_source(&self, source: &str) -> Self {
        Self { source: Arc::from(source), ..self.clone() }
    }

    /// The same planner for a search that is run.
    pub fn running(&self) -> Self {
        Self { runs: true, ..self.clone() }
    }

    /// The same planner where a search says how its times are written.
    pub fn with_time_format(&self, format: &str) -> Self {
        Self { time_format: Some(Arc::from(format)), ..self.clone() }
    }

    /// How `starttime` and `endtime` are written, when the search says so.
    pub fn time_format(&self) -> Option<&str> {
        self.time_format.as_deref()
    }

    /// Whether the search is run, not only checked or explained.
    pub fn is_running(&self) -> bool {
        self.runs
    }

    /// The text at a span of the search.
    pub fn source(&self, span: Span) -> Option<&str> {
        self.source.get(span.start..span.end).filter(|text| !text.is_empty())
    }

    /// Whether a word occurs anywhere in the search.
    pub fn names(&self, word: &str) -> bool {
        self.source.split(|character: char| !character.is_alphanumeric() && character != '_').any(|found| found == word)
    }

    /// Fields and searches of knowledge objects, planned over the loaded events.
    pub fn planned(&self) -> &PlannedKnowledge {
        &self.shared.planned
    }

    /// Events that are loaded part by part, if they are.
    pub fn event_parts(&self) -> Option<&Arc<dyn EventParts>> {
        self.shared.parts.as_ref()
    }

    /// Data model summaries, if there are any.
    pub fn summaries(&self) -> Option<&Arc<dyn Summaries>> {
        self.shared.summaries.as_ref()
    }

    /// Number of threads that searches run on.
    pub fn threads(&self) -> usize {
        self.shared.state.config().target_partitions()
    }

    /// The same planner over other events, which are loaded.
    pub fn over_data(&self, data: EventData) -> Self {
        let from = &self.shared;
        let shared = Shared {
            knowledge: from.knowledge.clone(),
            settings: from.settings.clone(),
            parsed: from.parsed.clone(),
            planned: PlannedKnowledge::default(),
            data,
            parts: None,
            summaries: from.summaries.clone(),
            state: from.state.clone(),
            functions: from.functions.clone(),
            written: from.written.clone(),
        };
        Self { shared: Arc::new(shared), ..self.clone() }
    }

    /// How often this session wrote a lookup.
    pub fn times_written(&self) -> usize {
        self.shared.written.times()
    }

    /// A lookup by name, with the rows that this session wrote to it, if any.
    pub fn lookup(&self, name: &str) -> Result<LookupDefinition, Diagnostic> {
        match self.shared.knowledge.lookup(name) {
            Ok(mut definition) => {
                if let Some(table) = self.shared.written.get(&written::key_of(&definition)) {
                    definition.source = LookupSource::Table(table);
                }
                Ok(definition)
            }
            Err(unknown) => match self.shared.written.get(&written::key_of_file(name)) {
                Some(table) => Ok(LookupDefinition::new(name, LookupSource::Table(table), Origin::CommandLine)),
                None => Err(unknown),
            },
        }
    }

    /// The lookup tables that searches of this session wrote.
    pub fn written(&self) -> &WrittenLookups {
        &self.shared.written
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The time zone.
    pub fn time_zone(&self) -> Tz {
        self.shared.settings.time_zone
    }

    /// The time range of the search that is being planned.
    pub fn time_range(&self) -> TimeRange {
        self.range
    }

    /// The knowledge objects.
    pub fn knowledge(&self) -> &Knowledge {
        &self.shared.knowledge
    }

    /// What knowledge objects say, parsed.
    pub fn parsed(&self) -> &ParsedKnowledge {
        &self.shared.parsed
    }

    /// The loaded events.
    pub fn data(&self) -> &EventData {
        &self.shared.data
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits<'_> {
        Limits::new(&self.shared.settings.limits)
    }

    /// Notes something that the user should know; the same words are noted once.
    pub fn warn(&self, warning: Diagnostic) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Notes how a field is shown at the end; a later format of the same field replaces an earlier one.
    pub fn remember_format(&self, field: &str, format: &Expression) {
        let mut formats = self.formats.lock().unwrap_or_else(PoisonError::into_inner);
        formats.retain(|(known, _)| known != field);
        formats.push((field.to_owned(), format.clone()));
    }

    /// The rows as they are shown: with the formats that `fieldformat` gave.
    pub fn shown(&self, frame: Frame) -> Result<Frame, Diagnostic> {
        let formats = self.formats.lock().unwrap_or_else(PoisonError::into_inner).clone();
        commands::fieldformat::shown(self, frame, &formats)
    }

    /// The warnings so far.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        let watched = std::mem::take(&mut *self.watched.lock().unwrap_or_else(PoisonError::into_inner));
        for (happened, warning) in watched {
            if happened.load(Ordering::Relaxed) {
                self.warn(warning);
            }
        }
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The first rows of a frame, by a limit of Splunk's; a run that has more rows warns.
    pub fn cut(&self, frame: Frame, limit: usize, limit_name: &'static str, span: Span, help: &str) -> Result<Frame, Diagnostic> {
        let was_cut = Arc::new(AtomicBool::new(false));
        let warning = Diagnostic::warning("limit/reached", format!("results were cut to {limit} rows"), Some(span))
            .with_help(format!("{help}; the limit is `{limit_name}`"));
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).push((was_cut.clone(), warning));
        frame.operate(Cut { limit, was_cut })
    }

    /// A scalar function as DataFusion knows it.
    pub fn function(&self, spec: &'static FunctionSpec) -> Arc<ScalarUDF> {
        let mut functions = self.shared.functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.entry(spec.name).or_insert_with(|| SplFunction::udf(spec)).clone()
    }

    /// A scalar function by name, for those that the planner itself uses.
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
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).push((limit.was_cut.clone(), warning));
        limit
    }

    /// The settings of the search as functions read them.
    pub fn options(&self) -> &Arc<ConfigOptions> {
        self.shared.state.config_options()
    }

    /// DataFusion's session over the shared state.
    pub fn session(&self) -> SessionContext {
        SessionContext::new_with_state(self.shared.state.clone())
    }

    /// Plans a pipeline from its first command. `needed` are the fields wanted of its result.
    pub fn pipeline<'a>(&'a self, pipeline: &'a Pipeline, needed: Needed) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
        Box::pin(async move {
            let planner = Self { range: time_range(self, pipeline), ..self.clone() };
            planner.commands(None, &pipeline.commands, needed).await
        })
    }

    /// Plans commands over a frame (appendpipe and its kin), or from the first one.
    pub fn commands<'a>(
        &'a self,
        input: Option<Frame>,
        calls: &'a [CommandCall],
        needed: Needed,
    ) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
        Box::pin(async move {
            let mut frame = input;
            for (index, call) in calls.iter().enumerate() {
                let needed = Needed::before(&calls[index + 1..], needed.clone());
                if frame.is_some() && commands::summary_index::hands_on(self, call, calls.get(index + 1)) {
                    // The next command reads these rows; this one is planned for its errors.
                    self.command(call, frame.clone(), needed).await.map_err(|error| error.at(call.span))?;
                    continue;
                }
                frame = Some(self.command(call, frame, needed).await.map_err(|error| error.at(call.span))?);
            }
            frame.ok_or_else(|| Diagnostic::general("plan/empty", "the search has no command"))
        })
    }

    async fn command(&self, call: &CommandCall, frame: Option<Frame>, needed: Needed) -> Result<Frame, Diagnostic> {
        let planning = commands::planning(call)?;
        match planning {
            Planning::Rows(plan) => {
                let frame = frame.ok_or_else(|| first_position(call))?;
                plan(self, call, frame)
            }
            Planning::Stage(plan) => {
                let frame = frame.ok_or_else(|| first_position(call))?;
                plan(self, call, Input { frame: Some(frame), needed }).await
            }
            Planning::Source(plan) => plan(self, call, Input { frame, needed }).await,
        }
    }

    /// Runs a frame and gives its rows in order.
    pub async fn collect(&self, frame: Frame) -> Result<(SchemaRef, Vec<RecordBatch>), Diagnostic> {
        let plan = frame.finished()?;
        let schema: SchemaRef = Arc::new(plan.schema().as_arrow().clone());
        let data = self.session().execute_logical_plan(plan).await.map_err(engine_error)?;
        let batches = data.collect().await.map_err(engine_error)?;
        Ok((schema, batches))
    }

    /// Runs a frame and goes on from its rows: the end of a stage.
    pub async fn materialise(&self, frame: Frame) -> Result<Frame, Diagnostic> {
        let (schema, batches) = self.collect(frame).await?;
        self.from_batches(schema, batches)
    }

    /// A frame over rows; an ordinal is added when there is none.
    pub fn from_batches(&self, schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Frame, Diagnostic> {
        let (schema, batches) = with_fresh_ordinal(schema, batches)?;
        let table = MemTable::try_new(schema.clone(), vec![batches])
            .map_err(engine_error)?
            .with_sort_order(vec![vec![ordinal().sort(true, false)]]);
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let plan = LogicalPlanBuilder::scan("results", provider_as_source(Arc::new(table)), None)
            .and_then(|scan| scan.project(unqualified("results", &names)))
            .and_then(LogicalPlanBuilder::build)
            .map_err(engine_error)?;
        Ok(Frame::new(plan))
    }

    /// Plans a subsearch without running it.
    pub async fn subpipeline(&self, subsearch: &Subsearch, needed: Needed) -> Result<Frame, Diagnostic> {
        let inner = self.nested(subsearch.span)?;
        inner.pipeline(&subsearch.pipeline, needed).await
    }

    /// The planner of a search inside this one.
    pub fn nested(&self, span: Span) -> Result<Self, Diagnostic> {
        const DEEPEST: usize = 50;
        if self.depth >= DEEPEST {
            return Err(Diagnostic::error("plan/nesting", "subsearches are nested too deeply", span));
        }
        Ok(Self { depth: self.depth + 1, formats: Arc::default(), ..self.clone() })
    }

    /// Plans and runs a subsearch; at most `limit` rows, with a warning when it had more.
    pub async fn subsearch(&self, subsearch: &Subsearch, limit_name: &'static str, needed: Needed) -> Result<Frame, Diagnostic> {
        let inner = Self { depth: self.depth + 1, formats: Arc::default(), ..self.clone() };
        if inner.depth > 50 {
            return Err(Diagnostic::error("plan/nesting", "subsearches are nested too deeply", subsearch.span));
        }
        let limit = self.limits().get(limit_name);
        let frame = inner.pipeline(&subsearch.pipeline, needed).await?;
        self.limited(frame, limit_name, limit, subsearch.span).await
    }

    /// Runs a frame for at most `limit` rows (0 = all), with a warning when it had more.
    pub async fn limited(&self, frame: Frame, limit_name: &'static str, limit: u64, span: Span) -> Result<Frame, Diagnostic> {
        let frame = if limit > 0 {
            let probe = usize::try_from(limit).unwrap_or(usize::MAX - 1) + 1;
            frame.ordered()?.build(|plan| plan.limit(0, Some(probe)))?
        } else {
            frame
        };
        let (schema, mut batches) = self.collect(frame).await?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if limit > 0 && rows as u64 > limit {
            self.warn(
                Diagnostic::warning("limit/reached", format!("results were cut to {limit} rows"), Some(span))
                    .with_help(format!("the limit is `{limit_name}`")),
            );
            let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
            batches = batches
                .into_iter()
                .map(|batch| {
                    let kept = batch.slice(0, left.min(batch.num_rows()));
                    left -= kept.num_rows();
                    kept
                })
                .collect();
        }
        self.from_batches(schema, batches)
    }
}

/// Columns of a scan without the table's name.
pub fn unqualified(table: &str, names: &[String]) -> Vec<datafusion::logical_expr::Expr> {
    use datafusion::common::Column;
    use datafusion::logical_expr::Expr;
    names.iter().map(|name| Expr::Column(Column::new(Some(table), name)).alias(name)).collect()
}

fn first_position(call: &CommandCall) -> Diagnostic {
    Diagnostic::error("plan/no-input", format!("`{}` can't be the first command", call.name.value), call.name.span)
        .with_help("start with a search or a generating command such as `| makeresults`, `| inputlookup`, `| tstats`")
}

/// Rows with their ordinals anew.
pub fn with_fresh_ordinal(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<(SchemaRef, Vec<RecordBatch>), Diagnostic> {
    use arrow::array::{ArrayRef, Int64Array};
    use arrow::datatypes::{DataType, Field, Schema};
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().filter(|field| field.name() != ORDINAL).cloned().collect();
    fields.push(Arc::new(Field::new(ORDINAL, DataType::Int64, false)));
    let fresh = Arc::new(Schema::new(fields));
    let mut next = 0_i64;
    let mut numbered = Vec::with_capacity(batches.len());
    for batch in batches {
        let rows = batch.num_rows() as i64;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(fresh.fields().len());
        for field in fresh.fields().iter().filter(|field| field.name() != ORDINAL) {
            let place = batch.schema().index_of(field.name()).map_err(|error| engine_error(error.into()))?;
            columns.push(batch.column(place).clone());
        }
        columns.push(Arc::new(Int64Array::from_iter_values(next..next + rows)));
        next += rows;
        numbered.push(RecordBatch::try_new(fresh.clone(), columns).map_err(|error| engine_error(error.into()))?);
    }
    Ok((fresh, numbered))
}

/// The ordinal of appended results: behind everything before.
pub fn appended_ordinal(count: i64) -> datafusion::logical_expr::Expr {
    const RANGE: i64 = 1 << 48;
    column(ORDINAL) + datafusion::logical_expr::lit(count * RANGE)
}
