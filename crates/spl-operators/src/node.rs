//! SPL's own row operators as one DataFusion extension node: what needs the rows in order, one after the other.
//!
//! An [`Operator`] is named and described by its parameters; its state is made anew for each run. The node reads its
//! input in ordinal order on one partition when the operator asks for it.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{DFSchema, DFSchemaRef, DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::physical_plan::metrics::{BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder};
use serde::Serialize;
use serde_json::Value as Json;

/// A row operator: pure description, cheap to share.
pub trait Operator: fmt::Debug + Send + Sync + Any {
    /// The command's name.
    fn name(&self) -> &'static str;
    /// Everything that tells two uses of the operator apart, and from which the crate `spl-codec` makes the operator again.
    ///
    /// # Errors
    /// Values that JSON has no form for.
    fn parameters(&self) -> Result<Json>;
    /// Columns that come out, from the columns that go in; the same unless it says otherwise.
    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        Ok(input.clone())
    }
    /// Whether rows must come in order, one partition.
    fn ordered(&self) -> bool {
        true
    }
    /// A fresh state, for one run of one partition.
    fn start(&self, output: &SchemaRef, context: &OperatorContext) -> Box<dyn OperatorState>;
}

/// Parameters as a value.
///
/// # Errors
/// Values that JSON has no form for.
pub fn to_json(parameters: &impl Serialize) -> Result<Json> {
    serde_json::to_value(parameters).map_err(|error| DataFusionError::External(Box::new(error)))
}

/// What one run of an operator on one partition sees of the engine: the task with its settings and memory pool, and where
/// the run counts what it does.
#[derive(Clone, Debug)]
pub struct OperatorContext {
    task: Arc<TaskContext>,
    metrics: ExecutionPlanMetricsSet,
    partition: usize,
}

impl OperatorContext {
    /// The context of a partition's run.
    pub fn new(task: Arc<TaskContext>, metrics: ExecutionPlanMetricsSet, partition: usize) -> Self {
        Self { task, metrics, partition }
    }

    /// The task: memory pool, batch size, the session's settings.
    pub fn task(&self) -> &Arc<TaskContext> {
        &self.task
    }

    /// A new count of this run, shown with the plan under this name.
    pub fn counter(&self, name: &'static str) -> Count {
        MetricBuilder::new(&self.metrics).counter(name, self.partition)
    }

    /// The counts that every operator has: rows and batches that come out, time spent.
    pub fn baseline(&self) -> BaselineMetrics {
        BaselineMetrics::new(&self.metrics, self.partition)
    }

    /// An empty reservation of the memory pool for what the command of this name holds.
    pub fn reservation(&self, name: &str) -> MemoryReservation {
        MemoryConsumer::new(format!("{name}[{}]", self.partition)).register(self.task.memory_pool())
    }
}

/// The running state of an operator.
pub trait OperatorState: Send {
    /// Takes a batch, gives what can be given already.
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>>;
    /// Whether no more input is wanted.
    fn is_done(&self) -> bool {
        false
    }
    /// Bytes that the state holds between two batches: rows, groups, values seen. The run asks after each batch, so that the
    /// answer is kept up to date rather than counted anew. 0 for a state whose size does not depend on the rows.
    fn size(&self) -> usize {
        0
    }
    /// Gives memory back by writing to disk what can be read again; false when there is nothing to write. Asked for when
    /// the memory pool refuses what [`Self::size`] says.
    fn spill(&mut self) -> Result<bool> {
        Ok(false)
    }
    /// What is left of the batch that was taken last, when it comes out in pieces; none when all of it came out. Asked for before the
    /// next batch is taken.
    fn pending(&mut self) -> Result<Option<RecordBatch>> {
        Ok(None)
    }
    /// What is left at the end.
    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        Ok(None)
    }
    /// What is left behind that, until there is nothing.
    fn more(&mut self) -> Result<Option<RecordBatch>> {
        Ok(None)
    }
}

/// The logical node.
#[derive(Clone)]
pub struct OperatorNode {
    pub(crate) input: LogicalPlan,
    pub(crate) operator: Arc<dyn Operator>,
    /// The operator's parameters as text.
    parameters: Arc<str>,
    schema: DFSchemaRef,
}

impl OperatorNode {
    /// The node of an operator over a plan.
    ///
    /// # Errors
    /// Columns that the operator needs and the plan lacks.
    pub fn new(input: LogicalPlan, operator: Arc<dyn Operator>) -> Result<Self> {
        let parameters = Arc::from(operator.parameters()?.to_string());
        Self::over(input, operator, parameters)
    }

    fn over(input: LogicalPlan, operator: Arc<dyn Operator>, parameters: Arc<str>) -> Result<Self> {
        let arrow_schema: SchemaRef = Arc::new(input.schema().as_arrow().clone());
        let schema = Arc::new(DFSchema::try_from(operator.schema(&arrow_schema)?.as_ref().clone())?);
        Ok(Self { input, operator, parameters, schema })
    }

    /// The operator.
    pub fn operator(&self) -> &Arc<dyn Operator> {
        &self.operator
    }

    fn identity(&self) -> (&'static str, &str) {
        (self.operator.name(), &self.parameters)
    }
}

impl fmt::Debug for OperatorNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_for_explain(f)
    }
}

impl PartialEq for OperatorNode {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity() && self.input == other.input
    }
}

impl Eq for OperatorNode {}

impl PartialOrd for OperatorNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match self.identity().partial_cmp(&other.identity()) {
            Some(Ordering::Equal) => self.input.partial_cmp(&other.input),
            order => order,
        }
    }
}

impl Hash for OperatorNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
        self.input.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for OperatorNode {
    fn name(&self) -> &str {
        self.operator.name()
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spl: {} {}", self.operator.name(), self.parameters)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        match inputs.pop() {
            Some(input) => Self::over(input, self.operator.clone(), self.parameters.clone()),
            None => datafusion::common::plan_err!("{} needs an input", self.operator.name()),
        }
    }
}
