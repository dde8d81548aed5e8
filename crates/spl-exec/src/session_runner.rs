//! Runs the plans of one search on DataFusion, with the search's own now and time zone.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::execution::TaskContext;
use datafusion::execution::context::{SessionContext, SessionState};
use datafusion::execution::memory_pool::human_readable_size;
use datafusion::execution::spill_file::SpillFile;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use spl_functions::column::{MOST_COLUMN, MOST_TEXT};
use spl_functions::settings::{SplOptions, TooLarge};
use spl_operators::errors::engine_error;
use spl_operators::exec::OperatorExec;
use spl_operators::nodes::cut::{CUT_ROWS, Cut};
use spl_parser::Diagnostic;
use spl_plan::context::EngineContext;
use spl_plan::context::clock::SearchClock;
use spl_plan::context::limits::Limits;
use spl_plan::context::notes::SearchNotes;
use spl_plan::context::runner::{CollectedRows, Runner};

/// What plans go through before they are run: they come out as plans with the same rows.
pub trait Passage: Send + Sync {
    /// A logical plan, before it is optimised.
    ///
    /// # Errors
    /// A plan that can't go through.
    fn logical(&self, plan: LogicalPlan, context: &TaskContext) -> datafusion::common::Result<LogicalPlan>;

    /// A physical plan, as it would be run.
    ///
    /// # Errors
    /// A plan that can't go through.
    fn physical(&self, plan: Arc<dyn ExecutionPlan>, context: &TaskContext)
    -> datafusion::common::Result<Arc<dyn ExecutionPlan>>;
}

/// DataFusion's session for one search.
pub struct SessionRunner {
    passage: Option<Arc<dyn Passage>>,
    session: SessionContext,
    options: Arc<ConfigOptions>,
    threads: usize,
    runs: bool,
    too_large: TooLarge,
    engine: Arc<EngineContext>,
}

impl SessionRunner {
    /// A session over the state of an engine, by the clock of a search.
    pub fn new(
        engine: Arc<EngineContext>,
        state: &SessionState,
        clock: &SearchClock,
        runs: bool,
        passage: Option<Arc<dyn Passage>>,
    ) -> Self {
        let mut state = state.clone();
        let options = state.config_mut().options_mut();
        let mut spl = options.extensions.get::<SplOptions>().cloned().unwrap_or_default();
        spl.now = clock.now;
        spl.time_zone = clock.time_zone.name().to_owned();
        options.extensions.insert(spl);
        let too_large = TooLarge::default();
        options.extensions.insert(too_large.clone());
        let threads = state.config().target_partitions();
        let options = Arc::clone(state.config_options());
        Self { passage, session: SessionContext::new_with_state(state), options, threads, runs, too_large, engine }
    }
}

/// Values in a batch of rows. A batch of wide rows has fewer of them, as operators reserve room for whole batches.
const BATCH_VALUES: usize = 8 << 20;
/// Fewest rows of a batch.
const LEAST_BATCH: usize = 256;

impl SessionRunner {
    /// The session for a plan: with smaller batches where its rows are wide.
    fn session_for(&self, plan: &LogicalPlan) -> Result<SessionContext, Diagnostic> {
        let mut width = 0;
        plan.apply(|node| {
            width = width.max(node.schema().fields().len());
            Ok(TreeNodeRecursion::Continue)
        })
        .map_err(engine_error)?;
        let rows = (BATCH_VALUES / width.max(1)).max(LEAST_BATCH);
        let mut state = self.session.state();
        if state.config().batch_size() <= rows {
            return Ok(self.session.clone());
        }
        let config = state.config().clone().with_batch_size(rows);
        *state.config_mut() = config;
        Ok(SessionContext::new_with_state(state))
    }
}

/// Notes the limits that a run has reached, from what its operators counted.
fn note_limits(plan: &dyn ExecutionPlan, notes: &SearchNotes) {
    if let Some(node) = plan.downcast_ref::<OperatorExec>() {
        let operator: &dyn Any = node.operator().as_ref();
        let cut_rows = || node.metrics()?.sum_by_name(CUT_ROWS);
        if let Some(cut) = operator.downcast_ref::<Cut>()
            && cut_rows().is_some_and(|rows| rows.as_usize() > 0)
        {
            notes.limit_reached(cut.warning);
        }
    }
    plan.children().into_iter().for_each(|child| note_limits(child.as_ref(), notes));
}

/// Notes how many values functions left out because they are too large.
fn note_too_large(too_large: &TooLarge, notes: &SearchNotes) {
    let count = too_large.0.swap(0, Ordering::Relaxed);
    if count > 0 {
        let values = if count == 1 { "value that a function made is" } else { "values that functions made are" };
        let message = format!("{count} {values} too large: a text is left out, a list is cut");
        let help = format!(
            "a text or a list has at most {} MiB, a column {} MiB for a batch of rows",
            MOST_TEXT >> 20,
            MOST_COLUMN >> 20
        );
        notes.warn(Diagnostic::warning("limit/too-large", message, None).with_help(help));
    }
}

/// The rows of a stage, which the search goes on from. They are held in memory, and there may not be more of them than the limits
/// say.
struct Gathered<'a> {
    engine: &'a EngineContext,
    batches: Vec<RecordBatch>,
    counter: RecordBatchMemoryCounter,
    rows: u64,
    most_rows: u64,
    most_bytes: u64,
}

impl<'a> Gathered<'a> {
    fn new(engine: &'a EngineContext) -> Self {
        let limits = Limits::new(&engine.limits);
        Self {
            engine,
            batches: Vec::new(),
            counter: RecordBatchMemoryCounter::default(),
            rows: 0,
            most_rows: limits.get("search_maxrows"),
            most_bytes: limits.get("search_maxbytes"),
        }
    }

    fn push(&mut self, batch: RecordBatch) -> Result<(), Diagnostic> {
        self.rows += batch.num_rows() as u64;
        self.counter.count_batch(&batch);
        self.batches.push(batch);
        let over = |code: &'static str, limit: &str, what: String| {
            Err(Diagnostic::general(code, format!("the rows that the search goes on from are {what}"))
                .with_help(format!("keep fewer rows or fields; the limit is `{limit}`, --limit {limit}=0 takes it away")))
        };
        if self.most_rows > 0 && self.rows > self.most_rows {
            return over("run/too-many-rows", "search_maxrows", format!("more than {}", self.most_rows));
        }
        let bytes = self.counter.memory_usage();
        // Texts of the loaded events are counted with what shares them.
        if self.most_bytes > 0 && bytes as u64 > self.most_bytes && bytes > self.most_held() {
            return over("run/memory", "search_maxbytes", format!("more than {}", human_readable_size(self.most_held())));
        }
        Ok(())
    }

    fn most_held(&self) -> usize {
        let limit = usize::try_from(self.most_bytes).unwrap_or(usize::MAX).max(self.engine.memory_limit.unwrap_or(0));
        limit.saturating_add(self.engine.events.size())
    }
}

#[async_trait]
impl Runner for SessionRunner {
    async fn collect(&self, plan: LogicalPlan, notes: &SearchNotes) -> Result<CollectedRows, Diagnostic> {
        let schema: SchemaRef = Arc::new(plan.schema().as_arrow().clone());
        let plan = match &self.passage {
            Some(passage) => passage.logical(plan, &self.session.task_ctx()).map_err(engine_error)?,
            None => plan,
        };
        let data = self.session_for(&plan)?.execute_logical_plan(plan).await.map_err(engine_error)?;
        let task = Arc::new(data.task_ctx());
        let mut plan = data.create_physical_plan().await.map_err(engine_error)?;
        if let Some(passage) = &self.passage {
            plan = passage.physical(plan, &task).map_err(engine_error)?;
        }
        let mut rows = execute_stream(plan.clone(), task).map_err(engine_error)?;
        let mut gathered = Gathered::new(&self.engine);
        while let Some(batch) = rows.next().await.transpose().map_err(engine_error)? {
            gathered.push(batch)?;
        }
        let batches = gathered.batches;
        note_limits(plan.as_ref(), notes);
        note_too_large(&self.too_large, notes);
        Ok((schema, batches))
    }

    fn is_running(&self) -> bool {
        self.runs
    }

    fn threads(&self) -> usize {
        self.threads
    }

    fn options(&self) -> &Arc<ConfigOptions> {
        &self.options
    }

    fn spill_file(&self, what: &str) -> Result<Arc<dyn SpillFile>, Diagnostic> {
        self.session.runtime_env().disk_manager.create_tmp_file(what).map_err(engine_error)
    }
}
