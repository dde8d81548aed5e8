//! Runs row operators: the physical node and the planner that makes it.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::SortOptions;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::memory_pool::{MemoryReservation, human_readable_size};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;

use crate::node::{Operator, OperatorContext, OperatorNode, OperatorState};
use crate::ordinal::ORDINAL;

/// A row operator over an input.
#[derive(Debug)]
pub struct OperatorExec {
    input: Arc<dyn ExecutionPlan>,
    operator: Arc<dyn Operator>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl OperatorExec {
    /// The operator over an input.
    ///
    /// # Errors
    /// Columns that the operator needs and the input lacks.
    pub fn try_new(input: Arc<dyn ExecutionPlan>, operator: Arc<dyn Operator>) -> Result<Self> {
        let schema = operator.schema(&input.schema())?;
        let mut equivalence = EquivalenceProperties::new(schema.clone());
        // An operator that takes rows in any order keeps the order that they come in.
        let in_order = operator.ordered()
            || match input.schema().index_of(ORDINAL) {
                Ok(place) => input.equivalence_properties().ordering_satisfy([ascending(place)])?,
                Err(_) => false,
            };
        if in_order && let Ok(place) = schema.index_of(ORDINAL) {
            equivalence.add_ordering([ascending(place)]);
        }
        let partitioning = if operator.ordered() {
            Partitioning::UnknownPartitioning(1)
        } else {
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count())
        };
        let properties =
            Arc::new(PlanProperties::new(equivalence, partitioning, EmissionType::Incremental, Boundedness::Bounded));
        Ok(Self { input, operator, schema, properties, metrics: ExecutionPlanMetricsSet::new() })
    }
}

impl OperatorExec {
    /// The operator.
    pub fn operator(&self) -> &Arc<dyn Operator> {
        &self.operator
    }
}

fn ascending(place: usize) -> PhysicalSortExpr {
    PhysicalSortExpr {
        expr: Arc::new(Column::new(ORDINAL, place)),
        options: SortOptions { descending: false, nulls_first: false },
    }
}

impl DisplayAs for OperatorExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operator.parameters() {
            Ok(parameters) => write!(f, "OperatorExec: {} {parameters}", self.operator.name()),
            Err(_) => write!(f, "OperatorExec: {}", self.operator.name()),
        }
    }
}

impl ExecutionPlan for OperatorExec {
    fn name(&self) -> &str {
        "OperatorExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) => Ok(Arc::new(Self::try_new(input, self.operator.clone())?)),
            None => internal_err!("a row operator needs an input"),
        }
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![if self.operator.ordered() { Distribution::SinglePartition } else { Distribution::UnspecifiedDistribution }]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        if !self.operator.ordered() {
            return vec![None];
        }
        let ordering = self.input.schema().index_of(ORDINAL).ok().and_then(|place| LexOrdering::new([ascending(place)]));
        vec![ordering.map(OrderingRequirements::from)]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        // The node states its order itself (see `try_new`), and no more: a sort by other columns stays above it.
        vec![false]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context.clone())?;
        let context = OperatorContext::new(context, self.metrics.clone(), partition);
        let run = Run {
            name: self.operator.name(),
            input,
            state: Some(self.operator.start(&self.schema, &context)),
            finished: false,
            held: context.reservation(self.operator.name()),
            metrics: context.baseline(),
        };
        let stream = futures::stream::unfold(run, |mut run| async move { run.next().await.map(|batch| (batch, run)) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream)))
    }
}

/// One run of an operator on one partition.
struct Run {
    name: &'static str,
    input: SendableRecordBatchStream,
    /// None once the run has ended.
    state: Option<Box<dyn OperatorState>>,
    /// The input has ended.
    finished: bool,
    held: MemoryReservation,
    metrics: BaselineMetrics,
}

impl Run {
    /// The next rows that come out; nothing follows an error.
    async fn next(&mut self) -> Option<Result<RecordBatch>> {
        let next = self.advance().await.transpose();
        match &next {
            Some(Ok(batch)) => self.metrics.record_output(batch.num_rows()),
            Some(Err(_)) => self.end(),
            None => {}
        }
        next
    }

    async fn advance(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let Some(state) = &mut self.state else { return Ok(None) };
            let timer = self.metrics.elapsed_compute().timer();
            let pending = state.pending()?;
            timer.done();
            if pending.is_some() {
                return Ok(pending);
            }
            let over = self.finished || state.is_done();
            let input = if over { None } else { self.input.next().await.transpose()? };
            let timer = self.metrics.elapsed_compute().timer();
            let Some(batch) = input else {
                let last = if std::mem::replace(&mut self.finished, true) { state.more() } else { state.finish() };
                timer.done();
                if !matches!(last, Ok(Some(_))) {
                    self.end();
                }
                return last;
            };
            let given = state.push(batch)?;
            let mut size = state.size();
            let mut reserved = self.held.try_resize(size);
            if reserved.is_err() && state.spill()? {
                size = state.size();
                reserved = self.held.try_resize(size);
            }
            timer.done();
            reserved.map_err(|error| self.exhausted(size, error))?;
            if given.is_some() {
                return Ok(given);
            }
        }
    }

    fn end(&mut self) {
        self.state = None;
        self.held.free();
        self.metrics.done();
    }

    /// The pool's refusal, with the command that asked.
    fn exhausted(&self, size: usize, error: DataFusionError) -> DataFusionError {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(message) => {
                DataFusionError::ResourcesExhausted(format!("`{}` holds {}: {message}", self.name, human_readable_size(size)))
            }
            _ => error,
        }
    }
}

/// Makes physical row operators out of logical ones.
#[derive(Debug)]
pub struct OperatorPlanner;

#[async_trait]
impl ExtensionPlanner for OperatorPlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<OperatorNode>() else {
            return Ok(None);
        };
        match physical_inputs.first() {
            Some(input) => Ok(Some(Arc::new(OperatorExec::try_new(input.clone(), node.operator.clone())?))),
            None => internal_err!("a row operator needs an input"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringViewArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::datasource::memory::MemorySourceConfig;
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::physical_plan::collect;
    use spl_functions::aggregate::ValueLimit;

    use super::*;
    use crate::nodes::streamstats::{Statistic, StreamStatistics};
    use crate::nodes::transaction::{Listed, Transactions};
    use crate::nodes::uniq::Uniq;

    const ROWS: usize = 2_000;

    /// Rows of several batches, each with a user of its own.
    fn input() -> Arc<dyn ExecutionPlan> {
        let schema = Arc::new(Schema::new(vec![
            Field::new(ORDINAL, DataType::Int64, false),
            Field::new("_time", DataType::Float64, true),
            Field::new("user", DataType::Utf8View, true),
        ]));
        let batches: Vec<RecordBatch> = (0..ROWS)
            .collect::<Vec<_>>()
            .chunks(100)
            .map(|rows| {
                let columns: Vec<ArrayRef> = vec![
                    Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| *row as i64))),
                    Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| (ROWS - row) as f64))),
                    Arc::new(StringViewArray::from_iter_values(rows.iter().map(|row| format!("a user of number {row}")))),
                ];
                RecordBatch::try_new(schema.clone(), columns).unwrap()
            })
            .collect();
        MemorySourceConfig::try_new_exec(&[batches], schema, None).unwrap()
    }

    fn transactions() -> Transactions {
        Transactions {
            fields: vec!["user".to_owned()],
            max_span: None,
            max_pause: None,
            max_events: None,
            starts: None,
            ends: None,
            connected: true,
            unify_ends: false,
            keep_orphans: false,
            keep_evicted: true,
            max_open: None,
            max_open_events: None,
            listed: Listed::Nothing,
            delimiter: " ".to_owned(),
            null_text: "NULL".to_owned(),
            raw_list: false,
        }
    }

    fn streamstats(function: &str, window: usize, by: &[&str]) -> StreamStatistics {
        let (spec, parameter) = spl_functions::aggregate::lookup(function).unwrap();
        let statistic = Statistic {
            name: "result".to_owned(),
            spec,
            parameter,
            arguments: vec!["user".to_owned()],
            limit: ValueLimit { most: usize::MAX, ..ValueLimit::default() },
        };
        StreamStatistics {
            statistics: vec![statistic],
            by: by.iter().map(|name| (*name).to_owned()).collect(),
            current: true,
            window,
            time_window: None,
            global: false,
            reset_on_change: false,
            reset_before: None,
            reset_after: None,
            reset_after_result: None,
            most_listed: 0,
        }
    }

    /// Runs an operator with a memory pool of so many bytes.
    fn run(operator: impl Operator, pool: usize) -> Result<(usize, MetricsSet)> {
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(GreedyMemoryPool::new(pool))).build_arc()?;
        let task = Arc::new(TaskContext::default().with_runtime(runtime.clone()));
        let plan: Arc<dyn ExecutionPlan> = Arc::new(OperatorExec::try_new(input(), Arc::new(operator))?);
        let rows = futures::executor::block_on(collect(plan.clone(), task));
        assert_eq!(runtime.memory_pool.reserved(), 0, "a run that has ended holds nothing");
        Ok((rows?.iter().map(RecordBatch::num_rows).sum(), plan.metrics().expect("metrics")))
    }

    fn refusal(operator: impl Operator, pool: usize) -> String {
        match run(operator, pool).expect_err("more than the pool has") {
            DataFusionError::ResourcesExhausted(message) => message,
            other => panic!("another error: {other}"),
        }
    }

    #[test]
    fn transaction_is_bound_by_the_memory_pool() {
        assert_eq!(run(transactions(), 64 << 20).unwrap().0, ROWS);
        let message = refusal(transactions(), 200_000);
        assert!(message.starts_with("`transaction` holds "), "{message}");
    }

    #[test]
    fn streamstats_is_bound_by_the_memory_pool() {
        for (function, window, by) in [("values", 0, &[][..]), ("count", 0, &["user"]), ("dc", 1_000, &[]), ("last", 1_000, &[])]
        {
            assert_eq!(run(streamstats(function, window, by), 64 << 20).unwrap().0, ROWS, "{function}");
            let message = refusal(streamstats(function, window, by), 50_000);
            assert!(message.starts_with("`streamstats` holds "), "{function}: {message}");
        }
    }

    #[test]
    fn what_a_window_holds_does_not_grow_with_the_rows() {
        for function in ["count", "dc", "last", "values"] {
            // A summary of a text takes a block of the array's builder, 8 KiB.
            assert_eq!(run(streamstats(function, 10, &[]), 400_000).unwrap().0, ROWS, "{function}");
        }
    }

    #[test]
    fn a_run_counts_the_rows_that_come_out() {
        let (rows, metrics) = run(Uniq, 50_000).unwrap();
        assert_eq!((rows, metrics.output_rows()), (ROWS, Some(ROWS)));
        assert!(metrics.elapsed_compute().is_some_and(|time| time > 0));
    }
}
